"""A user's program, as a type checker sees it: every public method has a full signature."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

pytestmark = pytest.mark.slow

PROGRAM = """
from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

from langchain_core.documents import Document

from rag import (
    Answer, Archive, ArchiveClosed, Article, ArticleSummary, AsyncArchive, Choice, Citation, Claim, Delta, Finished,
    Hit, IngestReport, Judgement, NewArticle, OnRecordError, Passage, Problem, Progress, Quote, Quoted, Report,
    Retrieved, Settings, Stats, Timeline, UsageError, check_claims, evaluate, load_cases,
)

storm: NewArticle = {"title": "Storm", "text": "A storm had damaged 12 boats.", "published": date(2023, 6, 18)}
plain = {"title": "Calm", "text": "The harbour stayed open."}


def look(archive: Archive) -> Answer:
    report: IngestReport = archive.add([storm, {"text": "Another."}])
    archive.add(plain)
    archive.add([plain, plain])
    archive.add([Document("Yet another.")], progress=lambda number, where: print(number, where))
    archive.ingest("news/*.txt", Path("news"), fields={"text": "body"})
    hits: list[Hit] = archive.search("storm", k=3, after="June 2023", before=date(2023, 7, 1), sources=["Post"])
    found: Retrieved = archive.retrieve("storm", undated=False, language="en", today="18 June 2023")
    passage: Passage = archive.passage(hits[0].passage.id)
    article: Article = archive.get(passage.article_id)
    page, total = archive.list_articles("storm", order="oldest", after="2023", limit=10)
    first: ArticleSummary = page[0]
    quotes: list[Quote] = archive.quotes(speaker="Qin", about="relations", limit=5, language="en")
    timeline: Timeline = archive.timeline("storm", newest_first=True, after="2023")
    choice: Choice = archive.choose("storm?", ["yes", "no"], chat_model="none", k=2)
    stats: Stats = archive.stats()
    problems: list[Problem] = archive.doctor()
    keys: list[str] = archive.delete(article.key)
    archive.reindex(embed_again=False)
    for event in archive.stream("storm", brief=True, temperature=0.0, history=[("a", "b")]):
        if isinstance(event, Retrieved | Quoted | Progress | Delta):
            continue
        citations: list[Citation] = event.answer.quotes
        print(citations)
    talk = archive.chat(chat_model="none")
    archive.as_retriever(k=3, language="en").invoke("storm")
    archive.as_runnable(k=3).invoke({"question": "storm"})
    archive.as_tool(name="news", sources=["Post"]).invoke({"question": "storm"})
    archive.search("storm", kk=3)  # type: ignore[call-arg]
    archive.search("storm", k="three")  # type: ignore[arg-type]
    archive.search("storm", brief=True)  # type: ignore[call-arg]
    archive.list_articles(order="size")  # type: ignore[arg-type]
    archive.quotes("Qin")  # type: ignore[call-arg]
    archive.ask()  # type: ignore[call-arg]
    print(report, found, total, first, quotes, timeline, choice, stats, problems, keys)
    return talk.ask("storm")


async def wait(archive: AsyncArchive) -> Answer:
    hits: list[Hit] = await archive.search("storm", k=3)
    await archive.add([storm])
    async for event in archive.stream("storm", after="yesterday"):
        if isinstance(event, Finished):
            print(event.answer.text, hits)
    async for article in archive.articles():
        print(article.title)
    await archive.ask("storm", kk=3)  # type: ignore[call-arg]
    return await archive.chat().ask("storm")


async def main() -> None:
    async with AsyncArchive.open("folder", chat_model="none") as archive:
        print(await wait(archive))
    opened: AsyncArchive = await AsyncArchive.in_memory()
    await opened.close()


with Archive.in_memory(settings=Settings(k=5)) as memory:
    try:
        print(look(memory).confidence)
    except (ArchiveClosed, UsageError, OnRecordError) as error:
        print(error)
    report: Report = evaluate(memory, load_cases("cases.jsonl"), limit=3)
judgements: list[Judgement] = check_claims([Claim(claim="a", cited="b"), {"claim": "a", "cited": "b"}])
asyncio.run(main())
"""


def test_a_users_program_is_clean(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    # With the project's own settings, so that what was checked of it before is not checked again.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_users_program_is_clean_for_pyright_too(tmp_path: Path) -> None:
    program = PROGRAM.replace("# type: ignore[call-arg]", "# pyright: ignore[reportCallIssue]")
    program = program.replace("# type: ignore[arg-type]", "# pyright: ignore[reportArgumentType]")
    (tmp_path / "program.py").write_text(program, "utf-8")
    settings = {"include": ["program.py"], "extraPaths": [str(ROOT)], "typeCheckingMode": "strict"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    # Strict: no name of ours may be of an unknown type.
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "--project", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
