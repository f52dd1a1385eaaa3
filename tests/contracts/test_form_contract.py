"""Every form keeps the contract of readers, and is known by what its files hold."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from form_samples import SAMPLES, UNDATED

from rag.ingest.forms import FORMS, recognise
from rag.protocols import Reader
from rag.testing.contracts import ReaderContract
from rag.types import RawArticle

BY_NAME = {form.name: form for form in FORMS}


class TestForms(ReaderContract):
    @pytest.fixture(params=SAMPLES)
    def form(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def reader(self, form: str) -> Reader:
        return BY_NAME[form]

    @pytest.fixture
    def whole(self, form: str) -> bytes:
        return SAMPLES[form][1]()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_form_is_known_by_its_content(name: str) -> None:
    ending, make = SAMPLES[name]
    for path in (Path(f"export{ending}"), Path("export.bin")):
        found = recognise(path, io.BytesIO(make()))
        assert found is not None
        assert found.name == name


@pytest.mark.parametrize("name", SAMPLES)
def test_an_article_has_the_outlet_and_day_that_its_file_tells(name: str, tmp_path: Path) -> None:
    ending, make = SAMPLES[name]
    found = list(BY_NAME[name].read(tmp_path / f"export{ending}", io.BytesIO(make()), {}))
    assert all(isinstance(a, RawArticle) for a in found)
    for article in found:
        assert isinstance(article, RawArticle)
        assert "cracks" in article.text
        if name in UNDATED:
            assert article.published is None
            continue
        assert article.source or name == "newsletter-csv"
        assert article.published is not None
        assert (article.published.year, article.published.month, article.published.day) == (2024, 3, 5)
        assert not any(mark in article.text for mark in ("LOAD-DATE", "Load-Date", "Copyright", "chars]"))


def test_there_is_a_file_for_every_form() -> None:
    assert set(BY_NAME) - {"mets"} == set(SAMPLES)  # METS points to pages, and has no words of its own
