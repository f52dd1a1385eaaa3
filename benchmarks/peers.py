"""One system taking articles in and searching them: ``python benchmarks/peers.py SYSTEM WHAT JSON``.

A script by itself, in a process of its own, so that other checkouts and environments can run it: it imports nothing of
this package. Systems: ``onrecord`` (whichever the running Python has installed), ``langchain`` (LangChain with Chroma,
as every tutorial has them) and ``txtai``; both embed with the model that OnRecord uses too, from the same folder.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CHUNK, OVERLAP = 1000, 100  # characters, as in the tutorials
_LIBRARIES = {
    "onrecord": ("rag",),
    "langchain": ("langchain_chroma", "langchain_huggingface", "langchain_text_splitters"),
    "txtai": ("txtai", "langchain_text_splitters"),
}


def _texts(file: str) -> Iterator[tuple[str, dict[str, str]]]:
    with Path(file).open(encoding="utf-8") as rows:
        for line in rows:
            row = json.loads(line)
            yield row["text"], {"url": str(row.get("url") or ""), "title": row.get("title") or ""}


def _chunks(file: str) -> list[Any]:
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    documents = [Document(text, metadata=told) for text, told in _texts(file)]
    return RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP).split_documents(documents)


Search = Callable[[str, int], int]
"""From a question and how many hits are wanted to how many there are."""


def onrecord(a: dict[str, Any]) -> tuple[Callable[[], object], Callable[[], Search]]:
    """What takes articles in, and what makes a search of what was taken in."""
    from rag import Archive

    def ingest() -> object:
        with Archive.open(a["folder"], chat_model="extractive") as archive:
            archive.stores.embedder.embed(["warm"])
            yield_ready()
            return archive.ingest(a["file"])

    def searching() -> Search:
        archive = Archive.open(a["folder"], chat_model="extractive")
        return lambda question, k: len(archive.search(question, k=k))

    return ingest, searching


def langchain(a: dict[str, Any]) -> tuple[Callable[[], object], Callable[[], Search]]:
    """As ``onrecord``."""
    from langchain_chroma import Chroma
    from langchain_huggingface import HuggingFaceEmbeddings

    model = HuggingFaceEmbeddings(model_name=a["model"])

    def ingest() -> object:
        model.embed_query("warm")
        yield_ready()
        return Chroma.from_documents(_chunks(a["file"]), model, persist_directory=a["folder"])

    def searching() -> Search:
        store = Chroma(persist_directory=a["folder"], embedding_function=model)
        return lambda question, k: len(store.similarity_search(question, k=k))

    return ingest, searching


def txtai(a: dict[str, Any]) -> tuple[Callable[[], object], Callable[[], Search]]:
    """As ``onrecord``."""
    from txtai import Embeddings

    def ingest() -> object:
        made = Embeddings({"path": a["model"], "content": True})
        made.transform("warm")
        yield_ready()
        made.index([{"text": c.page_content, **c.metadata} for c in _chunks(a["file"])])
        return made.save(a["folder"])

    def searching() -> Search:
        store = Embeddings()
        store.load(a["folder"])
        return lambda question, k: len(store.search(question, k))

    return ingest, searching


_started = [0.0]


def yield_ready() -> None:
    """Called when models are loaded and the work begins."""
    _started[0] = time.perf_counter()


def answers(a: dict[str, Any]) -> dict[str, Any]:
    """Seconds to the first sentence of each answer by a model, and to its end; after one that isn't counted."""
    from rag import Archive

    firsts, wholes = [], []
    with Archive.open(a["folder"], chat_model=a["chat"]) as archive:
        for question in a["questions"]:
            began, first = time.perf_counter(), None
            for event in archive.stream(question):
                if first is None and type(event).__name__ in ("Delta", "Finished"):
                    first = time.perf_counter() - began
            firsts.append(first)
            wholes.append(time.perf_counter() - began)
    return {"firsts": firsts[1:], "wholes": wholes[1:]}


def main(system: str, what: str, a: dict[str, Any]) -> dict[str, Any]:
    """Do one thing with one system, and tell what was measured."""
    if what == "there":
        from importlib.util import find_spec

        return {"missing": [name for name in _LIBRARIES[system] if find_spec(name) is None]}
    if what == "answers":
        return answers(a)
    ingest, searching = {"onrecord": onrecord, "langchain": langchain, "txtai": txtai}[system](a)
    if what == "ingest":
        ingest()
        work = time.perf_counter() - _started[0]
        return {"seconds": work, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    search = searching()
    if what == "first":
        print(f"{search(a['questions'][0], a['k'])} hits", flush=True)
        return {}
    for question in a["questions"][: a["warm"]]:
        search(question, a["k"])
    millis = []
    for question in a["questions"][a["warm"] :]:
        began = time.perf_counter()
        search(question, a["k"])
        millis.append((time.perf_counter() - began) * 1000)
    return {"millis": millis}


if __name__ == "__main__":
    sys.path.pop(0)  # this folder, in which other checkouts have modules of their own
    print("RESULT " + json.dumps(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))), flush=True)
