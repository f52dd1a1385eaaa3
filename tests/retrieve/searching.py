"""Archives searched through one arm or both."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from rag import Archive, Settings
from rag.testing import FakeEmbeddings

Arm = Literal["hybrid", "dense", "lexical"]
ARMS: tuple[Arm, ...] = ("hybrid", "dense", "lexical")
STORM = "How many boats had storm0002 damaged?"


def through(folder: Path, arm: Arm, embeddings: Any = None, **more: Any) -> Archive:
    return Archive.open(
        settings=Settings(archive=folder, retriever=arm, **more),
        embeddings=embeddings or FakeEmbeddings(),
        chat_model=None,
    )


class Named(FakeEmbeddings):
    """Has the built-in model's name, and so what the archive thinks of it."""


Named.__name__ = "all-MiniLM-L6-v2"


WORDS = (
    "banka faiz karar bakan meclis seçim tramvay köprü liman gemi fırtına deprem kurul dolar lira bütçe vergi okul "
    "hastane yangın orman deniz köy şehir yol hava maç takım gol hakem lig ödül film kitap müze sergi"
).split()
