"""What the program decides, without times and scores, so that two programs can be compared byte for byte.

    python -m benchmarks.golden OUT                      the sample corpus's questions, and readings of them
    python -m benchmarks.golden OUT ../shared/data       open sets too

One file a kind in OUT, JSON lines; ``--only`` writes some of them. Compare two folders with ``diff``. Passages found are
left out, since Chroma's graph is approximate and near-ties change places from build to build. Answers come from the
extractive engine, which decides the same on every run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT
from rag import Archive
from rag.answer.check import verify
from rag.index.embed import EmbeddingCache
from rag.ingest import quotes
from rag.retrieve import decompose, preamble, query, speaker, starters
from rag.retrieve.rewrite import condense
from rag.text.detect import detect_language
from rag.text.split import sentences
from rag.types import Answer

CORPUS = ROOT / "corpus"
_TODAY = date(2023, 7, 1)


KINDS = ("sample", "starters", "sample-readings", "newsroom", "quotes", "claims", "readings", "followups", "xquad")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.golden", description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("data", type=Path, nargs="?", help="the folder of open sets")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS)
    args = parser.parse_args(arguments)
    args.out.mkdir(parents=True, exist_ok=True)
    wanted = set(args.only)

    def write(kind: str, rows: Callable[[], Iterable[dict[str, Any]]]) -> None:
        if kind in wanted:
            _write(args.out / f"{kind}.jsonl", rows())

    cases = _rows(CORPUS / "questions.jsonl")
    write("sample-readings", lambda: readings(cases))
    if wanted & {"sample", "starters"}:
        with Archive.open(args.out / ".sample", chat_model="extractive") as archive:
            archive.ingest(CORPUS)
            write("sample", lambda: answers(archive, cases))
            write("starters", lambda: ({"question": q} for q in _starters(archive)))
    if args.data:
        _open_sets(args.out, args.data, wanted, write)
    return 0


def _open_sets(out: Path, data: Path, wanted: set[str], write: Callable[..., None]) -> None:
    cases = _rows(data / "newsroom-questions/dev.jsonl")
    quiz = map(_quiz, _rows(data / "realtimeqa-2023/questions.jsonl"))
    write("readings", lambda: readings([*cases, *quiz]))
    write("followups", lambda: _followups(data / "canard/dev_first1000.json"))
    asked = [q for code in ("en", "tr", "zh") for q in _rows(data / f"xquad/beir/{code}/queries.jsonl")[::6]]
    write("xquad", lambda: readings([{"id": q["_id"], "question": q["text"]} for q in asked]))
    if wanted & {"newsroom", "quotes", "claims"}:
        with Archive.open(out / ".wikinews", chat_model="extractive") as archive:
            archive.ingest(data / "wikinews/articles.jsonl")
            write("newsroom", lambda: answers(archive, cases))
            write("quotes", lambda: _quotes(archive))
            write("claims", lambda: claims(EmbeddingCache(archive.stores.embedder.embed), data))


def answers(archive: Archive, cases: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each case's answer."""
    for case in cases:
        answer = archive.ask(case["question"], today=_date(case.get("today")) or _TODAY, history=_history(case))
        yield {"id": case["id"], **told(answer)}


def told(answer: Answer) -> dict[str, Any]:
    """An answer without what differs from run to run or from processor to processor."""
    row = answer.model_dump(mode="json")
    return {
        "query": row["query"],
        "answered": answer.answered,
        "reason": row["reason"],
        "text": answer.text,
        "citations": [_apart(c) for c in row["citations"]],
        "withheld": sorted(w["text"] for w in row["withheld"]),
        "conflicts": [_apart(c) for c in row["conflicts"]],
    }


def _apart(citation: dict[str, Any]) -> dict[str, Any]:
    """A citation without its article's id, which depends on the folder a file without an address lies in."""
    return {name: value for name, value in citation.items() if name != "article_id"}


def readings(cases: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """How each question is understood, before anything is looked for."""
    for case in cases:
        asked, today = case["question"], _date(case.get("today")) or _TODAY
        made = query.build_query(asked, k=8, today=today, history=_history(case))
        split = decompose.split_question(asked)
        yield {
            "id": case["id"],
            "language": detect_language(asked),
            "query": made.model_dump(mode="json"),
            "preamble": preamble.strip_preamble(asked),
            "speaker": _plain(speaker.parse_speaker(asked)),
            "parts": None if split is None else list(split.questions),
            "reported": decompose.reported_by(asked),
        }


def claims(embed: Any, data: Path) -> Iterator[dict[str, Any]]:
    """What the support check says of claims."""
    for row in _rows(data / "claims/dev.jsonl"):
        said = [row["cited"][s.start : s.end] for s in sentences(row["cited"], "en")]
        verdict = verify.supports(
            row["claim"], verify.Cited(said, row["cited"], ""), embed=embed, asked=row["question"]
        )
        yield {"id": row["id"], "ok": verdict.ok, "why": verdict.why, "support": verdict.support}
    for n, row in enumerate(_rows(data / "attributionbench/dev_all_subset_balanced.jsonl")[::4]):
        said = [r[:1500] for r in row["references"]]
        verdict = verify.supports(row["claim"], verify.Cited(said, " ".join(said), ""), embed=embed)
        yield {"id": n, "ok": verdict.ok, "why": verdict.why, "support": verdict.support}


def _starters(archive: Archive) -> list[str]:
    return starters.examples([(a.title, a.text, archive.sentences(a.id)) for a in archive.articles()], 8)


def _quotes(archive: Archive) -> Iterator[dict[str, Any]]:
    articles = list(archive.articles())[:120]
    found = quotes.find([(a.title, a.text, archive.sentences(a.id)) for a in articles])
    for article, said in zip(articles, found, strict=True):
        yield {"id": article.key, "quotes": [_plain(s) for s in said]}


def _followups(file: Path) -> Iterator[dict[str, Any]]:
    for n, row in enumerate(json.loads(file.read_text("utf-8"))):
        said = ["" if text == "I don't know." else text for text in row["History"]]
        history = tuple(zip(said[::2], said[1::2], strict=True))
        yield {"id": n, "standalone": condense(row["Question"], history)}


def _plain(value: Any) -> Any:
    """A value without its class's name."""
    return value and str(getattr(value, "__dict__", value))


def _history(case: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    turns = case.get("history") or []
    return tuple((t["question"], t["answer"]) if isinstance(t, dict) else (t[0], t[1]) for t in turns)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _quiz(row: dict[str, Any]) -> dict[str, Any]:
    today = row["question_date"].replace("/", "-")
    return {"id": row["question_id"], "question": row["question_sentence"], "today": today}


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
