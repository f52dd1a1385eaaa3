"""One case: relevant documents, filters, choices, brief answers, and what the check says of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from helpers import many, row, write_rows
from langchain_core.messages import BaseMessage

from rag import Answer, Archive, Citation, EvalCase, evaluate
from rag.evaluation import case_runner
from rag.evaluation.overlap import letters_and_digits, same_sentence
from rag.evaluation.values import Turn
from rag.testing import FakeChat

from .storms import BRIDGE, FIRST, SECOND, THIRD, questions, rows_of, says, storm, with_settings

pytestmark = pytest.mark.usefixtures("no_charts")

# -- relevant documents ----------------------------------------------------------------


@pytest.fixture
def named(archive: Archive, tmp_path: Path) -> dict[str, str]:
    """One article by all its names, and files of which two are called alike."""
    url = "https://example.org/news/2021/tunnel"
    for folder, text in (("north", "The ferry sank off the coast."), ("south", "The tram stopped in the snow.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "story.txt").write_text(f"# {folder}\n\n{text}\n", "utf-8")
    (tmp_path / "north" / "lighthouse.txt").write_text("The lighthouse was painted white and red.\n", "utf-8")
    archive.ingest(
        write_rows(tmp_path / "a.jsonl", {"id": "wire-77", "title": "Tunnel", "text": "A tunnel opens.", "url": url}),
        tmp_path / "north",
        tmp_path / "south",
    )
    article = archive.get("wire-77")
    return {
        "id": article.id,
        "beginning of the id": article.id[:8],
        "key": article.key,
        "url": url,
        "alias": "wire-77",
        "url as it may be spelt": "HTTP://example.org/news/2021/tunnel/?utm_source=feed#top",
        "last part of the url": "tunnel",
    }


@pytest.mark.parametrize(
    "name", ["id", "beginning of the id", "key", "url", "url as it may be spelt", "alias", "last part of the url"]
)
def test_relevant_articles_by_any_of_their_names(archive: Archive, named: dict[str, str], name: str) -> None:
    case = EvalCase(id="1", question="Which tunnel opens?", relevant={named[name]: 3})
    (r,) = rows_of(archive, case, retrieval=True)
    assert (r.level, r.relevant, r.absent) == ("article", {named["key"]: 3}, ())
    assert r.found[0].article == named["key"]
    (r,) = rows_of(archive, EvalCase(id="1", question="tunnel", within=(named[name],)), retrieval=True)
    assert [f.article for f in r.found] == [named["key"]]


def test_relevant_files_by_name_and_names_that_two_have(archive: Archive, named: dict[str, str]) -> None:
    case = EvalCase(id="1", question="lighthouse", relevant={"lighthouse.txt": 1, "story.txt": 2, "nowhere.txt": 1})
    (r,) = rows_of(archive, case, retrieval=True)
    assert r.level == "article"
    assert r.absent == ("story.txt", "nowhere.txt"), "a name that two files have names neither"
    assert r.relevant == {archive.get("lighthouse.txt").key: 1, "story.txt": 2, "nowhere.txt": 1}
    report = evaluate(archive, [case], retrieval=True, measure=["recall@5"])
    assert report.score("recall@5") == pytest.approx(1 / 3), "what the archive does not hold is not found"
    assert any("2 relevant documents are not in the archive" in note for note in report.notes)


def test_an_article_named_twice_is_one_with_the_better_grade(archive: Archive, named: dict[str, str]) -> None:
    case = EvalCase(id="1", question="tunnel", relevant={named["id"]: 1, named["url"]: 3, named["alias"]: 2})
    (r,) = rows_of(archive, case, retrieval=True)
    assert r.relevant == {named["key"]: 3}


def test_relevant_passages(ports: Archive, tmp_path: Path) -> None:
    long = " ".join(f"The dam{i:03} of valley {i} holds {i + 3} million litres of water this year." for i in range(80))
    ports.ingest(write_rows(tmp_path / "dams.jsonl", row("dams", long)))
    right = ports.search("dam070 valley", k=1)[0].passage.id
    wrong = ports.search("dam002 valley", k=1)[0].passage.id
    assert right != wrong
    question = "How much does dam070 hold?"
    of_passages, mixed, absent = rows_of(
        ports,
        EvalCase(id="1", question=question, relevant={right: 2, "no:7": 1}),
        EvalCase(id="2", question=question, relevant={right: 2, "story-3": 1}),
        EvalCase(id="3", question=question, relevant={"no:7": 1}),
        retrieval=True,
    )
    assert (of_passages.level, of_passages.relevant, of_passages.absent) == (
        "passage",
        {right: 2, "no:7": 1},
        ("no:7",),
    )
    assert of_passages.found[0].passage == right
    assert (mixed.level, mixed.relevant) == ("article", {"dams": 2, "story-3": 1})
    assert (absent.level, absent.relevant, absent.absent) == ("article", {"no:7": 1}, ("no:7",))
    found, missed = (
        evaluate(ports, [EvalCase(id="1", question=question, relevant={p: 1})], retrieval=True, measure=["hit@1"])
        for p in (right, wrong)
    )
    assert (found.score("hit@1"), missed.score("hit@1")) == (1.0, 0.0), "another passage of the article won't do"


def test_a_twin_that_stood_aside_counts_as_found(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("first", BRIDGE, source="City Herald"),
            row("second", BRIDGE, source="Coast Radio"),
            *many(4),
        )
    )
    question = "Why will the Old Harbour Bridge close?"
    cases = [EvalCase(id=key, question=question, relevant={key: 1}) for key in ("first", "second")]
    for r in rows_of(archive, *cases, retrieval=True):
        top = r.found[0]
        assert {top.article, *top.duplicates} == {"first", "second"}
        assert {"first", "second"} & {f.article for f in r.found[1:]} == set()
    report = evaluate(archive, cases, retrieval=True, measure=["hit@1", "hit@2"])
    assert (report.score("hit@1"), report.score("hit@2")) == (0.5, 1.0), "the twin comes right after"


# -- filters ---------------------------------------------------------------------------


def test_what_was_published_later_is_not_known_yet(archive: Archive, chat: FakeChat, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("a", "The strike at the port began in May.", published="2023-05-31"),
            row("b", "Late at night a strike shut the container port.", published="2023-06-01T23:30:00Z"),
            row("c", "Talks that may end the port strike opened.", published="2023-06-02"),
            row("d", "A port strike is dear, a study found."),
        )
    )
    cases = [EvalCase(id=str(day), question="port strike", as_of=day) for day in (date(2023, 6, 1), date.max, None)]
    for r, there in zip(rows_of(archive, *cases), ({"a", "b", "d"}, set("abcd"), set("abcd")), strict=True):
        assert r.error is None
        assert r.answer is not None
        assert {f.article for f in r.found} == there
        assert {archive.get(h.passage.article_id).key for h in r.answer.hits} == there
    assert rows_of(archive, cases[0])[0].answer.query.before == datetime(2023, 6, 2, tzinfo=UTC)  # type: ignore[union-attr]


def test_what_the_question_says_of_when_counts_from_its_day(archive: Archive, chat: FakeChat, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("may", "The strike at the port began.", published="2023-05-10"),
            row("july", "Talks about the port strike opened.", published="2023-07-20"),
        )
    )
    question = "What happened in the port strike last month?"
    in_june, in_august, undated = rows_of(
        archive,
        *(EvalCase(id=str(d), question=question, today=d) for d in (date(2023, 6, 9), date(2023, 8, 9), None)),
    )
    assert [f.article for f in in_june.found] == ["may", "july"]
    assert [f.article for f in in_august.found] == ["july", "may"]
    assert {f.article for f in undated.found} == {"may", "july"}, "without a day, nobody knows what last month was"
    assert in_june.answer is not None and in_june.answer.query.time is not None
    assert undated.answer is not None and undated.answer.query.time is None


def test_the_conversation_so_far_is_taken_in(ports: Archive) -> None:
    before = (Turn(question="Who said that the Old Harbour Bridge will close?", answer="The port authority."),)
    alone, taken_up = rows_of(
        ports,
        EvalCase(id="1", question="And when will it close?"),
        EvalCase(id="2", question="And when will it close?", history=before),
    )
    assert alone.answer is not None and "Bridge" not in alone.answer.query.standalone
    assert taken_up.answer is not None and "Bridge" in taken_up.answer.query.standalone


def test_only_the_articles_within(ports: Archive, chat: FakeChat) -> None:
    inside, partly, nowhere, free = rows_of(
        ports,
        storm(2, id="inside", within=("story-1", ports.get("story-2").id)),
        storm(2, id="partly", within=("story-4", "gone-1", "gone-2")),
        storm(2, id="nowhere", within=("gone-1", "gone-2")),
        storm(2, id="free"),
        workers=1,
    )
    assert {f.article for f in inside.found} == {"story-1", "story-2"}
    assert inside.answer is not None and inside.answer.answered
    assert {f.article for f in partly.found} == {"story-4"}
    assert partly.answer is not None
    assert {c.article_id for c in partly.answer.citations} <= {ports.get("story-4").id}
    assert nowhere.error is not None and nowhere.error.startswith("ArticleMissing: ")
    assert nowhere.found == () and nowhere.answer is None
    assert nowhere.relevant == {"story-2": 1}, "what was known before is kept"
    assert len(free.found) == 9
    assert len(questions(chat)) == 3


# -- multiple choice -------------------------------------------------------------------


def test_rows_of_multiple_choice(ports: Archive, chat: FakeChat) -> None:
    extractive = with_settings(ports, model="extractive")
    extractive._given_chat = None
    choices = ("Cracks in two piers", "Rust on the railings", "A wrecked ferry", "Old shells")
    right, wrong, within = rows_of(
        extractive,
        EvalCase(id="1", question="What did engineers find in the piers?", choices=choices, choice=0),
        EvalCase(id="2", question="What did engineers find in the piers?", choices=choices, choice=2),
        EvalCase(id="3", question="What did engineers find?", choices=choices, choice=0, within=("story-1",)),
    )
    assert right.choice is not None
    assert (right.choice.choice, right.choice.choices) == (0, choices)
    assert sum(right.choice.probabilities) == pytest.approx(1)
    assert right.answer is None and right.claims == () and right.error is None
    assert {"search", "retrieve", "choose", "total"} <= right.timings_ms.keys()
    assert wrong.choice is not None and wrong.choice.choice == 0
    assert within.choice is not None
    assert {extractive.get(h.passage.article_id).key for h in within.choice.hits} == {"story-1"}
    assert chat.seen == []
    report = evaluate(extractive, [right.case, wrong.case])
    assert report.score("choice_accuracy") == 0.5
    assert report.score("answered") is None


def test_a_model_that_can_not_be_held_to_a_choice_is_an_error_of_the_row(ports: Archive) -> None:
    quiz, alone, plain_case = rows_of(
        ports,
        EvalCase(id="1", question="What will close?", choices=("The bridge", "The pier"), choice=0),
        EvalCase(id="2", question="What will close?", choices=("The bridge",), choice=0),
        storm(1),
    )
    assert quiz.error is not None and quiz.error.startswith("ModelFailed: ")
    assert alone.error is not None and alone.error.startswith("UsageError: There are 1 choices")
    assert plain_case.error is None


# -- brief answers ---------------------------------------------------------------------


def brief_calls(chat: FakeChat) -> int:
    return len(chat.seen) - len(questions(chat))


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        (("12 boats",), 1),
        (("one two three four five six seven eight",), 1),
        (("one two three four five six seven eight nine",), 0),
        (("one two three four five six seven eight nine", "12"), 1),
        ((), 0),
    ],
)
def test_a_brief_answer_is_asked_for_where_accepted_ones_are_short(
    ports: Archive, chat: FakeChat, answers: Sequence[str], asked: int
) -> None:
    (r,) = rows_of(ports, storm(2, answers=answers))
    assert brief_calls(chat) == asked
    assert r.answer is not None
    assert r.answer.brief == ("12 boats" if asked else None)
    (r,) = rows_of(ports, storm(2, answers=answers), brief=False)
    assert brief_calls(chat) == asked, "nor where it is not wanted"
    assert r.answer is not None and r.answer.brief is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("12 boats", "12 boats"),
        ("12 boats.", "12 boats"),
        ("12 boats [1]\nBecause of the storm.", "12 boats"),
        ("storm named storm0002", "storm named storm0002"),
        ("13 boats", None),
        ("It damaged 12 boats", None),
        ("oats", None),
        ("", None),
        ("...", None),
    ],
)
def test_a_brief_answer_is_kept_only_where_the_answer_or_its_source_has_the_words(
    ports: Archive, chat: FakeChat, said: str, kept: str | None
) -> None:
    chat.replies = lambda messages: says(messages) if "Question:" in str(messages[-1].text) else said
    (r,) = rows_of(ports, storm(2))
    assert brief_calls(chat) == 1
    assert r.answer is not None and r.answer.answered
    if kept is not None:
        assert r.answer.brief == kept
        return
    (quote, *_) = r.answer.quotes
    assert quote.words is not None
    start, end = (at - quote.start for at in quote.words)
    assert r.answer.brief == quote.quote[start:end], "else those that the reader marked"


def test_words_of_the_quote_alone_will_do(ports: Archive, chat: FakeChat) -> None:
    chat.replies = lambda messages: (
        "Engineers found cracks in two of the nine bridge piers. [1]"
        if "Question:" in str(messages[-1].text)
        else "during an inspection in March"
    )
    case = EvalCase(id="1", question="When were cracks found in the piers of the bridge?", answers=("March",))
    (r,) = rows_of(ports, case)
    assert r.answer is not None and r.answer.answered, r.answer
    assert "March" not in r.answer.text
    assert r.answer.brief == "during an inspection in March"


def test_a_refusal_is_not_made_brief(ports: Archive, chat: FakeChat) -> None:
    (r,) = rows_of(with_settings(ports, caution=1.0), storm(2))
    assert r.answer is not None and not r.answer.answered
    assert chat.seen == []


def test_quotes_alone_are_not_made_brief(ports: Archive, chat: FakeChat) -> None:
    chat.replies = ["NOT FOUND"]
    (r,) = rows_of(ports, storm(2))
    assert r.answer is not None and r.answer.answered
    assert not r.answer.summarized and r.answer.brief is None
    assert len(chat.seen) == 1


# -- what the check says of an answer ----------------------------------------------------


def answering(archive: Archive, monkeypatch: pytest.MonkeyPatch, *claims: tuple[str, Sequence[str]]) -> Answer:
    """Have the archive answer with these sentences, each citing these quotes of the bridge article."""
    article = archive.get("bridge")
    text, citations, numbers = "", [], {}
    for claim, quotes in claims:
        start = len(text) + bool(text)
        text += f"{' ' if text else ''}{claim} "
        for quote in quotes:
            number = numbers.setdefault(quote, len(numbers) + 1)
            at = article.text.index(quote)
            text += f"[{number}]"
            citations.append(
                Citation(
                    number=number,
                    article_id=article.id,
                    title=article.title,
                    source=article.source,
                    published=article.published,
                    quote=quote,
                    start=at,
                    end=at + len(quote),
                    claim=(start, start + len(claim)),
                    support="supported",
                )
            )
    asked = archive.ask("Why will the Old Harbour Bridge close?")
    made = asked.model_copy(
        update={"text": text, "citations": tuple(citations), "answered": True, "reason": None, "confidence": 0.9}
    )
    monkeypatch.setattr(archive, "ask", lambda *_, **__: made)
    return made


BOTH = (
    "The bridge will close to cars for eleven weeks from 7 June, the port authority said, and engineers found cracks "
    "in two of the nine piers during an inspection."
)
WRONG = "Engineers found cracks in three of the nine piers during an inspection in March."


def test_the_check_is_asked_again_of_every_sentence_and_citation(
    ports: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(
        ports, monkeypatch, (SECOND, [SECOND, THIRD]), (WRONG, [SECOND]), (BOTH, [FIRST, SECOND]), (THIRD, [THIRD])
    )
    case = EvalCase(
        id="1",
        question="Why will the Old Harbour Bridge close?",
        evidence=(
            "engineers found cracks\nin two of the nine piers  during an inspection in March",
            '"We would rather close it now than be sorry later," said Maren Holt, the authority\'s director',
            "Nobody has this sentence in any article at all.",
        ),
    )
    (r,) = rows_of(ports, case)
    assert r.error is None
    assert [c.text for c in r.claims] == [SECOND, WRONG, BOTH, THIRD]
    assert [c.supported for c in r.claims] == [True, False, True, True]
    assert [c.needed for c in r.claims] == [(True, False), (False,), (True, True), (True,)]
    assert [c.gold for c in r.claims] == [(True, True), (True,), (False, True), (True,)]
    assert r.gold_cited == (True, True, False)
    assert len(r.contexts) == 6
    assert all(c.verbatim for c in r.contexts)
    assert (r.contexts[0].before, r.contexts[0].after) == (f"{FIRST} ", f" {THIRD}")
    assert (r.contexts[3].before, r.contexts[3].after) == ("", f" {SECOND} {THIRD}")

    report = evaluate(ports, [case])
    assert report.score("citation_recall") == pytest.approx(3 / 4)
    assert report.score("citation_precision") == pytest.approx(4 / 6)
    assert report.score("gold_precision") == pytest.approx(5 / 6)
    assert report.score("gold_recall") == pytest.approx(2 / 3)
    assert report.score("quote_verbatim") == 1.0


def test_citations_that_each_say_it_alone_are_both_needed(ports: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(ports, monkeypatch, (SECOND, [SECOND, f"{SECOND} {THIRD}", FIRST]))
    (r,) = rows_of(ports, EvalCase(id="1", question="What was found?"))
    assert [c.needed for c in r.claims] == [(True, True, False)]


def test_a_quote_in_another_place_is_not_verbatim(ports: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    made = answering(ports, monkeypatch, (SECOND, [SECOND]))
    moved = made.citations[0].model_copy(update={"start": made.citations[0].start + 1})
    monkeypatch.setattr(ports, "ask", lambda *_, **__: made.model_copy(update={"citations": (moved,)}))
    (r,) = rows_of(ports, EvalCase(id="1", question="Why?"))
    assert [c.verbatim for c in r.contexts] == [False]
    assert evaluate(ports, [r.case]).score("quote_verbatim") == 0.0


def test_what_stands_around_a_citation_is_cut(ports: Archive, chat: FakeChat, tmp_path: Path) -> None:
    text = f"{'Before it rained. ' * 60}{SECOND} {'After it snowed. ' * 60}".strip()
    ports.ingest(write_rows(tmp_path / "long.jsonl", row("long", text)))
    ports.delete("bridge")
    chat.replies = [f"{SECOND} [1]"]
    (r,) = rows_of(ports, EvalCase(id="1", question="What did engineers find in the piers during an inspection?"))
    (context,) = r.contexts
    assert len(context.before) == len(context.after) == case_runner.AROUND
    assert f"{context.before}{SECOND}{context.after}" in text


def test_an_answer_whose_article_changes_meanwhile_is_judged_by_what_it_cites(
    ports: Archive, chat: FakeChat, tmp_path: Path
) -> None:
    def reply(messages: list[BaseMessage]) -> str:
        ports.ingest(write_rows(tmp_path / "b.jsonl", row("bridge", "The bridge will stay open after all.")))
        return f"{SECOND} [1]"

    chat.replies = reply
    case = EvalCase(
        id="1",
        question="What did engineers find in the piers of the bridge?",
        evidence=(SECOND,),
        relevant={"bridge": 1},
    )
    (r,) = rows_of(ports, case)
    assert r.error is None
    assert r.answer is not None and r.answer.answered
    assert r.answer.citations[0].article_id != ports.get("bridge").id
    assert [c.supported for c in r.claims] == [True]
    assert r.gold_cited == (True,)
    assert r.contexts[0].verbatim
    assert r.contexts[0].before == f"{FIRST} "


def test_an_answer_whose_article_is_taken_down_meanwhile_is_an_error(
    ports: Archive, chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.replies = [f"{SECOND} [1]"]
    true_ask = ports.ask

    def ask(*args: Any, **options: Any) -> Answer:
        answer = true_ask(*args, **options)
        assert answer.answered
        ports.delete("bridge")
        return answer

    monkeypatch.setattr(ports, "ask", ask)
    case = EvalCase(id="1", question="What did engineers find in the piers of the bridge?")
    (r,) = rows_of(ports, case)
    assert r.error is not None and r.error.startswith("ArticleMissing")
    assert r.answer is None
    assert r.found


def test_a_refusal_claims_nothing(ports: Archive) -> None:
    (r,) = rows_of(ports, EvalCase(id="1", question="Who won the cup?", answerable=False, evidence=(SECOND,)))
    assert r.answer is not None and not r.answer.answered
    assert (r.claims, r.contexts, r.gold_cited) == ((), (), (False,))
    assert evaluate(ports, [r.case]).score("refusal_recall") == 1.0


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("“It rained,” he said.", '"It rained" - he said', True),
        ("İt’s  Straße", "i̇ts strasse", True),
        ("He met the minister in Oslo", "On Monday he met the minister in Oslo for talks.", True),
        ("in Oslo", "On Monday he met the minister in Oslo.", False),
        ("", "On Monday he met the minister in Oslo.", False),
        ("习近平会见布林肯。", "习近平会见布林肯", True),
        ("He met the minister", "He met the ministers", False),
    ],
)
def test_when_two_sentences_are_the_same(one: str, other: str, alike: bool) -> None:
    assert same_sentence(letters_and_digits(one), letters_and_digits(other)) is alike
    assert same_sentence(letters_and_digits(other), letters_and_digits(one)) is alike
