"""The commands ``onrecord eval``: streams, exit codes, and that nothing in a question commands the terminal."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import command_line, many, write_rows
from langchain_core.messages import BaseMessage

from rag import Archive
from rag.answer import reader
from rag.evaluation import report as reports
from rag.evaluation.rows import read_rows
from rag.testing import FakeChat, FakeEmbeddings

pytestmark = pytest.mark.usefixtures("no_charts")


def says(messages: list[BaseMessage]) -> str:
    """The sentence asked for; asked again, the number alone."""
    asked = str(messages[-1].text).rpartition("Question:")
    if not asked[1]:
        return str(re.search(r"\d+ boats", str(messages[-2].text))[0])  # type: ignore[index]
    found = re.search(r"storm(\d{4})", asked[2])
    return f"A storm named {found[0]} had damaged {int(found[1]) + 10} boats. [1]" if found else "NOT FOUND"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of six storms, to be copied."""
    folder = tmp_path_factory.mktemp("built")
    with Archive.open(folder / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(folder / "a.jsonl", *many(6)))
    return folder / "x"


@pytest.fixture
def cli(
    built: Path, chat: FakeChat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """The command line within this process, in an empty folder, with fakes for the models and an archive to ask."""
    chat.replies, chat.model_name = says, "local"  # it takes the local model's place
    shutil.copytree(built, tmp_path / "ports")
    monkeypatch.setenv("ONRECORD_ARCHIVE", str(tmp_path / "ports"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return command_line(monkeypatch, capsys, chat)


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    return path


def asking(*numbers: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": f"s{n}",
            "question": f"How many boats did storm{n:04} damage?",
            "answers": [f"{n + 10} boats"],
            "relevant": [f"story-{n}"],
            **more,
        }
        for n in numbers
    ]


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    return written(tmp_path / "storms.v1.jsonl", *asking(0, 1, 2, 3))


# -- help ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "example"),
    [
        (["eval"], r"onrecord eval questions\.jsonl"),
        (["eval", "run"], r"onrecord eval questions\.jsonl"),
        (["eval", "compare"], r"onrecord eval compare \S+ \S+"),
    ],
)
def test_help_has_an_example(cli: Any, args: list[str], example: str) -> None:
    done = cli(*args, "--help")
    assert (done.code, done.err) == (0, "")
    assert re.search(f"Example: {example}", done.out)
    assert cli(*args, "-h").out == done.out


def test_every_option_says_what_it_does() -> None:
    from typer.main import get_command

    from rag.cli.evaluation import group

    found = get_command(group)
    assert sorted(found.commands) == ["compare", "run"]  # type: ignore[attr-defined]
    for command in found.commands.values():  # type: ignore[attr-defined]
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{command.name} {parameter.name}"


def test_without_anything_there_is_help(cli: Any) -> None:
    done = cli("eval")
    assert done.code in (0, 2)
    assert "compare" in done.out + done.err
    assert cli("eval", "compare").code == 2
    assert cli("eval", "compare", "x").code == 2
    assert cli("eval", "x.jsonl", "--nonsense").code == 2


# -- running ---------------------------------------------------------------------------


def test_cases_are_asked_and_the_figures_printed(cli: Any, cases: Path, chat: FakeChat) -> None:
    done = cli("eval", cases)
    assert done.code == 0, done.err
    first, *rest = done.out.splitlines()
    assert first == f"4 of 4 cases of {cases}, local"
    assert re.search(r"^recall@5\b.*\b1\.000\b.*\b4$", done.out, re.MULTILINE)
    assert re.search(r"^exact_match\b.*\b1\.000\b", done.out, re.MULTILINE)
    assert re.search(r"^total p50 [\d.]+ s, p95 [\d.]+ s$", done.out, re.MULTILINE)
    assert "refusal_precision" not in done.out, "what has no value is not shown"
    assert rest
    (folder,) = Path("evaluations").iterdir()
    report = reports.read(folder)
    assert folder.name == f"storms-local-{report.run.id}"
    assert done.err.splitlines()[-1] == str(folder / "report.html")
    assert (folder / "report.html").exists()
    assert len(read_rows(folder)) == 4
    assert "\x1b" not in done.out + done.err


def test_the_word_run_may_be_said(cli: Any, cases: Path, chat: FakeChat) -> None:
    one = cli("eval", cases, "--json")
    calls = len(chat.seen)
    assert calls
    assert cli("eval", "run", cases, "--json").out == one.out
    assert cli("eval", "--json", cases).out == one.out
    assert len(chat.seen) == calls, "it is the same run, and its rows are there"


def test_json_is_all_there_is_on_stdout(cli: Any, cases: Path, tmp_path: Path) -> None:
    done = cli("eval", cases, "--out", tmp_path / "run", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert told == json.loads((tmp_path / "run" / "report.json").read_text("utf-8"))
    assert told["cases"] == 4
    assert [r["id"] for r in told["results"]] == ["s0", "s1", "s2", "s3"]
    short = cli("eval", cases, "--out", tmp_path / "run", "--json", "--fail-under", "refusal_recall=0.5")
    assert short.code == 4
    assert json.loads(short.out) == told
    both = cli("eval", "compare", tmp_path / "run", tmp_path / "run" / "report.json", "--json")
    assert both.code == 0
    assert json.loads(both.out)["a"]["id"] == told["run"]["id"]
    assert both.err == ""


def test_signs_of_life_where_there_is_no_terminal(cli: Any, tmp_path: Path, chat: FakeChat) -> None:
    file = written(tmp_path / "many.jsonl", *(asking(n % 6, id=f"q{n}")[0] for n in range(25)))
    done = cli("eval", file, "--retrieval", "--out", tmp_path / "run")
    lines = [line for line in done.err.splitlines() if line.endswith("cases")]
    assert lines == [f"{n} of 25 cases" for n in (3, 5, 8, 10, 13, 15, 18, 20, 23, 25)]
    again = cli("eval", file, "--retrieval", "--out", tmp_path / "run")
    assert again.err.splitlines() == ["25 of 25 cases", str(tmp_path / "run" / "report.html")]
    assert again.out == done.out
    assert chat.seen == []
    assert "retrieval only" in done.out


def test_options_reach_the_run(cli: Any, cases: Path, tmp_path: Path, chat: FakeChat) -> None:
    def run_of(*args: str) -> dict[str, Any]:
        done = cli("eval", cases, "--json", *args)
        assert done.code == 0, done.err
        told = json.loads(done.out)
        return {**told["run"], "ids": [r["id"] for r in told["results"]], "scores": [s["name"] for s in told["scores"]]}

    assert run_of("--limit", "2")["ids"] == ["s0", "s1"]
    drawn = run_of("--sample", "2", "--seed", "5", "--retrieval")
    assert (drawn["seed"], drawn["chosen"], drawn["of"]) == (5, 2, 4)
    assert run_of("--retriever", "lexical", "--retrieval")["settings"]["retriever"] == "lexical"
    assert run_of("--depth", "7", "--retrieval")["settings"]["depth"] == 7
    assert run_of("--measure", "f1", "--measure", "recall@3")["scores"] == ["f1", "recall@3"]
    assert run_of("--no-brief")["settings"]["brief"] is False
    calls = len(chat.seen)
    extractive = run_of("--model", "extractive")
    assert (extractive["model"], extractive["prompts"]) == ("extractive", [])
    assert len(chat.seen) == calls
    assert any(f.name.startswith("storms-extractive-") for f in Path("evaluations").iterdir())
    assert any(f.name.startswith("storms-retrieval-") for f in Path("evaluations").iterdir())


def test_fields_of_other_names(cli: Any, tmp_path: Path) -> None:
    file = written(tmp_path / "own.jsonl", {"wording": "How many boats had storm0001 damaged?", "truth": "11 boats"})
    args = ["eval", file, "--field", "question=wording", "--field", "answers=truth", "--json"]
    done = cli(*args)
    assert done.code == 0, done.err
    assert json.loads(done.out)["results"][0]["right"] is True
    assert cli("eval", file).code == 1
    assert cli("eval", file, "--field", "question").code == 2
    assert cli("eval", file, "--field", "question=nothing").code == 2


def test_rows_that_are_no_cases_are_told_by_line(cli: Any, tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    good = [json.dumps(r) for r in asking(0, 1)]
    file.write_text("\n".join([good[0], '{"id": "x"}', "not json", good[1], good[1], '{"question": " "}']) + "\n")
    done = cli("eval", file, "--retrieval", "--json")
    assert done.code == 0
    assert json.loads(done.out)["cases"] == 2
    told = [line for line in done.err.splitlines() if line.startswith("left out")]
    assert [re.match(r"left out some\.jsonl:(\d+): .", line)[1] for line in told] == ["2", "3", "5", "6"]  # type: ignore[index]
    file.write_text("\n".join([good[0], *['{"id": "x"}'] * 25]) + "\n")
    done = cli("eval", file, "--retrieval")
    assert done.err.count("left out") == 20
    assert "… and 5 more" in done.err


def test_text_that_leaves_the_machine_is_announced(
    cli: Any, cases: Path, chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.answer import answerer

    monkeypatch.setattr(answerer.chat, "chat_model", lambda name, settings: chat)
    done = cli("eval", cases, "--model", "openai:gpt-5")
    assert done.code == 0
    assert "Passages of the archive are sent to openai:gpt-5." in done.err
    assert any(f.name.startswith("storms-openai-gpt-5-") for f in Path("evaluations").iterdir())
    assert "sent to" not in cli("eval", cases, "--model", "openai:gpt-5", "--retrieval").err
    assert "sent to" not in cli("eval", cases, "--model", "extractive").err


@pytest.mark.parametrize("module", ["ir_measures", "scipy", "rapidfuzz", "matplotlib", "jinja2"])
def test_a_library_that_is_not_installed_is_told_before_anything_is_asked(
    cli: Any, cases: Path, chat: FakeChat, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    for args in (["eval", cases], ["eval", "compare", cases, cases]):
        done = cli(*args)
        assert (done.code, done.out) == (1, "")
        (line,) = done.err.splitlines()
        assert line.startswith("onrecord: An evaluation needs ")
        assert line.endswith('which is not installed. Run: pip install "onrecord[eval]"')
    assert chat.seen == []


# -- figures that fall short -----------------------------------------------------------


def test_figures_that_fall_short_are_4(cli: Any, cases: Path, tmp_path: Path) -> None:
    args = ["eval", cases, "--out", tmp_path / "run"]
    assert cli(*args, "--fail-under", "f1=1", "--fail-under", "recall@5=0.9").code == 0
    refuses = written(tmp_path / "none.jsonl", *asking(1), {"id": "n", "question": "Who won?", "answers": ["Nobody"]})
    done = cli("eval", refuses, "--fail-under", "f1=0.6", "--fail-under", "answered=0.5", "--fail-under", "hit@1=1")
    assert done.code == 4
    assert [line for line in done.err.splitlines() if "below" in line] == ["f1 is 0.50, below 0.60"]
    assert "answered" in done.out, "the figures are printed all the same"
    done = cli("eval", cases, "--retrieval", "--fail-under", "f1=0.1")
    assert done.code == 4
    assert "f1 was not measured" in done.err


@pytest.mark.parametrize("text", ["f1", "f1=", "f1=high", "f1=nan", "f1=1.5", "f1=-0.1", "f1=inf", "speed=0.5", "=0.5"])
def test_a_limit_that_makes_no_sense_is_told_before_anything_is_asked(
    cli: Any, cases: Path, chat: FakeChat, tmp_path: Path, text: str
) -> None:
    for args in (["eval", cases], ["eval", "compare", tmp_path, tmp_path]):
        done = cli(*args, "--fail-under", text)
        assert done.code == 2, done.err
        assert done.out == ""
    assert chat.seen == []
    assert not Path("evaluations").exists()


def test_a_baseline_is_written_and_the_same_answers_pass(cli: Any, cases: Path, chat: FakeChat, tmp_path: Path) -> None:
    base = tmp_path / "base.jsonl"
    done = cli("eval", cases, "--write-baseline", base)
    assert done.code == 0, done.err
    first, *rest = [json.loads(line) for line in base.read_text("utf-8").splitlines()]
    assert first == {
        "id": "s0", "right": True, "cause": None, "reason": None,
        "quotes": ["A storm named storm0000 had damaged 10 boats."],
        "measures": {"answered": 1.0, "contains": 1.0, "f1": 1.0, "recall@10": 1.0},
    }  # fmt: skip
    assert len(rest) == 3
    assert cli("eval", cases, "--same-as", base, "--no-worse-than", base).code == 0
    again = tmp_path / "again.jsonl"
    assert cli("eval", cases, "--write-baseline", again).code == 0
    assert again.read_bytes() == base.read_bytes()


def reads_nothing(monkeypatch: pytest.MonkeyPatch, of: str = "") -> None:
    """From now on no passage answers a question that has these words."""
    true_read = reader.read
    monkeypatch.setattr(reader, "read", lambda asked, *rest: [] if of in asked else true_read(asked, *rest))


def test_answers_unlike_the_baseline_are_4_and_told_by_case(
    cli: Any, cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "base.jsonl"
    cli("eval", cases, "--write-baseline", base)
    reads_nothing(monkeypatch, of="storm0002")
    done = cli("eval", cases, "--no-brief", "--same-as", base)
    assert done.code == 4
    told = done.err.splitlines()
    assert told[told.index("this run differs from the baseline in 1 of 4 cases") :] == [
        "this run differs from the baseline in 1 of 4 cases",
        "s2:",
        "  right: yes, now no",
        "  cause: none, now refused wrongly",
        "  reason: none, now not_in_archive",
        "  - “A storm named storm0002 had damaged 12 boats.”",
    ]
    assert "answered" in done.out, "the figures are printed all the same"


def test_no_worse_than_a_baseline(cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases, base = written(tmp_path / "storms.jsonl", *asking(*range(6))), tmp_path / "base.jsonl"
    assert cli("eval", cases, "--write-baseline", base).code == 0
    reads_nothing(monkeypatch)
    done = cli("eval", cases, "--no-brief", "--no-worse-than", base)
    assert done.code == 4, done.out
    assert re.search(r"^right is worse than the base: 0\.00 against 1\.00", done.err, re.MULTILINE)
    assert re.search(r"^answered is worse than the base: 0\.00 against 1\.00", done.err, re.MULTILINE)


@pytest.mark.parametrize("option", ["--same-as", "--no-worse-than"])
def test_what_is_no_baseline_is_told_before_anything_is_asked(
    cli: Any, cases: Path, chat: FakeChat, tmp_path: Path, option: str
) -> None:
    assert "--write-baseline" in cli("eval", cases, option, tmp_path / "none.jsonl").err
    done = cli("eval", cases, option, cases)
    assert (done.code, done.out) == (1, "")
    assert "storms.v1.jsonl:1 is not a case of a baseline" in done.err
    assert chat.seen == []


def test_no_worse_than_an_earlier_report(cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = written(tmp_path / "storms.jsonl", *asking(*range(6)))  # with fewer, chance may explain all
    good, bad = tmp_path / "good", tmp_path / "bad"
    assert cli("eval", cases, "--out", good).code == 0
    assert cli("eval", cases, "--out", good, "--no-worse-than", good).code == 0
    reads_nothing(monkeypatch)
    done = cli("eval", cases, "--out", bad, "--no-brief", "--no-worse-than", good / "report.json")
    assert done.code == 4, done.out
    assert re.search(r"^answered is worse than the base: 0\.00 against 1\.00", done.err, re.MULTILINE)
    assert cli("eval", cases, "--out", good, "--no-worse-than", bad).code == 0, "better is not worse"

    done = cli("eval", "compare", good, bad)
    assert done.code == 0, "without a demand it only tells"
    assert re.search(r"^answered +1\.000 +0\.000 +-1\.000 .* worse$", done.out, re.MULTILINE)
    assert "right in A only: 6" in done.out
    assert "s2: How many boats did storm0002 damage? (refused wrongly)" in done.out
    assert cli("eval", "compare", good, bad, "--fail-if-worse").code == 4
    assert cli("eval", "compare", bad, good, "--fail-if-worse").code == 0
    assert cli("eval", "compare", good, bad, "--fail-under", "answered=0.5").code == 4
    assert cli("eval", "compare", bad, good, "--fail-under", "answered=0.5").code == 0
    few = written(tmp_path / "few.jsonl", *asking(0, 1))
    assert cli("eval", few, "--no-brief", "--no-worse-than", good).code == 0, "two cases prove nothing"
    page = tmp_path / "page.html"
    assert cli("eval", "compare", good, bad, "--html", page).code == 0
    assert "</html>" in page.read_text("utf-8")
    assert cli("eval", "compare", good, bad, "--html", tmp_path / "no" / "page.html").code == 2


# -- errors ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "code", "says_so"),
    [
        (["{cases}", "--measure", "speed"], 2, "recall@k"),
        (["{cases}", "--format", "yaml"], 2, "jsonl"),
        (["{cases}", "--retriever", "psychic"], 2, "--retriever 'psychic': choose one of hybrid"),
        (["{cases}", "--model", "nonsense"], 2, "none, or"),
        (["{cases}", "--limit", "0"], 2, "--limit is 0"),
        (["{cases}", "--sample", "-1"], 2, "sample is -1"),
        (["{cases}", "--workers", "0"], 2, "--workers is 0"),
        (["{cases}", "--depth", "0"], 2, "--depth is 0"),
        (["{cases}", "--depth", "1001"], 2, "--depth is 1001; it goes from 1 to 1000"),
        (["{cases}", "--out", "{cases}"], 2, "--out DIR"),
        (["{cases}", "--model", "local:/nowhere.gguf"], 1, "/nowhere.gguf"),
        (["{cases}", "--archive", "{none}"], 1, "onrecord ingest"),
        (["{cases}", "--no-worse-than", "{none}"], 1, "There is no report"),
        (["{cases}", "--no-worse-than", "{cases}"], 1, "is not"),
        (["{none}"], 1, "There is no file"),
        (["run", "{none}"], 1, "There is no file"),
        (["{empty}"], 1, "holds no question: it is empty"),
        (["{strange}"], 1, "as in --field question=prompt"),
        (["compare", "{none}", "{none}"], 1, "There is no report"),
    ],
)
def test_errors_are_one_line_and_say_what_to_do(
    cli: Any, cases: Path, tmp_path: Path, chat: FakeChat, args: list[str], code: int, says_so: str
) -> None:
    for name, text in (("empty", ""), ("strange.jsonl", '{"topic": "rain"}\n')):
        (tmp_path / name).write_text(text)
    places = {f"{{{name.partition('.')[0]}}}": tmp_path / name for name in ("none", "empty", "strange.jsonl")}
    places["{cases}"] = cases
    done = cli("eval", *(places.get(a, a) for a in args))
    assert done.code == code, done.err
    assert done.out == ""
    *before, line = done.err.splitlines()
    assert before == ([] if "nonsense" not in args else ["Passages of the archive are sent to nonsense."])
    assert line.startswith("onrecord: ")
    assert says_so in line
    assert chat.seen == []


def test_a_folder_of_another_run_is_2(cli: Any, cases: Path, tmp_path: Path) -> None:
    assert cli("eval", cases, "--out", tmp_path / "run").code == 0
    done = cli("eval", cases, "--out", tmp_path / "run", "--limit", "2")
    assert done.code == 2
    assert "holds another run" in done.err
    assert cli("eval", cases, "--out", tmp_path / "run").code == 0


def test_a_model_that_fails_is_rows_and_a_note(cli: Any, cases: Path, chat: FakeChat) -> None:
    chat.replies = [RuntimeError("no such luck")]
    done = cli("eval", cases)
    assert done.code == 0
    assert "failed: 4 error" in done.out
    assert "4 cases ended in an error and count as 0." in done.out


# -- stopping --------------------------------------------------------------------------


def test_ctrl_c_loses_nothing_and_says_so(
    cli: Any, cases: Path, tmp_path: Path, chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr("rag.cli._leave", left.append)
    true_search = Archive.search
    asked: list[str] = []

    def search(self: Archive, question: str, **options: Any) -> Any:
        asked.append(question)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return true_search(self, question, **options)

    monkeypatch.setattr(Archive, "search", search)
    done = cli("eval", cases, "--out", tmp_path / "run", "--workers", "1")
    assert done.code == 130
    assert left == [130]
    assert done.out == ""
    assert done.err.splitlines()[-2:] == ["Cases that are kept: 2 of 4. The same command goes on.", "stopped"]
    assert "Traceback" not in done.err
    assert [r.case.id for r in read_rows(tmp_path / "run")] == ["s0", "s1"]
    done = cli("eval", cases, "--out", tmp_path / "run", "--workers", "1")
    assert done.code == 0
    assert done.err.splitlines()[0] == "2 of 4 cases"
    assert len(asked) == 5


# -- the terminal ----------------------------------------------------------------------

EVIL = "\x1b]0;owned\x07\x1b[31mred\x1b[0m\x9b31m\x08\x7f"


def test_nothing_in_a_question_commands_the_terminal(cli: Any, chat: FakeChat, tmp_path: Path) -> None:
    evil = {"question": f"How many{EVIL} boats had storm0001 [red]damaged[/red]?{EVIL}", "tags": [f"tag{EVIL}"]}
    (tmp_path / f"dir{EVIL}").mkdir()
    file = written(
        tmp_path / f"dir{EVIL}" / f"ca{EVIL}ses.jsonl",
        {"id": f"one{EVIL}", "answers": [f"11 boats{EVIL}"], "relevant": [f"story-1{EVIL}"], **evil},
        {"id": f"two{EVIL}", **evil, "within": [f"nobody{EVIL}"]},
        {f"bad{EVIL}": 1},
        {"id": f"one{EVIL}", **evil},
        {"question": "x", "choice": f"y{EVIL}", "choices": ["a", "b"]},
    )
    outs = (tmp_path / "a", tmp_path / f"b{EVIL}")
    everything = [cli("eval", file, "--out", outs[0])]
    chat.replies = [RuntimeError(f"broken {EVIL}")]
    everything += [
        cli("eval", file, "--out", outs[1], "--no-brief", "--fail-under", "f1=1"),
        cli("eval", file),
        cli("eval", file, "--json"),
        cli("eval", "compare", *outs),
        cli("eval", "compare", *outs, "--json"),
        cli("eval", file, "--field", f"question=no{EVIL}"),
        cli("eval", file, "--format", EVIL),
        cli("eval", file, "--measure", EVIL),
        cli("eval", file, "--model", f"local{EVIL}"),
        cli("eval", f"none{EVIL}"),
    ]
    assert [d.code for d in everything] == [0, 4, 0, 0, 0, 0, 2, 2, 2, 2, 1], [d.err for d in everything]
    text = "".join(d.out + d.err for d in everything)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text), re.findall(
        ".{20}[\x00-\x08\x0b-\x1f\x7f-\x9f].{20}", text
    )[:5]
    assert "[red]damaged[/red]" in text, "square brackets are no markup"
