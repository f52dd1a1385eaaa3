"""The rows of a run on disk: appended as they are done, read again when the run goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rag.errors import UsageError
from rag.evaluation.values import Row, Run


def read_rows(folder: str | Path) -> list[Row]:
    """The rows of a run; of several with one case, the last.

    Raises:
        UsageError: There are none.
    """
    file = Path(folder) / "rows.jsonl"
    if not file.exists():
        raise UsageError(f"There is no {file}. Name the folder of a run: onrecord eval CASES --out DIR")
    return list(_read_lines(file)[0].values())


class RunRows:
    """The rows of a run, in memory and, with a folder, on disk as soon as they are there."""

    def __init__(self, run: Run, rows: dict[str, Row], file: Any = None) -> None:
        self.run, self.by_case, self._file = run, rows, file

    def has(self, ident: str) -> bool:
        """Whether a case is done; one that failed is not."""
        return ident in self.by_case and self.by_case[ident].error is None

    def append(self, row: Row) -> None:
        """Keep a row, on disk before it returns."""
        self.by_case[row.case.id] = row
        if self._file is not None:
            self._file.write(row.model_dump_json().encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    @classmethod
    @contextmanager
    def open(cls, folder: Path | None, run: Run) -> Iterator[RunRows]:
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
                run = _claim_folder(folder, run)
                rows, end = _read_lines(folder / "rows.jsonl")
                file = stack.enter_context((folder / "rows.jsonl").open("ab"))
                file.truncate(end)  # a line that was not finished
            except Timeout:
                raise UsageError(
                    f"Another process is writing to {folder}. Wait, or choose another: --out DIR"
                ) from None
            except OSError as e:
                raise UsageError(f"{folder} can't be written to ({e.strerror or e}). Choose another: --out DIR") from e
            yield cls(run, rows, file)


def _claim_folder(folder: Path, run: Run) -> Run:
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


def _read_lines(file: Path) -> tuple[dict[str, Row], int]:
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
