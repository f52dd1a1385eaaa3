"""The lexical index: words of questions find passages and articles."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import ArchiveDamaged
from rag.index.catalog import IndexRow
from rag.index.lexical import LexicalIndex
from rag.text.tokens import terms


def index_row(ident: str, text: str, number: int = 1, title: str = "") -> IndexRow:
    return IndexRow(number, ident, ident, title, text, None, None, "en", np.ones(4, np.float32) / 2)


QUESTIONS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [*"()[]{}\"'“”:^~*?\\/+-!&|<>=,. \n\t", "AND", "OR", "NOT", "TO", "title:", "body:", "storm", "IN", "的"]
        ),
        max_size=15,
    ).map(" ".join),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    lexical = LexicalIndex(tmp_path_factory.mktemp("lexical") / "lexical-1")
    lexical.add(
        [index_row("a", "A storm (the worst) had “closed” the harbour."), index_row("b", "秦刚会见布林肯。", 2)]
    )
    return lexical


@settings(max_examples=examples(200), deadline=None)
@given(question=QUESTIONS)
def test_no_question_raises(index: LexicalIndex, question: str) -> None:
    found = index.search(question, 10)
    assert {i for i, _ in found} <= {"a", "b"}
    if set(terms(question)) & set(terms("storm harbour closed")):
        assert "a" in {i for i, _ in found}


def test_scripts_find_their_own(tmp_path: Path) -> None:
    texts = {
        "en": "The U.S. secretary of state met Qin Gang at the Diaoyutai gardens.",
        "tr": "Merkez Bankası faizi yüzde 15’e çıkardı; ISPARTA’da yağmur vardı.",
        "zh": "秦刚说，中美关系处于建交以来的最低点。",
        "ru": "Министр встретился с делегацией в Москве.",
        "ar": "اجتمع الوزير مع الوفد في القاهرة.",
    }
    lexical = LexicalIndex(tmp_path / "lexical-1")
    lexical.add([index_row(name, text, n) for n, (name, text) in enumerate(texts.items())])
    for question, wanted in [
        ("US", "en"),
        ("diaoyutai garden", "en"),
        ("faizi", "tr"),
        ("FAİZİ", "tr"),
        ("ısparta", "tr"),
        ("最低点", "zh"),
        ("中美关系", "zh"),
        ("Москве", "ru"),
        ("القاهرة", "ar"),
    ]:
        assert [i for i, _ in lexical.search(question, 1)] == [wanted], question


def test_adding_again_replaces_and_removing_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    lexical = LexicalIndex(tmp_path / "lexical-1")
    lexical.add([index_row("a", "storm"), index_row("b", "calm", 2)])
    lexical.add([index_row("a", "sunshine")])
    assert lexical.search("storm", 5) == []
    assert [i for i, _ in lexical.search("sunshine", 5)] == ["a"]
    lexical.remove(["zzz"])
    lexical.remove(["a"])
    assert lexical.ids() == {"b"}
    lexical.remove(["b"])
    assert lexical.ids() == set()
    assert lexical.search("calm", 5) == []


def test_rarer_words_count_more(tmp_path: Path) -> None:
    lexical = LexicalIndex(tmp_path / "lexical-1")
    rows = [index_row(f"c{n}", "the minister spoke of trade", n) for n in range(20)]
    lexical.add([*rows, index_row("rare", "the fentanyl shipment", 99)])
    assert lexical.search("minister trade fentanyl", 3)[0][0] in {"rare", *(f"c{n}" for n in range(20))}
    assert lexical.search("minister fentanyl", 1)[0][0] == "rare"


def test_a_title_is_found_too(tmp_path: Path) -> None:
    lexical = LexicalIndex(tmp_path / "lexical-1")
    lexical.add([index_row("a", "He spoke for an hour.", title="Blinken meets Xi")])
    assert [i for i, _ in lexical.search("Blinken", 5)] == ["a"]


def test_a_broken_index_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "lexical-1"
    lexical = LexicalIndex(folder)
    lexical.add([index_row("a", "storm")])
    lexical.close()
    for file in (f for f in folder.iterdir() if f.is_file()):
        file.write_bytes(b"\x00rubbish")
    with pytest.raises(ArchiveDamaged, match="onrecord doctor --repair"):
        LexicalIndex(folder).search("storm", 5)


def test_a_search_does_not_wait_for_one_that_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lexical = LexicalIndex(tmp_path / "lexical-1")
    lexical.add([index_row("a", "A storm had closed the harbour.")])
    found: list[list[tuple[str, float]]] = []

    def search() -> None:
        lexical.refresh(7)  # so that what is being written is opened
        found.append(lexical.search("storm", 5))

    put = LexicalIndex._put

    def meanwhile(self: LexicalIndex, *told: Any) -> None:
        other = threading.Thread(target=search, daemon=True)
        other.start()
        other.join(20)
        assert not other.is_alive()
        put(self, *told)

    with monkeypatch.context() as patch:
        patch.setattr(LexicalIndex, "_put", meanwhile)
        lexical.add([index_row("b", "The storm went on.", 2)])
    assert found[0] and len(found) == 2
    lexical.mark_current(8)
    assert {i for i, _ in lexical.search("storm", 5)} == {"a", "b"}
