"""Who is one person: speakers as articles name them, put together by full name, and by hand.

Within an article its reader gives everybody the fullest name there ("Mr Qin" is Qin Gang). Across articles a full name
is one person, whatever office they hold; a surname alone, or a description, is nobody else until somebody says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import UsageError
from rag.text.lexicon import lexicon
from rag.text.tokens import terms
from rag.text.word_lists import Grammar

if TYPE_CHECKING:
    from rag.index.quote_store import QuoteStore

Form = tuple[str, str | None]
"""(speaker, role) as articles have them."""
_ADDRESS = frozenset(terms(" ".join(lexicon("en").section(Grammar).forms_of_address)))
_ARTICLES = frozenset(("a", "an", "the", "some", "his", "her", "their"))


@dataclass(frozen=True)
class Person:
    """Somebody who speaks."""

    key: str
    """What they are asked for by; it holds until names are put together or apart."""
    name: str
    """Their most frequent name; with their office where another person has the same."""
    forms: tuple[tuple[str, str | None, int], ...]
    """(speaker, role, number of quotes), most quotes first."""
    by_hand: bool
    """Whether somebody has put names together or apart here."""

    @property
    def quotes(self) -> int:
        """How many quotes they have."""
        return sum(n for _, _, n in self.forms)


def people(store: QuoteStore) -> list[Person]:
    """Everybody who speaks in an archive, those with most quotes first."""
    by_hand = store.speaker_groups()
    of_name: dict[str, set[int]] = {}
    for (name, _), group in by_hand.items():
        of_name.setdefault(_name_key(name), set()).add(group)
    found: dict[str, list[tuple[str, str | None, int]]] = {}
    for name, role, n in store.speakers():
        key = _name_key(name)
        if (name, role) in by_hand:
            whose = f"hand:{by_hand[name, role]}"
        elif len(groups := of_name.get(key, set())) == 1 and _is_full(name):
            whose = f"hand:{min(groups)}"  # a new office of somebody who was put together
        else:
            whose = f"name:{key}" if _is_full(name) else f"as:{name.casefold()}"
        found.setdefault(whose, []).append((name, role, n))
    named = [(key, _called(forms), forms) for key, forms in found.items()]
    often = Counter(name for _, name, _ in named)
    made = []
    for key, name, forms in named:
        forms = sorted(forms, key=lambda f: (-f[2], f[0], f[1] or ""))
        role = next((r for _, r, _ in forms if r), None)
        shown = f"{name}, {role}" if often[name] > 1 and role else name
        made.append(Person(key, shown, tuple(forms), key.startswith("hand:")))
    return sorted(made, key=lambda p: (-p.quotes, p.name))


def forms_of(store: QuoteStore, key: str) -> list[Form]:
    """The forms of a person's name.

    Raises:
        UsageError: There is no such person.
    """
    return [(name, role) for name, role, _ in _person(store, key).forms]


def widened(store: QuoteStore, forms: Sequence[Form]) -> list[Form]:
    """Forms of a name, with those that were put together with them by hand."""
    if not store.speaker_groups():
        return list(forms)
    wanted = set(forms)
    more = [
        (name, role)
        for person in people(store)
        if person.by_hand and any((n, r) in wanted for n, r, _ in person.forms)
        for name, role, _ in person.forms
    ]
    return list(dict.fromkeys([*forms, *more]))


def put_together(store: QuoteStore, keys: Sequence[str]) -> None:
    """Make one person of several.

    Raises:
        UsageError: Fewer than two were named, or one is not there.
    """
    if len(set(keys)) < 2:
        raise UsageError("Name two people to put together.")
    forms = [form for key in dict.fromkeys(keys) for form in forms_of(store, key)]
    store.group_speakers([forms])


def take_apart(store: QuoteStore, key: str, form: Form) -> None:
    """Make one form of a person's name another person.

    Raises:
        UsageError: There is no such person, or it is the only form.
    """
    forms = forms_of(store, key)
    rest = [f for f in forms if f != form]
    if len(rest) == len(forms) or not rest:
        raise UsageError("There is nothing to take apart: the person has no such name, or no other.")
    store.group_speakers([[form], rest])


def as_found(store: QuoteStore, key: str) -> None:
    """Forget what was put together or apart by hand of a person.

    Raises:
        UsageError: There is no such person.
    """
    names = {_name_key(name) for name, _ in forms_of(store, key)}
    store.ungroup_speakers([form for form in store.speaker_groups() if _name_key(form[0]) in names])


def _person(store: QuoteStore, key: str) -> Person:
    for person in people(store):
        if person.key == key:
            return person
    raise UsageError("This person is no longer there: names were put together or apart meanwhile. Search again.")


def _name_key(name: str) -> str:
    """A name without forms of address, case and accents."""
    return " ".join(t for t in terms(name) if t not in _ADDRESS)


def _is_full(name: str) -> bool:
    """Whether it is a full name, and no description: "Qin Gang", but not "Qin" or "a police spokesman"."""
    words = name.split()
    return len(_name_key(name).split()) > 1 and words[0].lower() not in _ARTICLES and words[-1][:1].isupper()


def _called(forms: Sequence[tuple[str, str | None, int]]) -> str:
    """The name that a person goes by: a full one, the one with most quotes."""
    counts: Counter[str] = Counter()
    for name, _, n in forms:
        counts[name] += n
    return max(counts, key=lambda name: (_is_full(name), counts[name], -len(name), name))


__all__ = ["Person", "as_found", "forms_of", "people", "put_together", "take_apart", "widened"]
