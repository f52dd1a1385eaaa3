"""Questions that ask for two things at once, and the answers joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers import assert_cited, row, write_rows
from hypothesis import given
from hypothesis import strategies as st

from rag import Archive
from rag.answer import combine
from rag.answer.combine import Part
from rag.composing import NO_CLAIM
from rag.retrieve.decompose import Parts, asked_together, reported_by, split_question
from rag.types import Answer, Citation, Delta, Event, Finished, Query, Quoted, Retrieved

TWO = [
    (
        "Did both the BBC and CNN report that talks lasted seven hours?",
        ("Did the BBC report that talks lasted seven hours?", "Did CNN report that talks lasted seven hours?"),
    ),
    ("did both bbc and cnn report on it", ("Did bbc report on it?", "Did cnn report on it?")),
    ("Are both Sweden and Finland in NATO?", ("Is Sweden in NATO?", "Is Finland in NATO?")),
    ("What did Biden and Xi say about Taiwan?", ("What did Biden say about Taiwan?", "What did Xi say about Taiwan?")),
    (
        "What did both Qin Gang and Wang Yi tell Blinken?",
        ("What did Qin Gang tell Blinken?", "What did Wang Yi tell Blinken?"),
    ),
    (
        "Which came first, the bridge closing or the ferry strike?",
        ("When was the bridge closing?", "When was the ferry strike?"),
    ),
]
ONE = [
    "what did Qin Gang say about relations?",
    "What happened in Sudan and Niger?",
    "who won and why?",
    "Did Trinidad and Tobago win?",
    "What is the relationship between cats and mice?",
    "Who met Xi and how long did the talks last?",
    "",
]


@pytest.mark.parametrize(("question", "parts"), TWO)
def test_a_question_for_two_things_is_taken_apart(question: str, parts: tuple[str, str]) -> None:
    found = split_question(question)
    assert found is not None and found.questions == parts


TOGETHER = [
    (
        "When did they first hope to sail, and when did it happen?",
        ("When did they first hope to sail?", "When did they first hope to sail? When did it happen?"),
    ),
    ("Who met Xi and how long did it last?", ("Who met Xi?", "Who met Xi? How long did it last?")),
    (
        "Attendance at the Oslo fair, and by how much did it grow?",
        ("Attendance at the Oslo fair?", "Attendance at the Oslo fair? By how much did it grow?"),
    ),
    (
        "Which was stronger, the May quake in Luzon or the July one off Cebu?",
        ("Which was stronger, the May quake in Luzon?", "Which was stronger, the July quake off Cebu?"),
    ),
    ("Who is older, Ana Berg or Jon Holt?", ("Who is older, Ana Berg?", "Who is older, Jon Holt?")),
    ("Compare the times Tola and Assefa ran in May.", ("the times Tola ran in May?", "the times Assefa ran in May?")),
    ("Can you tell me who won and how many saw it?", ("who won?", "who won? How many saw it?")),
]
ALONE = [
    "What happened to the man who won and who later resigned?",
    "who won and why?",
    "Who was chosen, and when and where?",
    "Is it dead or alive?",
    "Does the comparison between cats and mice hold?",
    "",
]


@pytest.mark.parametrize(("question", "parts"), TOGETHER)
def test_what_is_asked_in_one_breath_is_read_for_part_by_part(question: str, parts: tuple[str, ...]) -> None:
    assert asked_together(question) == parts
    assert split_question(question) is None


@pytest.mark.parametrize("question", ALONE)
def test_one_thing_is_read_for_as_it_is_asked(question: str) -> None:
    assert asked_together(question) == ()


@given(st.text(max_size=200))
def test_any_text_is_taken_apart_or_not(question: str) -> None:
    assert all(part.strip() for part in asked_together(question))


@pytest.mark.parametrize("question", ONE)
def test_a_question_for_one_thing_stays_whole(question: str) -> None:
    assert split_question(question) is None


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Did the Harbour Post report on Blinken's visit?", ("the Harbour Post", "Blinken's visit")),
        ("did bbc report that talks lasted seven hours?", ("bbc", "talks lasted seven hours")),
        ("Has Coast Radio run a story about the ferries?", ("Coast Radio", "the ferries")),
        ("Did Sweden join NATO?", None),
        ("What did the Post report about it?", ("the Post", "it")),
        ("what has Northern Ledger reported on the bridge", ("Northern Ledger", "the bridge")),
        ("What did Sweden join?", None),
    ],
)
def test_who_is_asked_to_have_reported_what(question: str, told: tuple[str, str] | None) -> None:
    assert reported_by(question) == told


def test_each_outlet_is_asked_for_its_own_report(archive: Archive, tmp_path: Path) -> None:
    bridge = "The harbour bridge was closed on Monday after engineers had found cracks in two piers."
    ferry = "Since the harbour bridge was closed, said the operator, three more ferries have been running."
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("one", bridge, title="Bridge closed", source="City Herald"),
            row("two", ferry, title="More ferries", source="Coast Radio"),
            row("three", "The Coast Radio choir won a prize for its songs.", title="Choir", source="Northern Post"),
        )
    )
    found = archive.ask(
        "Did both the City Herald and Coast Radio report on the closed harbour bridge?", chat_model="extractive"
    )
    assert {c.source for c in found.citations} == {"City Herald", "Coast Radio"}
    assert_cited(archive, found)
    silent = archive.ask(
        "Did both Coast Radio and Northern Post report on the closed harbour bridge?", chat_model="extractive"
    )
    assert [c.source for c in silent.citations] == ["Coast Radio"]
    assert silent.unanswered == ("Did Northern Post report on the closed harbour bridge?",)


@pytest.mark.parametrize(
    "question",
    [
        "What did the City Herald say about the harbour bridge?",
        "what has the City Herald reported about the harbour bridge?",
        "According to the City Herald, why was the harbour bridge closed?",
    ],
)
def test_what_an_outlet_says_is_asked_of_its_articles(archive: Archive, tmp_path: Path, question: str) -> None:
    cracks = "The harbour bridge was closed on Monday after engineers had found cracks in two piers."
    paint = "The harbour bridge was closed on Monday because it was being painted, a councillor told the City Herald."
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("one", cracks, title="Bridge closed", source="City Herald"),
            row("two", paint, title="Harbour bridge painted", source="Coast Radio"),
        )
    )
    answer = archive.ask(question, chat_model="extractive")
    assert answer.query.sources == ("City Herald",)
    assert [c.source for c in answer.citations] == ["City Herald"], answer.withheld
    (filtered,) = {h.passage.source for h in archive.search("harbour bridge", sources=["coast radio"])}
    assert filtered == "Coast Radio"


@pytest.fixture
def papers(archive: Archive, tmp_path: Path) -> Archive:
    """Two outlets on one bridge, and a third that quotes them both."""
    cracks = "The harbour bridge was closed on Monday after engineers had found cracks in two piers."
    ferry = "Since the harbour bridge was closed on Monday, three more ferries have been running."
    paint = "The harbour bridge was closed because it was being painted, as the City Herald and Coast Radio both said."
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("one", cracks, title="Bridge closed", source="City Herald"),
            row("two", ferry, title="More ferries", source="Coast Radio"),
            row("three", paint, title="Harbour bridge painted", source="Northern Post"),
        )
    )
    return archive


@pytest.mark.parametrize(
    "question",
    [
        "What did the City Herald and Coast Radio say about the closed harbour bridge?",
        "Did both the City Herald and Coast Radio report on the closed harbour bridge?",
    ],
)
def test_what_two_outlets_say_is_asked_of_the_articles_of_each(papers: Archive, question: str) -> None:
    plan = papers.planner.plan(question)
    assert [part.sources for part in plan.parts] == [("City Herald",), ("Coast Radio",)]
    assert all(part.speaker is None and "closed harbour bridge" in part.looked_for for part in plan.parts)
    answer = papers.ask(question, chat_model="extractive")
    assert {c.source for c in answer.citations} == {"City Herald", "Coast Radio"}
    assert_cited(papers, answer)


def test_an_outlet_and_a_person_are_each_asked_in_their_way(papers: Archive) -> None:
    outlet, person = papers.planner.plan("What did the City Herald and Ann Lee say about the bridge?").parts
    assert (outlet.sources, outlet.speaker) == (("City Herald",), None)
    assert (person.sources, person.speaker, person.about) == ((), "Ann Lee", "the bridge")


def test_outlets_that_are_given_win_over_those_a_question_names(papers: Archive) -> None:
    question = "What did the City Herald and Coast Radio say about the harbour bridge?"
    plan = papers.planner.plan(question, sources=["northern post"])
    assert {part.sources for part in plan.parts} == {("Northern Post",)} == {plan.query.sources}


def test_the_latest_is_taken_from_the_newest_that_answers(archive: Archive, tmp_path: Path) -> None:
    rate = "The central bank {} its key interest rate {} 5.{} percent on Thursday, the bank said."
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("one", rate.format("kept", "at", 25), title="Rate kept", date="2024-07-04"),
            row("two", rate.format("cut", "to", 10), title="Rate cut", date="2024-09-05"),
            row("three", rate.format("raised", "to", 25), title="Rate raised", date="2024-06-06"),
        )
    )
    answer = archive.ask("What is the central bank's key interest rate now?", chat_model="extractive")
    assert "5.10" in answer.text or answer.citations[0].title == "Rate cut", answer.text


@pytest.mark.parametrize(
    ("question", "earlier"), [("which came first: A or B", True), ("Which happened last, A or B?", False)]
)
def test_which_came_first_knows_its_end(question: str, earlier: bool) -> None:
    found = split_question(question)
    assert found is not None and found.earlier is earlier and found.named == ("A", "B")


@given(st.text(max_size=200))
def test_any_text_is_one_or_at_least_two(text: str) -> None:
    found = split_question(text)
    assert found is None or (len(found.questions) == 2 and all(q.strip(" ?") for q in found.questions))


# -- joining ------------------------------------------------------------------------------


def cited(article: str, words: str, claim: tuple[int, int], *, day: int | None = None, number: int = 1) -> Citation:
    return Citation(
        number=number,
        article_id=article,
        title="News",
        published=datetime(2023, 6, day, tzinfo=UTC) if day else None,
        quote=words,
        start=0,
        end=len(words),
        claim=claim,
        support="supported",
    )


def answers(*told: Sequence[tuple[str, Citation]], reason: str = "not_in_archive") -> list[list[Event]]:
    """Events of one part each: its sentences with what they cite; none is a refusal."""
    streams: list[list[Event]] = []
    for sentences in told:
        text = " ".join(f"{claim} [{c.number}]" for claim, c in sentences)
        whole = Answer(
            question="part",
            query=Query(text="part", standalone="part"),
            text=text or "Nothing in the archive clearly answers this question.",
            citations=tuple(c for _, c in sentences),
            answered=bool(sentences),
            reason=None if sentences else reason,  # type: ignore[arg-type]
            confidence=0.5 + 0.1 * len(streams) if sentences else None,
            model="fake",
            fingerprint="f",
        )
        lead = ["", *[" "] * len(sentences)]
        deltas = [
            Delta(text=f"{a}{claim} [{c.number}]", citations=(c,))
            for a, (claim, c) in zip(lead, sentences, strict=False)
        ]
        streams.append([Retrieved(query=whole.query, hits=()), *deltas, Finished(answer=whole)])
    return streams


def join(streams: list[list[Event]], order: Parts, holds: bool = True) -> tuple[Answer, list[Event]]:
    query = Query(text="whole?", standalone="whole?")
    parts = [Part(Query(text=q, standalone=q), ()) for q in order.questions]
    waiting = iter(streams)

    def ask(_: Part) -> Iterator[Event]:
        return iter(next(waiting))

    events = list(combine.stream(query, parts, order, ask, lambda *_: holds))
    last = events[-1]
    assert isinstance(last, Finished) and isinstance(events[0], Retrieved)
    assert sum(isinstance(e, Retrieved) for e in events) == 1
    return last.answer, events


BOTH = Parts(("Did A?", "Did B?"))
FIRST = Parts(("When was X?", "When was Y?"), earlier=True, named=("the closing", "the strike"))


def check(answer: Answer, events: Sequence[Event]) -> None:
    """What holds of every answer holds of a joined one."""
    assert "".join(e.text for e in events if isinstance(e, Delta)) == (answer.text if answer.answered else "")
    for c in answer.citations:
        if c.claim == NO_CLAIM:
            continue
        claim = answer.text[slice(*c.claim)]
        assert claim.strip() == claim and not claim.endswith("]")
        assert answer.text[c.claim[1] :].startswith((" [", "["))
    numbers = {(c.article_id, c.start, c.end): c.number for c in answer.citations}
    assert sorted(set(numbers.values())) == list(range(1, len(numbers) + 1))
    shown = {c.number: c for e in events if isinstance(e, Quoted) for c in e.quotes}
    if answer.answered:
        assert all(shown[c.number].quote == c.quote for c in answer.quotes if c.number in shown)
        assert {*shown} <= {*numbers.values()}


def test_each_part_is_cited_and_sources_are_numbered_through() -> None:
    one = cited("a", "A says so", (0, 12))
    two = cited("b", "B says so", (0, 12))
    answer, events = join(
        answers([("A says so it.", one)], [("B says so it.", two), ("And more.", cited("a", "A says so", (17, 26)))]),
        BOTH,
    )
    assert answer.text == "A says so it. [1]\nB says so it. [2]\nAnd more. [1]"
    assert answer.confidence == 0.5 and answer.unanswered == ()
    check(answer, events)


def test_a_part_without_an_answer_is_named() -> None:
    answer, events = join(answers([("A says so.", cited("a", "A says so", (0, 10)))], []), BOTH)
    assert answer.answered and answer.unanswered == ("Did B?",)
    check(answer, events)


def test_a_question_of_which_no_part_is_answered_is_refused_once() -> None:
    answer, events = join(answers([], []), BOTH)
    assert not answer.answered and answer.reason == "not_in_archive" and answer.unanswered == ()
    assert answer.text == "Nothing in the archive clearly answers this question."
    check(answer, events)


def test_a_question_whose_answer_to_one_part_was_taken_down_says_so() -> None:
    answer, _ = join([*answers([]), *answers([], reason="taken_down")], BOTH)
    assert not answer.answered and answer.reason == "taken_down"


def test_a_stopped_question_does_not_go_on_to_the_next_part() -> None:
    stopped = answers([], reason="cancelled")
    answer, _ = join(stopped, BOTH)
    assert answer.reason == "cancelled"


def test_which_was_reported_first_is_told_by_the_dates_of_what_is_cited() -> None:
    told = answers(
        [("X was then.", cited("a", "x", (0, 11), day=5))], [("Y was then.", cited("b", "y", (0, 11), day=3))]
    )
    answer, events = join(told, FIRST)
    assert answer.text.endswith("\nThe strike was reported first, on 3 June 2023; the closing on 5 June 2023. [2][1]")
    check(answer, events)


@pytest.mark.parametrize(("one", "two", "holds"), [(None, 3, True), (3, 3, True), (5, 3, False)])
def test_without_dates_or_support_no_order_is_told(one: int | None, two: int, holds: bool) -> None:
    told = answers(
        [("X was then.", cited("a", "x", (0, 11), day=one))], [("Y was then.", cited("b", "y", (0, 11), day=two))]
    )
    answer, events = join(told, FIRST, holds)
    assert "reported first" not in answer.text
    check(answer, events)


def quoted(streams: list[list[Event]], *quotes: Sequence[Citation]) -> list[list[Event]]:
    """The same, the quotes of each part first."""
    told: list[list[Event]] = []
    for events, found in zip(streams, quotes, strict=True):
        numbered = tuple(c.model_copy(update={"number": n, "claim": NO_CLAIM}) for n, c in enumerate(found, 1))
        *others, last = events
        assert isinstance(last, Finished)
        rest = tuple(c for c in numbered if c.quote not in {x.quote for x in last.answer.citations})
        whole = last.answer.model_copy(update={"citations": (*last.answer.citations, *rest), "summarized": True})
        told.append([others[0], Quoted(quotes=numbered), *others[1:], Finished(answer=whole)])
    return told


def test_the_quotes_of_each_part_come_with_the_numbers_they_have_in_the_whole() -> None:
    a, b, c = (cited(x, f"{x.upper()} says so", (0, 10)) for x in "abc")
    told = answers(
        [("A is so.", a.model_copy(update={"claim": (0, 8)}))], [("C is so.", c.model_copy(update={"claim": (0, 8)}))]
    )
    answer, events = join(quoted(told, [b, a], [a, c]), BOTH)
    assert [[q.number for q in e.quotes] for e in events if isinstance(e, Quoted)] == [[1, 2], [2, 3]]
    assert answer.text == "A is so. [2]\nC is so. [3]"
    assert [q.article_id for q in answer.quotes] == ["b", "a", "c"] and answer.summarized
    check(answer, events)


def test_quotes_of_a_part_that_is_refused_after_all_are_not_in_the_whole() -> None:
    a, b = (cited(x, f"{x.upper()} says so", (0, 8)) for x in "ab")
    refused = answers([], reason="taken_down")[0]
    streams = [[refused[0], Quoted(quotes=(b,)), *refused[1:]], *quoted(answers([("A is so.", a)]), [a])]
    answer, _ = join(streams, BOTH)
    assert [(q.number, q.article_id) for q in answer.quotes] == [(1, "a")]
    assert answer.text == "A is so. [1]" and answer.summarized
    assert [answer.text[slice(*c.claim)] for c in answer.citations] == ["A is so."]
    assert answer.unanswered == ("Did A?",)


def test_the_same_sentence_is_not_said_twice() -> None:
    same = ("They met.", cited("a", "They met", (0, 9)))
    answer, events = join(answers([same], [same]), BOTH)
    assert answer.text == "They met. [1]"
    check(answer, events)
