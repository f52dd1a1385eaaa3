"""Conversations as Word and PDF, citation styles, fonts, and links by which others read."""

from __future__ import annotations

import io
import json
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from helpers import fill, row
from rag.ui import citing, fonts
from rag.ui.citing import Reference, plain_text, written
from rag.ui.document import Document, document
from rag.ui.downloads import downloads, shared
from rag.ui.pdf import pdf
from rag.ui.session import TabSession
from rag.ui.starters import StarterQuestions
from rag.ui.text import readable_address
from rag.ui.word import word
from service.calls import client, failure
from turns import NASTY, WHEN, answer, citation

from rag import Archive
from rag.errors import UsageError
from rag.protocols import FilterArgs
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeEmbeddings
from rag.types import Turn

# -- citation styles -----------------------------------------------------------------

SIGNED = Reference(
    "a",
    "Bridge closed",
    "City Herald",
    "By Maren Holt and Odd van Berg",
    datetime(2021, 5, 3, tzinfo=UTC),
    "https://e.org/a",
)
UNSIGNED = Reference("b", "Who closed the bridge?", "City Herald", None, datetime(2021, 5, 3, tzinfo=UTC), None)
UNDATED = Reference("c", "Bridge closed", "City Herald")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (
            "apa",
            [
                "Holt, M., & van Berg, O. (2021, May 3). Bridge closed. City Herald. https://e.org/a",
                "Who closed the bridge? (2021, May 3). City Herald.",
                "Bridge closed. (n.d.). City Herald.",
            ],
        ),
        (
            "chicago",
            [
                "Holt, Maren, and Odd van Berg. “Bridge closed.” City Herald, May 3, 2021. https://e.org/a.",
                "City Herald. “Who closed the bridge?” May 3, 2021.",
                "City Herald. “Bridge closed.” n.d.",
            ],
        ),
        (
            "plain",
            [
                "Maren Holt and Odd van Berg: Bridge closed. City Herald, 3 May 2021. https://e.org/a",
                "Who closed the bridge? City Herald, 3 May 2021.",
                "Bridge closed. City Herald,",
            ],
        ),
    ],
)
def test_references_are_as_the_manuals_have_them(style: str, expected: list[str]) -> None:
    assert [plain_text(written(r, style)) for r in (SIGNED, UNSIGNED, UNDATED)] == expected


def test_the_newspaper_is_in_italics() -> None:
    assert [text for text, italic in written(SIGNED, "apa") if italic] == ["City Herald"]


@pytest.mark.parametrize("byline", ["City Herald staff", "秦刚", "Reuters", "Holt", "news desk, Oslo"])
def test_a_byline_that_is_no_list_of_names_stays_as_it_is(byline: str) -> None:
    assert plain_text(written(Reference("a", "T", author=byline), "chicago")).startswith(byline)


def test_family_names_are_not_guessed_where_they_come_first() -> None:
    assert plain_text(written(Reference("a", "T", author="Nguyen Van Nam", language="vi"), "apa")).startswith(
        "Nguyen Van Nam."
    )


def test_sources_can_be_had_for_other_styles() -> None:
    rows = json.loads(citing.csl([SIGNED, UNDATED], WHEN))
    assert rows[0]["author"] == [{"family": "Holt", "given": "Maren"}, {"family": "van Berg", "given": "Odd"}]
    assert rows[0]["issued"] == {"date-parts": [[2021, 5, 3]]} and rows[0]["accessed"] == {
        "date-parts": [[2023, 6, 18]]
    }
    assert set(rows[1]) == {"id", "type", "title", "container-title", "language"}


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(UsageError, match="plain, apa, chicago"):
        written(SIGNED, "vancouver")


# -- files -----------------------------------------------------------------------------


