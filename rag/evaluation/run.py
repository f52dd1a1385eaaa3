"""Running: cases through an archive, a row each, written as it is done; a run that stopped goes on from its rows."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import subprocess
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from rag.archive import Archive
from rag.errors import ArchiveError, ArticleMissing, ModelCorrupt, ModelMissing, PromptError, UsageError
from rag.evaluation import cases as casebook
from rag.evaluation import measures, report, statistics
from rag.evaluation.values import Claim, Context, EvalCase, Found, Report, Row, Run
from rag.machine import processor
from rag.types import Answer, Citation, Hit, Value

DEPTH = 50
"""Passages ranked for the retrieval measures, by default."""
_BRIEF = 8  # words; a longer accepted answer is no short one, and nothing is gained by asking for a brief one
_AROUND = 320  # characters of the article shown on either side of a citation
_FATAL = (ArchiveError, ModelMissing, ModelCorrupt, PromptError)
"""What would befall every case alike, so that going on makes no sense."""

_DEEPEST = 1000
"""Passages that a search can rank."""

V = TypeVar("V", bound=Value)
Progress = Callable[[int, int, Row | None], None]
"""Told (cases done, cases in all, the row just done; None for those taken over from an earlier start)."""


def evaluate(
    archive: Archive,
    cases: Sequence[EvalCase],
    *,
    out: str | Path | None = None,
    retrieval: bool = False,
    measure: Sequence[str] | None = None,
    depth: int = DEPTH,
    brief: bool = True,
    workers: int | None = None,
    limit: int | None = None,
    sample: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Ask every case and measure what comes of it.

    Args:
        archive: Asked with its own model and settings.
        cases: As ``load_cases`` gives them.
        out: A folder for ``rows.jsonl``, ``report.json`` and ``report.html``; "{run}" in it stands for the run's id.
            If rows of the same run are there, they are taken over, and only the rest (and what failed) is asked.
            None: nothing is written.
        retrieval: Only search; no language model is needed.
        measure: Names such as ``recall@5``; by default ``measures.DEFAULT``.
        depth: Passages ranked for the retrieval measures.
        brief: Where accepted answers are short, have the model say its answer again in a few words, and take that
            for ``exact_match`` and ``f1``.
        workers: Cases asked at once; by default 4 for a model of a service, else 1.
        limit: Only the first so many cases.
        sample: Only so many cases, drawn at random.
        seed: Of the draw.
        progress: Told of each row.

    Returns:
        The report; with ``out``, also written there.

    Raises:
        UsageError: No cases, an unknown measure or model, or a folder that holds another run.
        ArchiveMissing, ModelMissing, ...: What would make every case fail. A case that fails alone is a row
            with its error.
    """
    names = measures.parse(measure) if measure is not None else measures.DEFAULT
    _least_one(limit=limit, sample=sample, depth=depth, workers=workers)
    if depth > _DEEPEST:
        raise UsageError(f"depth is {depth}; {_DEEPEST} is the most.")
    chosen = _chosen(cases, limit, sample, seed)
    run = describe(archive, cases, chosen, retrieval=retrieval, depth=depth, brief=brief, seed=seed if sample else None)
    asker = _Asker(archive, retrieval=retrieval, depth=depth, brief=brief)
    folder = output_dir(out, run) if out is not None else None
    with _Rows.opened(folder, run) as rows:
        run = rows.run
        todo = [c for c in chosen if not rows.has(c.id)]
        if todo and not retrieval:
            archive.prepare()  # a model that is not there is not to be met case by case
        done = len(chosen) - len(todo)
        if progress and done:
            progress(done, len(chosen), None)
        for row in _asked(asker, todo, workers or (4 if asker.remote else 1)):
            rows.take(row)
            done += 1
            if progress:
                progress(done, len(chosen), row)
        found = [rows.of[c.id] for c in chosen]
        result = statistics.report(run, found, names)
        if folder is not None:
            report.write(folder, result, found)
    return result


def output_dir(out: str | Path, run: Run) -> Path:
    """The folder that ``out`` means for a run."""
    return Path(str(out).replace("{run}", run.id)).expanduser()


def read_rows(folder: str | Path) -> list[Row]:
    """The rows of a run; of several with one case, the last.

    Raises:
        UsageError: There are none.
    """
    file = Path(folder) / "rows.jsonl"
    if not file.exists():
        raise UsageError(f"There is no {file}. Name the folder of a run: onrecord eval CASES --out DIR")
    return list(_read(file)[0].values())


