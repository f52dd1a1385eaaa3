"""Every citation is verbatim, for any text and any model."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from answer.bridge_texts import texts
from helpers import assert_cited, examples, row, write_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage

from rag import Answer, Archive
from rag.testing import FakeChat, FakeEmbeddings

# -- any text, any model ---------------------------------------------------------------

NASTY = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "👩‍👩‍👧‍👦 marched. 🇹🇷🇨🇳 agreed!",
            "e\u0301le\u0301ment a\u0308o\u0308u\u0308. Cafe\u0301 closed.",
            "Line one.\r\nLine two.\rLine three.\r\n\r\nNew paragraph.",
            "zero\u200bwidth\u200djoin\ufeffmark. Soft\u00adhyphen.",
            "\u202eright to left\u202c. مرحبا بالعالم. שלום עולם.",
            "“Quoted,” he said. «Autre.» 「他说。」 \"Plain\" 'single'",
            "U.S. officials met Dr. A. B. Smith at 4.30 p.m. on Jan. 5. Then they left.",
            "习近平在北京会见布林肯。王毅说：“根本原因是错误认知。”",
            "İstanbul’da ılık bir gün. Iğdır’ın valisi “olmaz” dedi.",
            "[1] [2] 【3】 (4) NOT FOUND $evidence ${question} $$ %s {0}",
            "\x00\x01\x1b[31m red \x07\x7f\x85\u2028\u2029 end.",
            "𝕸𝖆𝖙𝖍 𐍈 \U0010ffff. ﷺ ﬁn Ǆ ß ŉ.",
            "5 million dollars; 3.14, 1,000,000 and 10%.",
        ]
    ),
)


ENDLESS = ["x" * 100_000, "long line, " * 9_000, "长" * 100_000, "e\u0301" * 50_000]


@st.composite
def article_texts(draw: st.DrawFn) -> str:
    parts = draw(st.lists(NASTY, min_size=1, max_size=8))
    text = draw(st.sampled_from([" ", "\n", "\r\n", "\n\n", ". ", ""])).join(parts)
    if draw(st.integers(0, 9)) == 0:
        # A fifth of what ENDLESS has: a model reads all of it for each answer.
        text += draw(st.sampled_from([text[: len(text) // 5] for text in ENDLESS]))
    return text


JUNK = st.one_of(
    st.text(max_size=40),
    st.builds("[{}]".format, st.integers(-5, 10**6)),
    st.builds("【{}】".format, st.integers(0, 20)),
    st.builds("[{}, {}]".format, st.integers(0, 9), st.integers(0, 9)),
    st.sampled_from(
        [
            "\n",
            "\n\n- ",
            "1. ",
            "“",
            "”",
            '"',
            "NOT FOUND",
            "**bold**",
            "```\n",
            "[",
            "]",
            "<script>",
            "$x",
            "\\1",
            "(?P<",
        ]
    ),
)


PIECE = st.tuples(st.integers(0, 30), st.floats(0, 1), st.integers(0, 4), JUNK)


@settings(max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bodies=st.lists(article_texts(), min_size=1, max_size=2),
    question=st.one_of(st.none(), st.text(min_size=1, max_size=60).filter(lambda text: any(map(str.isalnum, text)))),
    plan=st.lists(PIECE, min_size=1, max_size=6),
    glue=st.sampled_from(["", " ", "\n"]),
)
def test_every_citation_is_verbatim_for_any_text_and_any_model(
    tmp_path_factory: pytest.TempPathFactory,
    bodies: list[str],
    question: str | None,
    plan: list[tuple[int, float, int, str]],
    glue: str,
) -> None:
    folder = tmp_path_factory.mktemp("any")

    def reply(messages: list[BaseMessage]) -> str:
        """What a model might make of what it was shown: true sentences, halves of them, and anything else."""
        shown = re.findall(r"^\[\d+\] (.*)$", str(messages[-1].text), re.MULTILINE) or [""]
        pieces = []
        for which, part, kind, junk in plan:
            sentence = shown[which % len(shown)]
            cut = int(part * len(sentence))
            piece = [sentence, sentence[:cut], sentence[cut:], f"He said “{sentence[cut : cut + 20]}”", ""][kind]
            pieces.append(piece + junk)
        return glue.join(pieces)

    asked = question or "what is said of " + bodies[0][:60].strip()
    with Archive.open(folder / "archive", chat_model=FakeChat(reply), embeddings=FakeEmbeddings()) as archive:
        report = archive.ingest(write_rows(folder / "a.jsonl", *(row(f"k{i}", b) for i, b in enumerate(bodies))))
        assert report.added + report.unchanged + report.updated + len(report.skipped) == len(bodies)
        if not archive.stats().passages:
            return
        for passage in archive.search(asked, k=20):
            p = passage.passage
            assert archive.get(p.article_id).text[p.start : p.end] == p.text
            assert all(p.start <= s.start < s.end <= p.end for s in p.sentences)
        for model in (None, "extractive"):
            events = list(archive.stream(asked, chat_model=model))
            answer = events[-1].answer  # type: ignore[union-attr]
            assert_cited(archive, answer)
            assert answer.answered == bool(answer.citations)
            if answer.answered:
                assert texts(events) == answer.text
            else:
                assert texts(events) == ""
            claims = [answer.text[slice(*c.claim)] for c in answer.citations]
            for withheld in answer.withheld:
                assert withheld.text not in claims
            for cited in answer.citations:
                claim = answer.text[slice(*cited.claim)]
                whole = " ".join(" ".join(archive.get(cited.article_id).text.split()).split())
                for span in re.findall("“([^“”]*)”", claim):
                    assert comparable(span) in comparable(whole), (span, claim)
            assert Answer.model_validate_json(answer.model_dump_json()) == answer


@pytest.mark.slow
def test_texts_without_an_end_are_taken_in_and_found_verbatim(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive", embeddings=FakeEmbeddings()) as archive:
        rows = (row(f"k{n}", f"Ferry {n} sails. {text}") for n, text in enumerate(ENDLESS))
        assert archive.ingest(write_rows(tmp_path / "a.jsonl", *rows)).added == len(ENDLESS)
        for n in range(len(ENDLESS)):
            found = [hit.passage for hit in archive.search(f"Ferry {n} sails", k=20)]
            assert found
            for p in found:
                assert archive.get(p.article_id).text[p.start : p.end] == p.text
                assert all(p.start <= s.start < s.end <= p.end for s in p.sentences)


def comparable(text: str) -> str:
    from rag.text.normalize import normalise

    return normalise(text).strip(" .,;:!?。，…")
