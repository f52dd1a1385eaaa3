"""What fails the check is withheld; checks of other packages; the slower check."""

from __future__ import annotations

import re
from typing import Any

import pytest
from answer.bridge_texts import QUESTION, TRUE, marked, texts, told
from helpers import assert_cited

from rag import Archive
from rag.answer.check.verify import Cited
from rag.errors import ModelFailed, PluginError
from rag.testing import FakeChat

# -- what is not -----------------------------------------------------------------------

WRONG = [
    "Engineers found cracks in three of the nine piers during an inspection in March. [#]",
    "Engineers found cracks in two of the nine piers during an inspection in April. [#]",
    "Engineers found no cracks in the nine piers during an inspection in March. [#]",
    "Maren Holt found cracks in two of the nine piers of Sydney during an inspection in March. [#]",
    "Maren Holt called the bridge “a danger to every driver”. [#]",
    "The United States won the 2022 World Cup. [#]",
    "“We would rather close it later than be sorry now,” said Maren Holt. [#]",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_fails_the_check_is_never_in_a_delta(bridge: Archive, chat: FakeChat, wrong: str) -> None:
    chat.replies = told("cracks", f"{wrong}\n{TRUE} [#]\n{wrong}")
    events = list(bridge.stream(QUESTION))
    answer = events[-1].answer  # type: ignore[union-attr]
    claim = wrong.removesuffix(" [#]")
    assert claim not in texts(events)
    assert claim not in answer.text
    assert answer.answered
    assert [w.text for w in answer.withheld] == [claim], "once, though it was said twice"
    assert answer.withheld[0].why
    assert_cited(bridge, answer)
    chat.replies = told("cracks", wrong)
    quoted = bridge.ask(QUESTION)
    assert quoted.answered, "the quotes stand, whatever the model makes of them"
    assert not quoted.summarized
    assert [w.text for w in quoted.withheld] == [claim]
    assert claim not in quoted.text
    assert quoted.text == "\n".join(f"{c.quote} [{c.number}]" for c in quoted.citations)
    assert_cited(bridge, quoted)


def test_text_between_typographic_quotes_stands_in_the_cited_sentence(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told(
        "sorry later", "Maren Holt said “We would rather close it now than be sorry later” of the bridge. [#]"
    )
    answer = bridge.ask("What did Maren Holt say of the Old Harbour Bridge?")
    assert answer.answered, answer.withheld
    (span,) = re.findall("“([^”]*)”", answer.text)
    assert span in answer.citations[0].quote


class Forbids:
    """A check of another package: no statement has these words."""

    def __init__(self, words: str, error: BaseException | None = None) -> None:
        self.words = words
        self.asked: list[tuple[str, Cited, str]] = []
        self.error = error

    def check(self, statement: str, cited: Cited, question: str) -> str | None:
        self.asked.append((statement, cited, question))
        if self.error:
            raise self.error
        return f"{self.words!r} is not to be said" if self.words in statement else None


@pytest.mark.parametrize("model", [None, "none"])
def test_a_check_of_another_package_can_reject_a_quote(
    bridge: Archive, chat: FakeChat, add: Any, model: str | None
) -> None:
    chat.replies = ["NOT FOUND"]
    check = Forbids("ngineers")
    add("checks", "no-engineers", check)
    answer = bridge.ask(QUESTION, chat_model=model)
    assert "ngineers" not in answer.text
    assert "will close to cars" in answer.text
    assert answer.withheld == (), "what no model said is not told"
    cited = next(c for statement, c, _ in check.asked if statement == TRUE)
    assert cited.texts == [TRUE] and "Old Harbour Bridge to close" in cited.label and TRUE in cited.around
    assert {q for _, _, q in check.asked} == {QUESTION}
    assert_cited(bridge, answer)


def test_a_check_of_another_package_can_reject_a_sentence_of_a_summary(
    bridge: Archive, chat: FakeChat, add: Any
) -> None:
    check = Forbids("bridge piers")
    add("checks", "no-piers", check)
    said = "Engineers found cracks in two of the nine bridge piers."
    wrong = "Engineers found cracks in three of the nine bridge piers."
    chat.replies = told("cracks", f"{said} [#]\n{TRUE} [#]\n{wrong} [#]")
    answer = bridge.ask(QUESTION)
    assert answer.text == marked(TRUE, answer)
    assert answer.withheld[0].text == said and answer.withheld[0].why == "'bridge piers' is not to be said"
    statements = [s for s, _, _ in check.asked]
    assert said in statements and wrong not in statements, "only what has passed is asked about"
    cited = next(c for statement, c, _ in check.asked if statement == said)
    assert cited.texts == [TRUE] and "Old Harbour Bridge to close" in cited.label and TRUE in cited.around


def test_a_check_that_fails_is_named(bridge: Archive, chat: FakeChat, add: Any) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]")
    check = Forbids("ngineers", ZeroDivisionError("division by zero"))
    add("checks", "no-engineers", check)
    with pytest.raises(PluginError, match=r"no-engineers.*ZeroDivisionError: division by zero"):
        bridge.ask(QUESTION)
    check.error = ModelFailed("It can't be told.")
    with pytest.raises(ModelFailed, match="told"):
        bridge.ask(QUESTION)


@pytest.mark.parametrize(("judged", "shown"), [("Yes.", True), ("No", False)])
def test_with_the_slower_check_the_model_is_asked_about_every_sentence_in_other_words(
    bridge: Archive, chat: FakeChat, judged: str, shown: bool
) -> None:
    bridge.settings = bridge.settings.model_copy(update={"check": "model"})
    in_other_words = "During an inspection in March, engineers found cracks in the piers. [#]"

    def reply(messages: Any) -> str:
        asked = str(messages[-1].content)
        return judged if "Answer Yes or No" in asked else told("cracks", in_other_words)(messages)

    chat.replies = reply
    answer = bridge.ask(QUESTION)
    assert answer.summarized is shown
    assert answer.answered
    if not shown:
        assert "probability of support" in answer.withheld[0].why