def _least_one(**numbers: int | None) -> None:
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise UsageError(f"{name} is {number}; 1 is the least.")


def _chosen(cases: Sequence[EvalCase], limit: int | None, sample: int | None, seed: int) -> list[EvalCase]:
    given = [_storable(c) for c in cases]
    chosen = list(given if sample is None else casebook.sample(given, sample, seed))[:limit]
    if not chosen:
        raise UsageError("There are no cases. Give a file with at least one.")
    seen: set[str] = set()
    for case in chosen:
        if case.id in seen:
            raise UsageError(f"Two cases have the id {case.id!r}. Give each its own.")
        seen.add(case.id)
    return chosen


# -- one case ------------------------------------------------------------------------


class _Asker:
    """Turns a case into a row."""

    def __init__(self, archive: Archive, *, retrieval: bool, depth: int, brief: bool) -> None:
        self._archive = archive
        self._retrieval, self._depth = retrieval, depth
        model = archive.model
        self.remote = not retrieval and model.partition(":")[0] not in ("local", "extractive")
        self._brief = brief and model != "extractive"
        self._keys: dict[str, str] = {}
        self.stop = threading.Event()

    def ask(self, case: EvalCase) -> Row | None:
        """The row, or None when stopped."""
        row: dict[str, Any] = {"case": case, "millis": {}}
        try:
            row |= self._relevant(case)
            filters = self._filters(case)
            started = time.perf_counter()
            hits = self._archive.search(case.question, k=self._depth, **filters)
            row["millis"]["search"] = round((time.perf_counter() - started) * 1000, 1)
            row["found"] = tuple(self._found(h) for h in hits)
            if not self._retrieval and case.choices:
                row["choice"] = self._archive.choose(case.question, case.choices, **filters)
                row["millis"] |= row["choice"].millis
            elif not self._retrieval:
                brief = self._brief and any(len(a.split()) <= _BRIEF for a in case.answers)
                answer = self._archive.ask(case.question, cancel=self.stop, brief=brief, **filters)
                row["millis"] |= answer.millis
                row |= self._checked(case, answer) | {"answer": answer}
        except _FATAL:
            raise
        except Exception as e:  # whatever it was, the other cases are still worth asking
            row["error"] = f"{type(e).__name__}: {e}"
        return None if self.stop.is_set() else _storable(Row(**row))

    def _filters(self, case: EvalCase) -> dict[str, Any]:
        # Without a day of its own nobody knows what "this week" was.
        filters: dict[str, Any] = {"times": False}
        if case.as_of and case.as_of < date.max:
            filters["before"] = datetime.combine(case.as_of + timedelta(days=1), clock(0), UTC)
        if case.within:
            there = [i for ident in case.within if (i := self._id(ident))]
            if not there:
                raise ArticleMissing("None of the articles that the case is to be asked of is in the archive.")
            filters["articles"] = there
        return filters

    def _id(self, ident: str) -> str | None:
        try:
            return self._archive.get(ident).id
        except ArticleMissing:
            return None

    def _key(self, article_id: str) -> str:
        if article_id not in self._keys:
            self._keys[article_id] = self._archive.get(article_id).key
        return self._keys[article_id]

    def _found(self, hit: Hit) -> Found:
        p = hit.passage
        return Found(
            passage=p.id,
            article=self._key(p.article_id),
            title=p.title,
            score=round(hit.score, 6),
            twins=tuple(dict.fromkeys(self._key(t) for t in hit.twins)),
        )

    def _relevant(self, case: EvalCase) -> dict[str, Any]:
        """The relevant documents as a ranking names them; those of passages count as their articles in a mixture."""
        articles: dict[str, int] = {}
        passages: dict[str, int] = {}
        absent: list[str] = []
        for ident, grade in case.relevant.items():
            try:
                key = self._archive.get(ident).key
                articles[key] = max(grade, articles.get(key, 0))
            except ArticleMissing:
                try:
                    passages[ident] = grade
                    key = self._key(self._archive.passage(ident).article_id)
                    articles[key] = max(grade, articles.get(key, 0))
                except ArticleMissing:
                    del passages[ident]
                    absent.append(ident)
        if passages and len(passages) + len(absent) == len(case.relevant):
            return {"level": "passage", "relevant": passages | {a: case.relevant[a] for a in absent}, "absent": absent}
        return {"relevant": articles | {a: case.relevant[a] for a in absent}, "absent": absent}

    # What the check says of the finished answer, from the outside: only what the answer shows is looked at.

    def _checked(self, case: EvalCase, answer: Answer) -> dict[str, Any]:
        spans = sorted({c.claim for c in answer.citations})
        golds = [plain(e) for e in case.evidence]
        quotes = [plain(c.quote) for c in answer.citations]
        return {
            "claims": tuple(
                self._claim(answer, span, [c for c in answer.citations if c.claim == span], golds) for span in spans
            ),
            "contexts": tuple(self._context(c) for c in answer.citations),
            "gold_cited": tuple(any(same(q, g) for q in quotes) for g in golds),
        }

    def _claim(self, answer: Answer, span: tuple[int, int], cited: list[Citation], golds: list[str]) -> Claim:
        text = answer.text[slice(*span)]

        def holds(some: list[Citation]) -> bool:
            return bool(some) and self._archive.supports(text, some, asked=answer.question).ok

        supported = holds(cited)
        return Claim(
            text=text,
            supported=supported,
            needed=tuple(supported and (holds([c]) or not holds([o for o in cited if o is not c])) for c in cited),
            gold=tuple(any(same(plain(c.quote), g) for g in golds) for c in cited),
        )

    def _context(self, c: Citation) -> Context:
        text = self._archive.get(c.article_id).text
        return Context(
            before=text[max(0, c.start - _AROUND) : c.start],
            after=text[c.end : c.end + _AROUND],
            verbatim=text[c.start : c.end] == c.quote,
        )


