"""Multiple choice and brief answers with the embedded language model, over the sample corpus."""

from __future__ import annotations

import pytest
from helpers import assert_cited

from rag import Archive
from rag.text.normalize import contains

pytestmark = pytest.mark.models

QUIZ = [
    (
        "Where was the Chinese balloon shot down?",
        ["Over the mountains of Montana", "Off the coast of South Carolina", "Near Hawaii", "Over Mexico"],
        1,
    ),
    (
        "Where did Xi receive Blinken?",
        ["At the airport", "In a hotel", "At the Great Hall of the People", "In Shanghai"],
        2,
    ),
    (
        "At what time did the eruption near Litli-Hrútur begin?",
        ["At about 4.40 pm", "At midnight", "At 6 in the morning", "At noon"],
        0,
    ),
]


@pytest.mark.parametrize(("question", "choices", "right"), QUIZ, ids=["balloon", "hall", "eruption"])
def test_the_local_model_chooses_what_the_articles_say(
    sample_archive: Archive, question: str, choices: list[str], right: int
) -> None:
    found = sample_archive.choose(question, choices, chat_model="local")
    assert found.choice == right, found.probabilities
    assert found.probabilities[right] == max(found.probabilities) > 0.5
    assert sum(found.probabilities) == pytest.approx(1, abs=1e-4)
    assert found.model == "local"
    assert found.prompt is not None and found.prompt.startswith("choose@")
    assert found.usage.output_tokens <= 1
    again = sample_archive.choose(question, choices, chat_model="local")
    assert again.choice == found.choice
    # How much of the prompt was read before decides what is computed together, and so the last digits.
    assert again.probabilities == pytest.approx(found.probabilities, abs=0.02)
    turned = sample_archive.choose(question, choices[::-1], chat_model="local")
    assert turned.choices[turned.choice] == choices[right], "wherever it stands"


def test_a_brief_answer_has_the_words_of_the_answer_or_of_its_source(sample_archive: Archive) -> None:
    briefs = []
    easy = (
        ("How many minutes did Xi’s meeting with Blinken last?", "35"),
        ("What temperature did Sarrano reach in July 2023?", "44.6"),
    )
    assert sample_archive.ask(easy[0][0], chat_model="local").brief is None, "nobody asked for one"
    for question, right in easy:  # the model has read the first one's prompt
        answer = sample_archive.ask(question, chat_model="local", brief=True)
        assert answer.answered, answer.withheld
        assert_cited(sample_archive, answer)
        assert "brief" in answer.timings_ms
        if answer.brief is not None:
            assert any(contains(text, answer.brief) for text in (answer.text, *(c.quote for c in answer.citations)))
            assert len(answer.brief) < max(len(t) for t in (answer.text, *(c.quote for c in answer.citations)))
            briefs.append(right in answer.brief)
    assert any(briefs), "at least one of two easy ones is made brief, and rightly"