def conversation(quote: str, title: str = "Title") -> Document:
    cited = citation(1, quote, (0, 4), title=title, words=(0, 2), speaker="Qin Gang", url="https://e.org/%D0%9C")
    told = answer("Told [1]", citations=(cited,), summarized=True)
    refused = answer("The archive does not answer.", citations=(), answered=False, reason="not_in_archive")
    turns = [
        Turn(id=n, conversation="c", question=f"Why {n}?", answer=a, asked=WHEN) for n, a in enumerate((told, refused))
    ]
    return document("Rain", turns, WHEN, style="apa")


def test_word_has_questions_quotes_sources_and_days() -> None:
    import docx

    read = docx.Document(io.BytesIO(word(conversation("Мост закрыли."))))
    lines = [p.text for p in read.paragraphs]
    assert lines[:2] == ["Rain", "Exported from OnRecord on 18 June 2023."]
    quote = next(p for p in read.paragraphs if p.text.startswith("[1]"))
    assert quote.text == "[1] “Мост закрыли.”\nSpeaker: Qin Gang\nTitle · Harbour Post · 18 June 2023\nhttps://e.org/М"
    assert [r.text for r in quote.runs if r.bold] == ["Мо"]
    assert lines.count("Asked on 18 June 2023.") == 2 and "The archive does not answer." in lines
    assert lines[-1].startswith("Title. (2023, June 18). Harbour Post.")


@pytest.mark.parametrize("nasty", NASTY)
def test_files_take_any_text(nasty: str) -> None:
    doc = conversation(nasty, nasty)
    assert word(doc).startswith(b"PK")
    assert pdf(doc).startswith(b"%PDF")


def read_pdf(made: bytes) -> str:
    import pypdfium2

    opened = pypdfium2.PdfDocument(made)
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in opened).split())


def test_a_pdf_has_questions_quotes_sources_and_days() -> None:
    text = read_pdf(pdf(conversation("The bridge was closed. " * 200)))
    for words in (
        "Why 0?",
        "Asked on 18 June 2023.",
        "[1] “The bridge was closed.",
        "Speaker: Qin Gang",
        "Title. (2023, June",
    ):
        assert words in text
    assert text.count("The bridge was closed.") == 200


def test_letters_that_no_font_has_are_told() -> None:
    program = "from rag.ui import fonts, pdf; fonts._files = lambda: {}; pdf.main()"
    made = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(conversation("The bridge — “Мост” — 桥")),
        capture_output=True,
        check=True,
    )
    text = read_pdf(made.stdout)
    assert "The bridge — “????” — ?" in text.replace("” ", "” ")
    assert "Chinese, Japanese or Korean; Cyrillic letters" in text and "Markdown, Word or HTML has them all" in text


def test_a_font_is_looked_for_where_the_first_lacks_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {n: Path(f"{n}.ttf") for n in ("DejaVuSans", "NotoSansThai-Regular", "Aaa-Regular")}
    has = {"DejaVuSans": "abc", "NotoSansThai-Regular": "สพ", "Aaa-Regular": ""}
    monkeypatch.setattr(fonts, "_files", lambda: files)
    monkeypatch.setattr(fonts, "_letters", lambda file: frozenset(map(ord, has[file.stem])))
    found = fonts.fonts_for("ab สพ 桥\n")
    assert (found.base, found.more, found.missing) == (files["DejaVuSans"], (files["NotoSansThai-Regular"],), {"桥"})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ru.wikipedia.org/wiki/%D0%9C%D0%BE%D1%81%D1%82", "https://ru.wikipedia.org/wiki/Мост"),
        ("https://e.org/a%20b%2Fc?x=%26", "https://e.org/a%20b%2Fc?x=%26"),
        ("https://e.org/%E2%80%AEmoc", "https://e.org/%E2%80%AEmoc"),  # turns the direction of writing
        ("https://e.org/%FF%FE", "https://e.org/%FF%FE"),
        ("file:///etc/passwd", ""),
    ],
)
def test_addresses_are_shown_as_people_read_them(url: str, shown: str) -> None:
    assert readable_address(url) == shown