def plain(text: str) -> str:
    """Letters and digits only, folded: so that white space, quotation marks and dashes make no difference."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def same(quote: str, gold: str) -> bool:
    """Whether two sentences, made ``plain``, are the same, or one is the better part of the other."""
    short, long = sorted((quote, gold), key=len)
    return short == long or (len(short) >= 20 and short in long)


def _storable(value: V) -> V:
    """The same without lone surrogates, which a model or a program may give and no file can hold."""
    given = value.model_dump()
    clean = _encodable(given)
    return value if clean == given else type(value).model_validate(clean)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_encodable(k): _encodable(v) for k, v in value.items()}
    return tuple(_encodable(v) for v in value) if isinstance(value, (list, tuple)) else value


def _asked(asker: _Asker, cases: Sequence[EvalCase], workers: int) -> Iterator[Row]:
    """Rows as they are done. Closing the iterator, or Ctrl-C, stops what is under way and loses nothing done."""
    waiting = iter(cases)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="onrecord-eval")
    running: set[Future[Row | None]] = set()
    try:
        while True:
            for case in waiting:
                running.add(pool.submit(asker.ask, case))
                if len(running) >= workers:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda f: f.exception() is not None):  # what is done is kept first
                if (row := future.result()) is not None:
                    yield row
    finally:
        asker.stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


# -- rows on disk --------------------------------------------------------------------


class _Rows:
    """The rows of a run, in memory and, with a folder, on disk as soon as they are there."""

    def __init__(self, run: Run, rows: dict[str, Row], file: Any = None) -> None:
        self.run, self.of, self._file = run, rows, file

    def has(self, ident: str) -> bool:
        """Whether a case is done; one that failed is not."""
        return ident in self.of and self.of[ident].error is None

    def take(self, row: Row) -> None:
        self.of[row.case.id] = row
        if self._file is not None:
            self._file.write(row.model_dump_json().encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    @classmethod
    @contextmanager
    def opened(cls, folder: Path | None, run: Run) -> Iterator[_Rows]:
        """The rows in a folder, for reading and adding.

        Raises:
            UsageError: The folder can't be written to, holds another run, or another process writes to it.
        """
        if folder is None:
            yield cls(run, {})
            return
        from filelock import FileLock, Timeout

        with ExitStack() as stack:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(FileLock(folder / "write.lock", timeout=0))
                run = _claim(folder, run)
                rows, end = _read(folder / "rows.jsonl")
                file = stack.enter_context((folder / "rows.jsonl").open("ab"))
                file.truncate(end)  # a line that was not finished
            except Timeout:
                raise UsageError(
                    f"Another process is writing to {folder}. Wait, or choose another: --out DIR"
                ) from None
            except OSError as e:
                raise UsageError(f"{folder} can't be written to ({e.strerror or e}). Choose another: --out DIR") from e
            yield cls(run, rows, file)


def _claim(folder: Path, run: Run) -> Run:
    """Mark the folder as this run's; returns the run as first started."""
    file = folder / "run.json"
    try:
        before = Run.model_validate_json(file.read_text("utf-8"))
    except FileNotFoundError:
        if (folder / "rows.jsonl").exists():
            raise UsageError(f"{folder} has rows and no run.json. Choose another folder: --out DIR") from None
        half = file.with_suffix(".tmp")
        half.write_text(run.model_dump_json(indent=1), "utf-8")
        half.replace(file)
        return run
    except (ValidationError, UnicodeDecodeError) as e:
        raise UsageError(f"{file} is not a run's. Choose another folder: --out DIR") from e
    if before.id != run.id:
        other = [n for n in Run.model_fields if getattr(before, n) != getattr(run, n)]
        told = ", ".join(n for n in other if n not in ("id", "started", "machine", "commit", "archive", "cases"))
        raise UsageError(
            f"{folder} holds another run (it differs in: {told or 'what was asked'}). "
            "Choose another folder, --out DIR, or delete it."
        )
    return before


