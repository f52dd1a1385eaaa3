"""What a claim and the words it cites can differ in; ``align.py`` finds it, ``judge.py`` weighs it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Differences:
    """How a claim differs from the words it cites. Counts where nothing else is said."""

    added: float = 0.0
    """Content words of the claim that the cited words don't have, as a share."""
    added_verbs: float = 0.0
    added_nouns: float = 0.0
    added_names: float = 0.0
    added_numbers: float = 0.0
    added_rest: float = 0.0
    root: float = 0.0
    """Whether the claim's main predicate is not in the cited words."""
    another: float = 0.0
    """Whether all else is there of another verb; or it "took place", and is yet to come there."""
    said: float = 0.0
    """Matched words that somebody says or believes there, and nobody here; a share."""
    said_root: float = 0.0
    """The same of predicates, a count."""
    unsure: float = 0.0
    unsure_root: float = 0.0
    condition: float = 0.0
    plan: float = 0.0
    plan_root: float = 0.0
    negation: float = 0.0
    """Predicates that one affirms and the other denies."""
    negation_other: float = 0.0
    """Negations in one text only."""
    future: float = 0.0
    speaker: float = 0.0
    """Whether what somebody says is said by somebody else in the cited words."""
    speech_added: float = 0.0
    """Whether it makes somebody's words of what nobody says there."""
    swapped: float = 0.0
    """Predicates whose doer is the sufferer there."""
    other_role: float = 0.0
    """Predicates done by, or to, somebody else, who is in the cited words too."""
    moved: float = 0.0
    """Names and numbers that belong to another predicate there."""
    instead: float = 0.0
    """Phrases of another verb there, where the verb that they stand by here has one of its own."""
    placed: float = 0.0
    """Names and years that stand behind another preposition there."""
    exchanged: float = 0.0
    """Whether two have changed their prepositions: "from Omsk to Berlin" of "from Berlin to Omsk"."""
    counted: float = 0.0
    """Numbers that are of something else there, though what they count here is there too."""
    counted_new: float = 0.0
    """Numbers of what is not there."""
    universal: float = 0.0
    """"all", "never", "only" … that the cited words don't have."""
    partial: float = 0.0
    """"some", "a quarter of" … of a matched word that the claim leaves out."""
    bound: float = 0.0
    """"up to", "at least", "nearly" … before a number that the claim leaves out."""
    bound_turned: float = 0.0
    private: float = 0.0
    """"former", "alleged" … of a matched word that the claim leaves out."""
    cause: float = 0.0
    present: float = 0.0
    """Whether the claim tells in the present what the cited words tell in the past."""
    ordered: float = 0.0
    """"before", "first", "more" … that the cited words don't have; less where little is in their order."""
    turned: float = 0.0
    """Whether what stands on either side of "more", "before", "than" … has changed places."""
    copied: float = 0.0
    """Whether nearly all of its words are there, and nearly in their order: what differs was changed on purpose."""
    close: float = 0.0
    """The same, times what was added."""
    length: float = 0.0
    """Content words of the claim."""


__all__ = ["Differences"]