# -- links -----------------------------------------------------------------------------

BRIDGE = row(
    "bridge", "The harbour bridge was closed on Monday because engineers found cracks in two piers.", source="Herald"
)
FERRY = row("ferry", "Three more ferries will run from June while the harbour bridge is closed.", source="Radio")


class Served:
    """A conversation of Ada's about two articles, and the service that has it."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.scheduler = RequestScheduler(archive)
        self.ada = TabSession(self.scheduler, "ada", StarterQuestions(archive))
        list(self.ada.ask("Why was the harbour bridge closed?", FilterArgs()))

    def web(self, access: Access) -> Any:
        def routes(app: FastAPI, scheduler: RequestScheduler, access: Access) -> FastAPI:
            def session_of(request: Any) -> TabSession:
                return TabSession(scheduler, access.user(request), self.ada.starters)

            app.include_router(downloads(session_of))
            app.include_router(shared(session_of))
            return app

        return client(create_app(self.scheduler, access, mount_page=routes))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Archive.open(tmp_path / "a", chat_model="extractive", embeddings=FakeEmbeddings()) as archive:
        fill(archive, BRIDGE, FERRY)
        made = Served(archive)
        yield made
        made.scheduler.close(0)


def test_a_shared_conversation_is_read_by_link_until_it_is_taken_back(served: Served) -> None:
    exports = served.ada.share(True)
    token = re.search(r"shared/([\w-]{43})", exports)
    assert token and 'data-event="unsharelink"' in exports
    with served.web(Access()) as web:
        page = web.get(f"/shared/{token[1]}")
        assert page.status_code == 200 and "engineers found cracks" in page.text
        assert page.headers["cache-control"] == "no-store" and 'data-event="edit"' not in page.text
        assert "engineers found cracks" in web.get(f"/shared/{token[1]}.md").text
        assert web.get(f"/shared/{token[1]}.docx").content.startswith(b"PK")
        failure(web.get(f"/export/{served.ada.conversation}.md"), 404, "ConversationMissing")  # another user's still
        failure(web.get("/shared/no-such-token"), 404, "ConversationMissing")
        served.archive.delete("bridge")
        for address in (f"/shared/{token[1]}", f"/shared/{token[1]}.md"):
            assert "cracks" not in web.get(address).text
        assert 'data-event="sharelink"' in served.ada.share(False)
        failure(web.get(f"/shared/{token[1]}"), 404, "ConversationMissing")


def test_a_link_opens_nothing_for_whoever_may_not_sign_in(served: Served) -> None:
    served.ada.share(True)
    token = served.archive.conversations.link_of(str(served.ada.conversation), "ada")
    with served.web(Access(token="a long secret")) as web:
        assert web.get(f"/shared/{token}", headers={"accept": "application/json"}).status_code in (303, 401)
        allowed = web.get(f"/shared/{token}", headers={"authorization": "Bearer a long secret"})
        assert "engineers found cracks" in allowed.text


def test_exports_are_refused_in_words(served: Served) -> None:
    with served.web(Access()) as web:
        for address in ("x.exe", f"{served.ada.conversation}.exe"):
            assert "md, html, docx, pdf, csl" in failure(web.get(f"/export/{address}"), 422, "UsageError")


def test_the_evidence_of_an_earlier_question_is_opened_again(served: Served) -> None:
    ada = served.ada
    list(ada.ask("How many more ferries will run from June?", FilterArgs()))
    first, second = ada.turns()
    assert f'data-event="evidence" data-turn="{first.id}"' in str(ada.redrawn().past)
    assert 'data-turn-number="1"' in ada.evidence_of(first.id)
    assert 'data-turn-number="1"' in ada.side(), "where the article that is opened from it leads back to"
    assert 'data-turn-number="2"' in ada.evidence_of(second.id)
    assert 'data-turn-number="2"' in ada.evidence_of(first.id + 1000)