def _read(file: Path) -> tuple[dict[str, Row], int]:
    """Rows by case, and where the last whole line ends."""
    rows: dict[str, Row] = {}
    end = 0
    if file.exists():
        with file.open("rb") as lines:
            for line in lines:
                try:
                    if not line.endswith(b"\n"):
                        break
                    row = Row.model_validate_json(line)
                except ValidationError:
                    if lines.read(1):
                        raise UsageError(
                            f"{file} has a line that is no row, at byte {end}. Delete that line, or the folder."
                        ) from None
                    break
                rows[row.case.id] = row
                end += len(line)
    return rows, end


# -- what was run --------------------------------------------------------------------

RUN_SETTINGS = ("k", "retriever", "evidence_tokens", "max_tokens", "check", "caution", "temperature", "context")
"""The settings that answers hang on."""


def describe(
    archive: Archive,
    cases: Sequence[EvalCase],
    chosen: Sequence[EvalCase],
    *,
    retrieval: bool,
    depth: int,
    brief: bool,
    seed: int | None,
) -> Run:
    """What is about to be run; two runs with one id give the same rows."""
    from rag import __version__
    from rag.answer import prompts

    stats = archive.stats()
    settings = archive.settings
    told: dict[str, str | int | float | bool] = {name: getattr(settings, name) for name in RUN_SETTINGS}
    told |= {"depth": depth, "brief": brief and not retrieval}
    model = None if retrieval else archive.model
    used = [] if model in (None, "extractive") else _prompts(chosen, brief)
    decides: dict[str, Any] = {
        "cases_digest": casebook.digest(chosen),
        "articles": stats.articles,
        "passages": stats.passages,
        "generation": archive.generation,
        "fingerprint": stats.fingerprint,
        "model": model,
        "prompts": tuple(prompts.load(name).label for name in used),
        "settings": told,
        "version": __version__,
        "code": code_digest(),
    }
    ident = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]
    return Run(
        id=ident,
        cases=str(getattr(cases, "path", None) or "given in the program"),
        chosen=len(chosen),
        of=len(cases),
        seed=seed,
        archive=str(archive.settings.archive),
        commit=_commit(),
        machine=f"{processor()}, {os.cpu_count()} cores",
        started=datetime.now(UTC),
        **decides,
    )


def _prompts(chosen: Sequence[EvalCase], brief: bool) -> list[str]:
    asked = any(not c.choices for c in chosen)
    return (
        (["answer"] if asked else [])
        + (["brief"] if asked and brief else [])
        + (["choose"] if any(c.choices for c in chosen) else [])
    )


@functools.cache
def code_digest() -> str:
    """Hash of the program's files that decide what is found and answered, fitted weights among them."""
    digest = hashlib.sha256()
    for file in _run_settings():
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _run_settings() -> list[Path]:
    here = Path(__file__).parent.parent
    rooms = [here / room for room in ("text", "lexicon", "index", "retrieve", "answer")]
    found = (f for room in rooms for f in room.rglob("*") if f.suffix in (".py", ".json", ".toml"))
    return [here / "archive.py", *sorted(found)]


def _commit() -> str | None:
    root = Path(__file__).parent.parent.parent
    if not (root / ".git").exists():
        return None
    try:
        asked = [
            subprocess.run(  # noqa: S603
                ["git", "-C", str(root), *words],  # noqa: S607
                capture_output=True, text=True, timeout=10, check=True,
            ).stdout.strip()
            for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        ]  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return asked[0] + ("+" if asked[1] else "")


__all__ = ["DEPTH", "describe", "evaluate", "output_dir", "read_rows"]
