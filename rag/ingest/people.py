"""Who is who in an article: full names, and what the article calls them, by their shape alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from rag.text.lexicon import alternation, lexicon
from rag.text.names import bare, is_role, is_start, own_name
from rag.text.word_lists import Grammar, Names

_GRAMMAR = lexicon("en").section(Grammar)
_WORDS = lexicon("en").section(Names)
_WORD = r"(?:[A-ZÀ-ÖØ-ÞĀ-Ž]\.|[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’\-]*|al-\w+)"
_SMALL = rf"(?:{alternation(_GRAMMAR.name_particles)})"
_NAME = re.compile(rf"{_WORD}(?: (?:{_WORD}|{_SMALL}(?= [A-ZÀ-ÞĀ-Ž])))*")

_OPEN = re.compile(r"(?:^|(?<=[\s“\"(]))")  # where a word may begin
_BEFORE = re.compile(rf"{_OPEN.pattern}(?:(?:{_WORD}|{_SMALL}) ){{1,4}}\Z")
_BEHIND = re.compile(rf"(?: {_WORD}){{1,2}}")
_GOES_ON = re.compile(r"[\w-]")

_BARE = _GRAMMAR.forms_of_address | _WORDS.bare_roles
_JOINS = _WORDS.role_joins
_QUALIFIES = _WORDS.role_qualifiers
_AFTER = re.compile(
    rf"^, (?:who (?:is|was) )?(?:{alternation(_WORDS.after_names)})? ?"
    r"(?P<role>[^,.;:()“”\"]{3,90}?)(?=[,.;]|\s+who\b|\s+and\b|$)"
)

_OWNED = re.compile(r"(?:[a-z][\w-]* )?[a-z][\w-]*['’]s? ")
"""How a role begins that is somebody's who has no name."""

_STATES = re.compile(rf"\b(?:{alternation(_GRAMMAR.auxiliaries, _WORDS.clause_verbs)})\b")


def _plain(character: str) -> str:
    """A character without its marks: ğ as g; always one."""
    return unicodedata.normalize("NFD", character)[0] if character > "\x7f" else character


def _places(text: str, sought: str) -> Iterator[int]:
    at = text.find(sought) if sought else -1
    while at >= 0:
        yield at
        at = text.find(sought, at + len(sought))


class People:
    """The persons of one article."""

    def __init__(self, title: str, text: str) -> None:
        """Take an article."""
        self._whole = f"{text}\n{title}"
        self._plain = "".join(map(_plain, self._whole))  # in step with the other
        self._full: dict[str, str] = {}
        self._roles: dict[str, str | None] = {}

    def full(self, name: str) -> str:
        """The fullest form of a name that the article has, by its last word: "Minnis" as "Hubert Minnis"."""
        if name not in self._full:
            self._full[name] = self._longest(name)
        return self._full[name]

    def _longest(self, name: str) -> str:
        counts: dict[str, int] = {}
        sought = "".join(map(_plain, name))
        for runs in (self._ending, self._beginning) if " " not in name else (self._ending,):
            for start, end in runs(sought):
                words = bare(own_name(self._whole[:start][-5:], self._whole[start:end].rstrip(".,").split()))
                owner = max((n for n, w in enumerate(words[:-1]) if w.endswith(("'s", "’s"))), default=-1)
                words = words[owner + 1 :]  # "Hong Kong's Carrie Lam"
                while words and (is_start(words[0]) or (words[0].isupper() and len(words[0]) > 1)):
                    words = words[1:]
                found = re.sub(r"['’]s$", "", " ".join(words))
                if 2 <= len(found.split()) <= 4 and sought in "".join(map(_plain, found)):
                    counts[found] = counts.get(found, 0) + 1
            if counts:
                break
        best = max(counts, key=lambda f: (counts[f], len(f)), default=name)
        return best if len(best) >= len(name) else name

    def _ending(self, sought: str) -> Iterator[tuple[int, int]]:
        """Where up to four words of a name stand before what is sought, with it."""
        free = 0  # names don't overlap
        for at in _places(self._plain, sought):
            end = at + len(sought)
            # The window is wider than four words, so that its own edge is not taken for a word's.
            if not _GOES_ON.match(self._plain, end) and (m := _BEFORE.search(self._plain, max(free, at - 160), at)):
                yield m.start(), end
                free = end

    def _beginning(self, sought: str) -> Iterator[tuple[int, int]]:
        """Where one or two words of a name stand behind what is sought, with it."""
        for at in _places(self._plain, sought):
            if _OPEN.match(self._plain, at) and (m := _BEHIND.match(self._plain, at + len(sought))):
                yield at, m.end()

    def role(self, name: str) -> str | None:
        """What the article calls somebody, where it first gives the name with it."""
        if name not in self._roles:
            found = next((r for m in re.finditer(re.escape(name), self._whole) if (r := self._at(m))), None)
            self._roles[name] = self.whose(found)
        return self._roles[name]

    def whose(self, role: str | None) -> str | None:
        """A role with the article that belongs to whose it is: "the operator's director", not "operator's director"."""
        if role and _OWNED.match(role) and (m := re.search(rf"\b(an?|the) {re.escape(role)}", self._whole, re.I)):
            return f"{m[1].lower()} {role}"
        return role

    def _at(self, m: re.Match[str]) -> str | None:
        before = re.split(r"[,.;:()“”\"\n—]", self._whole[max(0, m.start() - 90) : m.start()])[-1].split()
        kept: list[str] = []
        for word in reversed(before):
            if not (
                word[:1].isupper()
                or is_role(word)
                or word.lower() in _JOINS
                or word.lower() in _QUALIFIES
                or "-" in word
            ):
                break
            kept.insert(0, word)
        while kept and (kept[0].lower() in _JOINS or is_start(kept[0])):
            kept.pop(0)
        kept = _own_role(kept)
        if any(is_role(w) and w.lower().rstrip(".") not in _BARE for w in kept):
            return " ".join(kept)
        if (
            (after := _AFTER.match(self._whole[m.end() : m.end() + 140]))
            and any(is_role(w) for w in after["role"].split())
            and not _STATES.search(after["role"])
        ):  # "On Taiwan, the minister was blunter still" calls nobody a minister
            return after["role"].strip()
        return None


def _own_role(words: list[str]) -> list[str]:
    """What stands before a name without what is somebody else's.

    "President Ann Lee and Foreign Minister" is "Foreign Minister", "President Ann" of "Lee" is "President", and what
    "and" ends is the other's altogether, but for what both are: "Senators Ann Lee and" is "Senator".
    """
    if words and words[-1].lower() == "and":
        both = max(
            (n for n, w in enumerate(words) if is_role(w) and is_role(w.removesuffix("s")) and w[-1] == "s"), default=-1
        )
        return [*words[:both], words[both].removesuffix("s")] if both >= 0 else []
    while words and words[-1].lower().rstrip(".") in _JOINS | _BARE:
        words = words[:-1]
    for at in (n for n in range(len(words) - 1, 0, -1) if words[n].lower() == "and"):
        if _role_alone(words[:at]) != words[:at]:
            return words[at + 1 :]
    return _role_alone(words)


def _role_alone(words: list[str]) -> list[str]:
    """Without the name that follows a role: ["President", "Ann", "Lee"] as ["President"]; "Minister of Trade" stays."""
    last = max((n for n, w in enumerate(words) if is_role(w)), default=len(words))
    behind = words[last + 1 :]
    if behind and all(w[:1].isupper() and w.lower() not in _QUALIFIES for w in behind):
        return words[: last + 1]
    return words
