"""Prompts: what is refused when one is loaded, and that a body doesn't change under its version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import ROOT

from rag.answer.prompts import load, parse
from rag.errors import PromptError

LEDGER = ROOT / "prompts/ledger.json"
NAMES = sorted(f.stem for f in (ROOT / "prompts").glob("*.md"))

GOOD = """---
name: test
version: 2
purpose: To be tested.
variables: [evidence]
---
# system

Costs $5, or $$5, ${10}.

# user

First

# assistant

Second

# user

$evidence
"""


def test_there_are_prompts() -> None:
    assert "answer" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_body_that_changes_gets_a_new_version(name: str) -> None:
    prompt = load(name)
    ledger = json.loads(LEDGER.read_text("utf-8"))
    line = f'"{prompt.label}": "{prompt.digest}"'
    assert prompt.label in ledger, f"Add this line to prompts/ledger.json: {line}"
    assert ledger[prompt.label] == prompt.digest, (
        f"The body of {prompt.label} has changed. Raise its version in prompts/{name}.md, "
        f"and add a line for it to prompts/ledger.json. (Not released yet? Then the line is now {line})"
    )


def test_the_ledger_keeps_what_was() -> None:
    ledger = json.loads(LEDGER.read_text("utf-8"))
    assert ledger.keys() >= {load(name).label for name in NAMES}
    for label, digest in ledger.items():
        name, _, version = label.partition("@")
        assert name in NAMES
        assert int(version) <= load(name).version
        assert len(digest) == 64


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_ends_with_the_question_and_its_name_is_its_files(name: str) -> None:
    prompt = load(name)
    assert prompt.name == name
    assert prompt.messages[-1][0] == "user"
    if prompt.variables:  # one without goes on with a conversation
        assert prompt.messages[0][0] == "system"
        assert 0 < len(prompt.fixed()) < len(prompt.messages)


def test_a_prompt_is_read() -> None:
    prompt = parse(GOOD, "test")
    assert prompt.label == "test@2"
    assert [role for role, _ in prompt.messages] == ["system", "user", "assistant", "user"]
    assert prompt.variables == {"evidence"}
    assert [text for _, text in prompt.fixed()] == ["Costs $5, or $$5, ${10}.", "First", "Second"]


@pytest.mark.parametrize(
    "value", ["It cost $5 and $evidence", "$", "$$", "${x}", "%s {0} \\1 \\g<0>", "# user\n\nNOT FOUND", "---\n"]
)
def test_a_value_is_put_in_as_it_is(value: str) -> None:
    rendered = parse(GOOD, "test").render(evidence=value)
    assert rendered[-1] == ("user", value)
    assert len(rendered) == 4
    assert rendered[0][1] == "Costs $5, or $$5, ${10}."


def test_windows_line_ends_make_no_other_prompt() -> None:
    assert parse(GOOD.replace("\n", "\r\n"), "test") == parse(GOOD, "test")


def test_the_digest_is_of_the_body_alone() -> None:
    prompt = parse(GOOD, "test")
    assert parse(GOOD.replace("version: 2", "version: 3"), "test").digest == prompt.digest
    assert parse(GOOD.replace("Second", "Third"), "test").digest != prompt.digest


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("purpose: To be tested.", "purpose: x\nmodel: gpt"), "front matter"),
        (("purpose: To be tested.\n", ""), "front matter"),
        (("variables: [evidence]", "variables: [evidence, question]"), "declares"),
        (("variables: [evidence]", "variables: []"), "declares"),
        (("$evidence", "nothing"), "declares"),
        (("$evidence", "$evidence $other"), "declares"),
        (("# system\n\nCosts", "Costs"), "under"),
        (("name: test", "name: [test"), "YAML"),
        (("---\nname", "name"), "front matter"),
        (("variables: [evidence]\n---\n", "variables: [evidence]\n"), "front matter"),
    ],
)
def test_what_is_refused(change: tuple[str, str], says: str) -> None:
    text = GOOD.replace(*change)
    assert text != GOOD
    with pytest.raises(PromptError, match=f"(?s)test.*{says}"):
        parse(text, "test")


@pytest.mark.parametrize(
    "change", [("version: 2", "version: two"), ("variables: [evidence]", "variables: 5"), ("name: test", "name: ")]
)
def test_values_of_the_wrong_kind_are_refused(change: tuple[str, str]) -> None:
    with pytest.raises(PromptError):
        parse(GOOD.replace(*change), "test")


@pytest.mark.parametrize("values", [{}, {"evidence": "x", "question": "y"}, {"question": "y"}])
def test_the_wrong_variables_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(PromptError, match="test@2"):
        parse(GOOD, "test").render(**values)


@pytest.mark.parametrize("name", ["nobody", "../README", ""])
def test_a_prompt_that_is_not_there(name: str) -> None:
    with pytest.raises(PromptError):
        load(name)


def test_prompts_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load("answer").variables >= {"evidence", "question"}
