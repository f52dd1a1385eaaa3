"""The parser: words with what they depend on, once a sentence."""

from __future__ import annotations

import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path

import pytest

from rag.text import parser

if not parser.available():
    pytest.skip("the parser is not installed", allow_module_level=True)

SAID = "Critics say the dams will not flood villages."


def test_words_depend_on_each_other() -> None:
    (tree,) = parser.trees([SAID])
    found = {w.text: (w.lemma, w.tag, w.dep, tree[w.head].text) for w in tree}
    assert found["say"] == ("say", "VBP", "ROOT", "say")
    assert found["flood"] == ("flood", "VB", "ccomp", "say")
    assert found["dams"] == ("dam", "NNS", "nsubj", "flood")
    assert found["not"][2:] == ("neg", "flood")


def test_a_sentence_is_parsed_once() -> None:
    first, second, other = parser.trees([SAID, f"  {SAID.replace(' ', chr(10))} ", "It rained."])
    assert first is second is parser.trees([SAID])[0]
    assert [w.text for w in other] == ["It", "rained", "."]


def test_sentences_share_their_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """What each sentence has of its own is its words' places: else a thousand sentences take ten megabytes."""
    monkeypatch.setattr(parser, "_KEPT", 2)
    one, other, last = parser.trees(["The mayor left.", "The mayor spoke.", "The mayor stayed."])
    for word, same in zip(one[:2], other[:2], strict=True):
        assert all(getattr(word, part) is getattr(same, part) for part in ("text", "lemma", "tag", "dep"))
    assert parser.trees(["The mayor stayed."])[0] is last
    assert parser.trees(["The mayor left."])[0] is not one


def test_what_it_has_come_to_know_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """spaCy keeps every word that it ever met: after very many the parser is loaded anew, and reads as before."""
    old, known = parser._parser()
    (before,) = parser.documents(["Qorvanta fled."])
    monkeypatch.setattr(parser, "_NEW_WORDS", len(old.vocab.strings) - known)
    parser.documents(["Zembliforgan and Trudawex met Yolquist."])
    assert parser._parser()[0] is old, "looked at before something is read"
    (after,) = parser.documents(["Qorvanta fled."])
    assert parser._parser()[0] is not old
    assert [t.dep_ for t in after] == [t.dep_ for t in before] and before[0].text == "Qorvanta"


def test_nothing_has_no_words() -> None:
    assert parser.trees([]) == []
    assert parser.trees(["", " \n"]) == [(), ()]
    assert parser.documents([]) == []


def test_names_are_looked_for_where_they_are_wanted() -> None:
    said, other = parser.documents(["Qin Gang met Blinken.", "Blinken left Beijing."], named=lambda d: "met" in d.text)
    assert [e.text for e in said.ents] and not other.ents


def test_no_framework_is_loaded_for_it_and_all_can_be_afterwards() -> None:
    code = """
import sys, threading
from rag.text import parser
assert parser.trees(["It rained."])[0]
assert not {"torch", "tensorflow", "mxnet"} & set(sys.modules)
import torch
assert torch.zeros(1).sum() == 0
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_another_thread_imports_what_is_hidden_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mxnet.py").write_text("here = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    found: list[bool] = []
    with parser._frameworks_hidden():
        with pytest.raises(ModuleNotFoundError):
            import_module("mxnet")
        thread = threading.Thread(target=lambda: found.append(import_module("mxnet").here))
        thread.start()
        thread.join()
    assert found == [True]
    del sys.modules["mxnet"]
    assert import_module("mxnet").here
    del sys.modules["mxnet"]
