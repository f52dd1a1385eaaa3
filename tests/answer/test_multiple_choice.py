"""Multiple choice: how the choices are put, and what is made of what a model says."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import many, row, write_rows
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import Field

from rag import Archive, Choice
from rag.answer import multiple_choice
from rag.answer.evidence import Numbered
from rag.errors import ArchiveMissing, ModelFailed, UsageError
from rag.testing import FakeChat, FakeEmbeddings
from rag.types import Passage

BRIDGE = (
    "The Old Harbour Bridge will close to cars for eleven weeks from 7 June, the port authority said on Monday. "
    "Engineers found cracks in two of the nine piers during an inspection in March."
)
QUESTION = "What did engineers find in the piers of the bridge?"
CHOICES = ["Rust", "Old shells", "Cracks", "Oil"]


class Lettered(FakeChat):
    """A model that tells the probabilities of its first token, as the local one does."""

    told: Mapping[str, float] = {}
    options: dict[str, Any] = Field(default_factory=dict)

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        self.options.update({k: v for k, v in kwargs.items() if k != "run_manager"})
        (made,) = super()._generate(*args, **kwargs).generations
        candidates = [{"token": t, "logprob": math.log(p)} for t, p in self.told.items()]
        message = AIMessage(
            content=made.text,
            response_metadata={"logprobs": {"content": [{"top_logprobs": candidates}] if candidates else []}},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])


class Structured(FakeChat):
    """A model whose provider holds it to a schema."""

    parsed: Any = None
    schemas: list[Any] = Field(default_factory=list)

    def with_structured_output(self, schema: Any, *, include_raw: bool = False, **kwargs: Any) -> Runnable[Any, Any]:
        assert include_raw
        self.schemas.append(schema)

        def answer(messages: Any) -> dict[str, Any]:
            raw = self.invoke(messages)
            if isinstance(self.parsed, BaseException):
                raise self.parsed
            return {"raw": raw, "parsed": self.parsed, "parsing_error": None}

        return RunnableLambda(answer)


ASKED = [HumanMessage("Which?")]


# -- how choices are put ---------------------------------------------------------------


def test_choices_are_lettered_lines() -> None:
    assert multiple_choice.listed(["Rust", "Old\n  shells ", "Cracks"]) == "A. Rust\nB. Old shells\nC. Cracks"
    assert multiple_choice.listed([str(n) for n in range(20)]).splitlines()[-1] == "T. 19"


@pytest.mark.parametrize("number", [0, 1, 21, 100])
def test_too_few_and_too_many_choices(number: int) -> None:
    with pytest.raises(UsageError, match=f"There are {number} choices; give 2 to 20"):
        multiple_choice.listed(["x"] * number)


# -- the local model -------------------------------------------------------------------


def test_letters_are_weighed_by_their_first_token() -> None:
    chat = Lettered(["B"], told={"B": 0.6, "A": 0.2, "The": 0.1, "D": 0.05, " X": 0.01})
    weights, message = multiple_choice.by_letter(chat, ASKED, 4)
    assert sum(weights) == pytest.approx(1)
    assert weights[1] / weights[0] == pytest.approx(3)
    assert weights[0] / weights[3] == pytest.approx(4)
    assert weights[2] / weights[3] == pytest.approx(0.01 / 0.05), "one not told of has the least that was told"
    assert message.text == "B"
    assert chat.options["grammar"] == 'root ::= "A" | "B" | "C" | "D"'
    assert (chat.options["max_tokens"], chat.options["temperature"]) == (1, 0.0)
    assert (chat.options["logprobs"], chat.options["top_logprobs"]) == (True, 20)


def test_tokens_that_are_one_letter_with_and_without_a_space() -> None:
    weights, _ = multiple_choice.by_letter(Lettered(["A"], told={"A": 0.5, " A": 0.1, " B": 0.3, "B": 0.05}), ASKED, 2)
    assert weights[0] / weights[1] == pytest.approx(0.5 / 0.3), "the likelier one of each counts"


def test_a_local_model_that_says_nothing() -> None:
    with pytest.raises(ModelFailed, match="Ask again"):
        multiple_choice.by_letter(Lettered([""]), ASKED, 3)


@given(
    told=st.dictionaries(
        st.sampled_from([*"ABCDEFGHIJKLMNOPQRST", " A", "the", "\n"]), st.floats(1e-12, 1.0), min_size=1, max_size=20
    ),
    number=st.integers(2, 20),
)
def test_shares_are_shares(told: dict[str, float], number: int) -> None:
    weights, _ = multiple_choice.by_letter(Lettered(["A"], told=told), ASKED, number)
    assert len(weights) == number
    assert sum(weights) == pytest.approx(1)
    assert all(0 <= w <= 1 for w in weights)
    known = {"ABCDEFGHIJKLMNOPQRST".index(t): p for t, p in told.items() if t in "ABCDEFGHIJKLMNOPQRST"[:number]}
    if known and " A" not in told:
        best = max(known, key=lambda n: known[n])
        assert weights[best] == max(weights)


# -- other models ----------------------------------------------------------------------


def test_other_models_are_held_to_a_schema() -> None:
    chat = Structured(["{...}"], parsed={"letter": "C"})
    weights, raw = multiple_choice.by_schema(chat, ASKED, 4)
    assert weights == [0.0, 0.0, 1.0, 0.0]
    assert raw is not None and raw.text == "{...}"
    (schema,) = chat.schemas
    assert schema["properties"]["letter"]["enum"] == ["A", "B", "C", "D"]
    assert schema["required"] == ["letter"]
    assert schema["title"]


@pytest.mark.parametrize("parsed", [None, {}, {"letter": "E"}, {"letter": "c"}, {"letter": None}, {"choice": "A"}])
def test_an_answer_outside_the_schema_is_the_models_failure(parsed: Any) -> None:
    with pytest.raises(ModelFailed, match=r"outside the choices.*another model"):
        multiple_choice.by_schema(Structured(["x"], parsed=parsed), ASKED, 4)


def test_a_model_without_structured_output_says_what_to_do() -> None:
    with pytest.raises(ModelFailed, match=r"FakeChat can't be held to a choice\. Use local, extractive or"):
        multiple_choice.by_schema(FakeChat(["A"]), ASKED, 2)


# -- no model --------------------------------------------------------------------------


def embed(texts: Sequence[str]) -> Any:
    return np.array(FakeEmbeddings().embed_documents(list(texts)), np.float32)


def numbered(*texts: str, scores: Sequence[float] | None = None) -> list[Numbered]:
    return [
        Numbered(
            number=n,
            article_id="a",
            start=0,
            end=len(text),
            text=text,
            passage=Passage(id="a:0", article_id="a", start=0, end=len(text), text=text, sentences=(), title="T"),
            score=1.0 if scores is None else scores[n - 1],
        )
        for n, text in enumerate(texts, 1)
    ]


def test_the_evidence_speaks_for_the_choice_whose_words_it_has() -> None:
    evidence = numbered("The ferry sails at noon.", "Engineers found cracks in two of the nine piers.")
    weights = multiple_choice.by_evidence(QUESTION, CHOICES, evidence, embed)
    assert weights.index(max(weights)) == 2
    assert sum(weights) == pytest.approx(1)
    assert weights == multiple_choice.by_evidence(QUESTION, CHOICES, evidence, embed)
    turned = multiple_choice.by_evidence(QUESTION, CHOICES[::-1], evidence, embed)
    assert turned == pytest.approx(weights[::-1]), "the order of the choices makes no difference"


def test_words_of_the_question_speak_for_no_choice() -> None:
    evidence = numbered("Engineers found cracks in the piers of the bridge.")
    weights = multiple_choice.by_evidence(
        QUESTION, ["Rust in the piers of the bridge", "Cracks and holes"], evidence, embed
    )
    assert weights[1] > weights[0]


def test_a_sentence_nearer_to_the_question_weighs_more() -> None:
    texts = ("Rust was found on the railings.", "Cracks were found in the piers.")
    for scores, right in (((0.2, 1.0), 1), ((1.0, 0.2), 0)):
        weights = multiple_choice.by_evidence(
            "What was found?", ["Rust", "Cracks"], numbered(*texts, scores=scores), embed
        )
        assert weights.index(max(weights)) == right


@pytest.mark.parametrize("choices", [["Oslo", "Bergen"], ["", ""], ["?", "!"], ["是", "否"], ["same", "same"]])
def test_without_anything_to_go_by_all_are_alike(choices: list[str]) -> None:
    assert multiple_choice.by_evidence("Where?", choices, [], embed) == [0.5, 0.5]
    found = multiple_choice.by_evidence(
        "Where?", choices, numbered("Nothing of the kind was said.", scores=[0.0]), embed
    )
    assert sum(found) == pytest.approx(1)


# -- an archive chooses ----------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    bridge = row("bridge", BRIDGE, title="Old Harbour Bridge to close", published="2021-05-03", source="City Herald")
    with Archive.open(folder / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(folder / "a.jsonl", *many(4), bridge))
    return folder / "x"


@pytest.fixture
def bridge(built: Path, archive: Archive) -> Archive:
    shutil.copytree(built, archive.path)
    return archive


def test_the_extractive_engine_chooses(bridge: Archive, chat: FakeChat) -> None:
    found = bridge.choose(QUESTION, CHOICES, chat_model="extractive")
    assert found.choice == 2
    assert found.choices == tuple(CHOICES)
    assert sum(found.probabilities) == pytest.approx(1, abs=1e-5)
    assert max(found.probabilities) == found.probabilities[2]
    assert (found.model, found.prompt) == ("extractive", None)
    assert found.fingerprint == bridge.fingerprint
    assert found.question == QUESTION
    assert found.hits == tuple(bridge.search(QUESTION))
    assert {"retrieve", "choose", "total"} == found.timings_ms.keys()
    assert chat.seen == []
    assert bridge.choose(QUESTION, CHOICES, chat_model="extractive").probabilities == found.probabilities
    assert Choice.model_validate_json(found.model_dump_json()) == found
    assert json.loads(found.model_dump_json())["choice"] == 2


def test_another_model_chooses_from_numbered_sentences(built: Path) -> None:
    chat = Structured(["{}"], parsed={"letter": "B"})
    with Archive.open(built, chat_model=chat, embeddings=FakeEmbeddings()) as archive:
        found = archive.choose(QUESTION, CHOICES)
    assert (found.choice, found.probabilities) == (1, (0.0, 1.0, 0.0, 0.0))
    assert found.model == "fake-chat"
    assert found.prompt is not None and found.prompt.startswith("choose@")
    assert found.usage.input_tokens > 50
    (messages,) = chat.seen
    shown = str(messages[-1].text)
    assert "Engineers found cracks in two of the nine piers" in shown
    assert shown.endswith(f"Question: {QUESTION}\nA. Rust\nB. Old shells\nC. Cracks\nD. Oil")


def test_choosing_takes_the_filters_of_search(bridge: Archive) -> None:
    found = bridge.choose(QUESTION, CHOICES, chat_model="extractive", articles=["story-1"], k=3)
    assert {h.passage.title for h in found.hits} == {"Storm at Port 1"}
    assert found.query.articles == (bridge.get("story-1").id,)
    none = bridge.choose(QUESTION, CHOICES, chat_model="extractive", sources=["Nobody"])
    assert none.hits == ()
    assert none.probabilities == (0.25, 0.25, 0.25, 0.25)


def test_without_evidence_a_model_is_told_so(built: Path) -> None:
    chat = Structured(["{}"], parsed={"letter": "A"})
    with Archive.open(built, chat_model=chat, embeddings=FakeEmbeddings()) as archive:
        assert archive.choose(QUESTION, CHOICES, sources=["Nobody"]).choice == 0
    assert "(nothing)" in str(chat.seen[0][-1].text)


@pytest.mark.parametrize("model", [None, "extractive"])
@pytest.mark.parametrize("number", [0, 1, 21])
def test_one_choice_and_too_many_make_no_sense(bridge: Archive, chat: FakeChat, model: str | None, number: int) -> None:
    with pytest.raises(UsageError, match="give 2 to 20"):
        bridge.choose(QUESTION, ["x"] * number, chat_model=model)
    assert chat.seen == []


def test_what_else_can_go_wrong(bridge: Archive, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        bridge.choose(" ", CHOICES)
    with pytest.raises(ModelFailed, match="can't be held to a choice"):
        bridge.choose(QUESTION, CHOICES)
    with pytest.raises(ArchiveMissing), Archive.open(tmp_path / "none", embeddings=FakeEmbeddings()) as none:
        none.choose(QUESTION, CHOICES, chat_model="extractive")


def test_what_a_provider_raises_is_the_models_failure(built: Path) -> None:
    chat = Structured(["{}"], parsed=ConnectionError("no route\nto host"))
    with (
        Archive.open(built, chat_model=chat, embeddings=FakeEmbeddings()) as archive,
        pytest.raises(ModelFailed, match=r"fake-chat failed: no route\. Ask again") as caught,
    ):
        archive.choose(QUESTION, CHOICES)
    assert isinstance(caught.value.__cause__, ConnectionError)
