"""The support check by a model trained on entailment; small ones made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag import Archive
from rag.answer.check.entailment import Entailment, chosen
from rag.errors import ModelMissing, UsageError
from rag.settings import load_settings
from rag.testing import FakeChat, FakeEmbeddings

pytestmark = pytest.mark.slow

TEXT = "The bridge over the river was closed on Monday after a barge had struck one of its pillars."
CLAIM = "The bridge over the river was shut on Monday, after one of its pillars had been struck by a barge."


def made(folder: Path, labels: list[str], bias: list[float] | None = None) -> Path:
    """A cross-encoder of two layers that knows letters, saved to a folder."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir()
    letters = "abcdefghijklmnopqrstuvwxyz.,"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    (folder / "vocab.txt").write_text("\n".join(words), "utf-8")
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: n for n, label in enumerate(labels)},
    )
    model = BertForSequenceClassification(config).eval()
    if bias is not None:
        model.classifier.bias.data = torch.tensor(bias)
    model.save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def logits(folder: Path, text: str, claim: str) -> Any:
    """What transformers says without anything of ours."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        return model(**AutoTokenizer.from_pretrained(folder)(text, claim, return_tensors="pt")).logits[0].numpy()


@pytest.mark.parametrize("labels", [["contradiction", "entailment", "neutral"], ["ENTAILMENT", "not_entailment"]])
def test_it_gives_the_probability_of_entailment(tmp_path: Path, labels: list[str]) -> None:
    folder = made(tmp_path / "m", labels)
    odds = np.exp(logits(folder, TEXT, CLAIM))
    wanted = odds[[label.casefold() for label in labels].index("entailment")] / odds.sum()
    assert Entailment(str(folder))(TEXT, CLAIM) == pytest.approx(wanted, abs=1e-5)


def test_one_number_is_log_odds(tmp_path: Path) -> None:
    folder = made(tmp_path / "m", ["LABEL_0"], [1.5])
    wanted = 1 / (1 + np.exp(-logits(folder, TEXT, CLAIM)[0]))
    assert Entailment(str(folder))(TEXT, CLAIM) == pytest.approx(wanted, abs=1e-5)


def test_labels_that_say_nothing_of_entailment_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="no label for entailment"):
        Entailment(str(made(tmp_path / "m", ["positive", "negative"])))(TEXT, CLAIM)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="nowhere"):
        Entailment(str(tmp_path / "nowhere"))(TEXT, CLAIM)


def test_the_setting_names_it() -> None:
    assert chosen("fast") is None
    assert chosen("model") is None
    assert chosen("nli:some/model") is chosen("nli:some/model")
    assert load_settings(check="nli:some/model").check == "nli:some/model"
    for wrong in ("nli:", "quick"):
        with pytest.raises(UsageError, match="check"):
            load_settings(check=wrong)


@pytest.mark.parametrize(("bias", "supported"), [([0.0, 9.0, 0.0], True), ([9.0, 0.0, 0.0], False)])
def test_it_decides_about_sentences_that_are_not_verbatim(tmp_path: Path, bias: list[float], supported: bool) -> None:
    folder = made(tmp_path / "m", ["contradiction", "entailment", "neutral"], bias)
    (tmp_path / "a.txt").write_text(f"Bridge closed\n\n{TEXT} It will open again in May.\n", "utf-8")
    settings = load_settings(archive=tmp_path / "archive", check=f"nli:{folder}")
    said = FakeChat(replies=[f"[1] {CLAIM}"])
    with Archive.open(settings=settings, embeddings=FakeEmbeddings(), chat_model=said) as archive:
        archive.ingest(tmp_path / "a.txt")
        answer = archive.ask("When was the bridge over the river closed?")
        verdict = archive.supports(CLAIM, archive.ask("When was the bridge closed?", chat_model="extractive").citations)
    assert verdict.ok is supported
    assert answer.answered and answer.summarized is supported
    assert (CLAIM in answer.text) is supported
