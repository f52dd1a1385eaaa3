"""The archive as LangChain objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers import fill, many
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_tests.integration_tests import RetrieversIntegrationTests

from rag import Answer, Archive
from rag.errors import ArchiveMissing
from rag.langchain import ArchiveRetriever
from rag.testing import FakeChat, FakeEmbeddings

LINE = "A storm named storm0002 had damaged 12 boats."
QUESTION = "How many boats did storm0002 damage?"


@pytest.fixture
def ports(archive: Archive, chat: FakeChat, tmp_path: Path) -> Archive:
    chat.replies = [f"{LINE} [1]"]
    fill(archive, *many(6))
    return archive


def test_documents_say_where_they_stand(ports: Archive) -> None:
    retriever = ports.as_retriever(k=3)
    assert isinstance(retriever, BaseRetriever)
    documents = retriever.invoke(QUESTION)
    assert len(documents) == 3
    assert all(isinstance(d, Document) for d in documents)
    first = documents[0]
    assert LINE in first.page_content
    where = first.metadata
    assert ports.get(where["article_id"]).text[where["start"] : where["end"]] == first.page_content
    assert where["title"] == "Storm at Port 2"
    assert where["source"] == "Outlet 2"
    assert [d.metadata["rank"] for d in documents] == [1, 2, 3]
    assert ports.passage(str(first.id)).text == first.page_content


def test_a_retriever_takes_filters(ports: Archive) -> None:
    documents = ports.as_retriever(k=6, sources=["Outlet 1"]).invoke(QUESTION)
    assert {d.metadata["source"] for d in documents} == {"Outlet 1"}


@pytest.mark.asyncio
async def test_a_retriever_without_waiting(ports: Archive) -> None:
    documents = await ports.as_retriever(k=2).ainvoke(QUESTION)
    assert LINE in documents[0].page_content


def test_a_runnable_in_a_chain(ports: Archive) -> None:
    runnable = ports.as_runnable()
    assert isinstance(runnable, Runnable)
    assert isinstance(runnable.invoke(QUESTION), Answer)
    chain = runnable | (lambda a: a.text)
    assert chain.invoke(QUESTION) == f"{LINE} [1]"
    both = RunnableLambda(lambda n: f"How many boats had storm{n:04} damaged?") | runnable
    assert both.invoke(2).answered


def test_a_runnable_takes_many_and_streams(ports: Archive) -> None:
    runnable = ports.as_runnable()
    answers = runnable.batch([QUESTION] * 5)
    assert [a.text for a in answers] == [f"{LINE} [1]"] * 5
    chunks = list(runnable.stream(QUESTION))
    assert chunks
    assert isinstance(chunks[-1], Answer)
    failed = runnable.batch([QUESTION, ""], return_exceptions=True)
    assert failed[0].answered
    assert isinstance(failed[1], Exception)


@pytest.mark.asyncio
async def test_a_runnable_without_waiting(ports: Archive) -> None:
    chain = ports.as_runnable() | (lambda a: a.text)
    assert await chain.ainvoke(QUESTION) == f"{LINE} [1]"
    assert await chain.abatch([QUESTION] * 3) == [f"{LINE} [1]"] * 3


def test_a_runnable_takes_options(ports: Archive) -> None:
    assert ports.as_runnable(chat_model="extractive").invoke(QUESTION).model == "extractive"
    assert ports.as_runnable(sources=["Nowhere"]).invoke(QUESTION).reason == "no_evidence"


def test_errors_come_through(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "none", embeddings=FakeEmbeddings())
    with pytest.raises(ArchiveMissing):
        archive.as_retriever().invoke("x")
    with pytest.raises(ArchiveMissing):
        archive.as_runnable().invoke("x")


class TestStandard(RetrieversIntegrationTests):
    """LangChain's own suite for retrievers."""

    # It counts on pytest-asyncio's automatic mode.
    test_ainvoke_returns_documents = pytest.mark.asyncio(RetrieversIntegrationTests.test_ainvoke_returns_documents)

    @pytest.fixture(autouse=True)
    def _folder(self, ports: Archive) -> None:
        type(self)._archive = ports  # type: ignore[attr-defined]

    @property
    def retriever_constructor(self) -> type[ArchiveRetriever]:
        return ArchiveRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"archive": type(self)._archive}  # type: ignore[attr-defined]

    @property
    def retriever_query_example(self) -> str:
        return "harbour storm boats"
