"""The multilingual embedding model with its real weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import row, write_rows

from rag import Archive, Settings
from rag.errors import ArchiveMismatch, ModelCorrupt
from rag.index import bridge
from rag.index.e5 import E5File
from rag.index.embed import BuiltInEmbedder
from rag.weights import E5, ensure_in_place

pytestmark = pytest.mark.models

# What the engine of the package that holds the weights counts with "passage: " before the text.
COUNTED = {
    "What did Qin Gang say about relations?": 13,
    "Köprü ne zaman kapanacak? İstanbul’da 7 Haziran’dan itibaren.": 20,
    "秦刚会见布林肯，双方就中美关系交换了意见。": 21,
    "ﬁnancial\u3000ＡＢＣ\u3000１２３ … ½ ²": 10,
    "Die Brücke wird vom 7. Juni an für elf Wochen gesperrt.": 18,
    "أعلنت الحكومة يوم الاثنين": 8,
    "Правительство сообщило в понедельник": 9,
    "  two  spaces   and a trailing one": 12,
    "日本の首相は月曜日に述べた。": 14,
    "정부는 월요일에 발표했다": 11,
    "ข่าวด่วนวันนี้": 7,
}
SAME = (
    "The old bridge will be closed for repairs in June.",
    "Eski köprü haziran ayında onarım için kapatılacak.",
    "老桥将于六月关闭维修。",
)
OTHER = (
    "The football team won the cup after penalties.",
    "Futbol takımı penaltılardan sonra kupayı kazandı.",
    "足球队在点球大战后赢得了奖杯。",
)


@pytest.fixture(scope="module")
def embedder(shared_cache: Path) -> BuiltInEmbedder:
    return BuiltInEmbedder("multilingual", cache=shared_cache)


def test_tokens_are_those_of_the_packages_own_engine(shared_cache: Path) -> None:
    tokens = E5File(ensure_in_place(E5, shared_cache)).tokenizer(512)
    assert {t: len(tokens([f"passage: {t}"])[0]) for t in COUNTED} == COUNTED
    assert len(tokens(["word " * 2000])[0]) == 512


def test_every_backend_gives_the_same_vectors(embedder: BuiltInEmbedder) -> None:
    texts = [*COUNTED, *SAME, *OTHER, "word " * 700, "", "a"]
    exact = embedder.by("torch-fp32", texts)
    assert float((embedder.by("onnx", texts) * exact).sum(axis=1).min()) > 0.9999
    assert float((embedder.by("torch-bf16", texts) * exact).sum(axis=1).min()) > 0.999


def test_cosines_are_read_as_those_of_the_default_model(embedder: BuiltInEmbedder) -> None:
    rows = embedder.embed([*SAME, *OTHER])
    cosines = rows @ rows.T
    unlike = cosines[:3, 3:]
    assert float(unlike.mean()) < 0.25, "as they come, it is .8"
    assert float(min(cosines[:3, :3].min(), cosines[3:, 3:].min())) > float(unlike.max()) + 0.1
    for asked in ("When is the bridge closed?", "Köprü ne zaman kapanıyor?", "桥什么时候关闭？"):
        near = rows @ embedder.query(asked)
        assert float(near[:3].min()) > float(near[3:].max())


def test_an_archive_of_another_model_is_refused_and_a_rebuild_mends_it(tmp_path: Path, shared_cache: Path) -> None:
    settings = Settings(archive=tmp_path / "x", cache=shared_cache, model="extractive")
    rows = [row(f"r{n}", text) for n, text in enumerate((SAME[0], OTHER[0]))]
    with Archive.open(settings=settings) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    with Archive.open(settings=settings, embeddings="multilingual") as archive:
        with pytest.raises(ArchiveMismatch, match=r"all-MiniLM.*multilingual-e5-small.*onrecord doctor --rebuild"):
            archive.search(SAME[1])
        archive.reindex(embed_again=True)
        assert archive.search(SAME[1])[0].passage.text == SAME[0]
        assert archive.search("足球队怎么样？")[0].passage.text == OTHER[0]
        assert not archive.doctor()


def test_the_real_file_cut_short_is_refused(tmp_path: Path, shared_cache: Path) -> None:
    with ensure_in_place(E5, shared_cache).open("rb") as whole:
        (tmp_path / "half.bin").write_bytes(whole.read(30_000_000))
    with pytest.raises(ModelCorrupt, match="cut short"):
        E5File(tmp_path / "half.bin")


def test_a_text_is_embedded_as_it_is_among_others(embedder: BuiltInEmbedder) -> None:
    together = embedder.embed([*SAME, "x " * 400])
    alone = np.concatenate([embedder.embed([text]) for text in SAME])
    assert float((together[:3] * alone).sum(axis=1).min()) > 0.9999


# -- questions in other languages, asked of an archive that knows English alone ----------------------

ABROAD = (
    "Eski köprü onarım için ne zaman kapatılacak?",
    "老桥什么时候关闭维修？",
    "Wann wird die alte Brücke für Reparaturen gesperrt?",
    "Quand le vieux pont sera-t-il fermé pour les réparations ?",
    "¿Cuándo se cerrará el viejo puente por obras?",
    "Когда старый мост закроют на ремонт?",
    "متى سيغلق الجسر القديم للإصلاح؟",
)
NEWS = (
    SAME[0],
    OTHER[0],
    "Teachers ended their strike after the ministry raised their pay.",
    "A storm cut power to forty villages on the coast on Monday night.",
    "The museum returned the bronze to the family from whom it had been stolen.",
    "Prices of bread rose by a tenth in a month, the statistics office said.",
)


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Archive]:
    place = tmp_path_factory.mktemp("english")
    with Archive.open(settings=Settings(archive=place / "x", cache=shared_cache, model="extractive")) as archive:
        archive.ingest(write_rows(place / "a.jsonl", *(row(f"n{n}", text) for n, text in enumerate(NEWS))))
        yield archive


@pytest.mark.parametrize("question", ABROAD)
def test_an_english_archive_is_asked_in_another_language(english: Archive, question: str) -> None:
    found = english.retrieve(question)
    assert found.hits[0].passage.text.startswith(SAME[0])
    assert english.retriever.fit(found.query) == "across"
    answer = english.ask(question)
    assert answer.answered
    assert SAME[0] in {c.quote for c in answer.citations}
    for one in answer.citations:
        article = english.get(one.article_id)
        assert article is not None and article.text[one.start : one.end] == one.quote


def test_a_question_in_english_takes_no_bridge(english: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.index.bridge.Bridge.query", lambda *_: pytest.fail("no bridge is needed"))
    assert english.ask("When will the old bridge be closed for repairs?").answered


def test_a_damaged_map_says_what_to_do(tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "bridge.npz"
    damaged.write_bytes(bridge.FILE.read_bytes()[:-9])
    for path, told in ((damaged, "not the file"), (tmp_path / "gone.npz", "can't be read")):
        monkeypatch.setattr(bridge, "FILE", path)
        with pytest.raises(ModelCorrupt, match=f"{told}.*Install onrecord again"):
            bridge.Bridge(shared_cache).query(ABROAD[0])
