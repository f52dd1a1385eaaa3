"""What OnRecord's ingest is compared with: the pipeline of every tutorial, with nothing added or taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from langchain_chroma import Chroma
from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter


class JsonlLoader(BaseLoader):
    """One document per row."""

    def __init__(self, path: str) -> None:
        """Take the file's path."""
        self.path = path

    def lazy_load(self) -> Iterator[Document]:
        """Read row by row."""
        with Path(self.path).open(encoding="utf-8") as rows:
            for line in rows:
                row = json.loads(line)
                yield Document(row["text"], metadata={"url": row["url"], "title": row.get("title", "")})


def embeddings(folder: str) -> HuggingFaceEmbeddings:
    """The model that OnRecord uses too, from the same folder, with the library's defaults."""
    return HuggingFaceEmbeddings(model_name=folder)


def ingest(path: str, folder: str, model: HuggingFaceEmbeddings) -> int:
    """Load, split, embed, store on disk.

    Returns:
        The number of chunks.
    """
    documents = JsonlLoader(path).load()
    chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=100).split_documents(documents)
    Chroma.from_documents(chunks, model, persist_directory=folder)
    return len(chunks)
