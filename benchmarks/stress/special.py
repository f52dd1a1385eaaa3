"""A folder of things that are no files, or don't stay as they are: each is told, and the good ones are read.

    python -m benchmarks.stress.special
    python -m benchmarks.stress.special --files 200 --seed 7

Named pipes, sockets, devices, links in circles, files that vanish, grow or shrink while they are read, files and
folders without permission: as many as ``--files`` says, each under the name of a format drawn by the seed, between
articles that have to be read. It is read by an ingest as the command line runs it, in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ENDINGS = (".txt", ".md", ".html", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".zip", ".pdf", ".docx", ".eml", ".warc",
            ".jsonl.gz", ".rtf", ".epub", "")  # fmt: skip
_GOOD = "The ferry to Norrhavn sails again from Monday, number {n} of the fleet."
_LIMIT = 300.0
"""Seconds that the whole run may take."""

Maker = Callable[[Path], None]


def pipe(path: Path) -> None:
    """A named pipe that nobody writes to."""
    os.mkfifo(path)


def link_to_pipe(path: Path) -> None:
    """A link to such a pipe."""
    os.mkfifo(path.parent / f".{path.name}")
    path.symlink_to(f".{path.name}")


def device(path: Path) -> None:
    """A link to a device without an end."""
    path.symlink_to("/dev/zero")


def silent_device(path: Path) -> None:
    """A link to a device that waits for a typist."""
    path.symlink_to("/dev/tty")


def listening(path: Path) -> None:
    """A socket."""
    made = socket.socket(socket.AF_UNIX)
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path.parent)  # a socket's path has at most about a hundred characters
        made.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)
        made.close()


def circle(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


def circle_of_two(path: Path) -> None:
    """Two links to each other."""
    path.symlink_to(f"other-{path.name}")
    (path.parent / f"other-{path.name}").symlink_to(path.name)


def circle_of_folders(path: Path) -> None:
    """A folder with a link to the one above, twice."""
    path.mkdir()
    for n in range(2):
        (path / f"up-{n}").symlink_to("..", target_is_directory=True)


def nowhere(path: Path) -> None:
    """A link to nothing."""
    path.symlink_to("nothing-there")


def locked(path: Path) -> None:
    """A file without permission to read, where that means something."""
    path.write_text(_GOOD)
    path.chmod(0)


def locked_folder(path: Path) -> None:
    """The same, of a folder."""
    path.mkdir()
    (path / "a.txt").write_text(_GOOD)
    path.chmod(0)


def empty(path: Path) -> None:
    """Nothing in it."""
    path.touch()


def hollow(path: Path) -> None:
    """A terabyte of nothing, as its length says."""
    with path.open("wb") as out:
        out.truncate(2**40 if path.suffix not in (".gz",) else 2**30)


def named_oddly(path: Path) -> None:
    """A name that is no text."""
    with suppress(OSError), open(os.fsencode(path.parent) + b"/\xff\xfe" + os.fsencode(path.name), "wb") as out:
        out.write(_GOOD.encode())


def deep(path: Path) -> None:
    """A folder in a folder, as deep as a path may be."""
    path.mkdir()
    with suppress(OSError):
        for _ in range(200):
            path = path / ("d" * 18)
            path.mkdir()
        (path / "a.txt").write_text(_GOOD)


def of_the_system(path: Path) -> None:
    """A link to a file of the system that has no length, and is made as it is read."""
    path.symlink_to("/proc/self/mem")


MAKERS: tuple[Maker, ...] = (
    pipe, link_to_pipe, device, silent_device, listening, circle, circle_of_two, circle_of_folders, nowhere, locked,
    locked_folder, empty, hollow, named_oddly, deep, of_the_system,
)  # fmt: skip


@contextmanager
def restless(folder: Path, rng: random.Random) -> Iterator[None]:
    """Files that vanish, come, grow and shrink as long as the block runs."""
    paths = [folder / f"restless-{n}{rng.choice(_ENDINGS)}" for n in range(20)]
    ended = threading.Event()
    for path in paths:
        path.write_text(_GOOD * 50)

    def stir() -> None:
        while not ended.is_set():
            path = rng.choice(paths)
            with suppress(OSError):
                what = rng.randrange(4)
                if what == 0:
                    path.unlink()
                elif what == 1:
                    path.write_text(_GOOD * rng.randrange(200))
                elif what == 2:
                    with path.open("a") as out:
                        out.write(_GOOD * 500)
                else:
                    os.truncate(path, rng.randrange(100))
            time.sleep(0.002)

    thread = threading.Thread(target=stir, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


_READ = """
import json, sys, time
from rag.ingest.load import count, find
from rag.ingest.packed import LIMITS
from rag.types import RawArticle
began = time.monotonic()
count([sys.argv[1]])
for found in find([sys.argv[1]], None, LIMITS._replace(seconds=10, megabytes=500)):
    article = isinstance(found.item, RawArticle)
    print(json.dumps([str(found.file), article, found.item.text[:80] if article else found.item.reason]))
print(json.dumps(["", True, f"{time.monotonic() - began:.1f}"]))
"""


def run(files: int, seed: int) -> dict[str, list[str]]:
    """Make the folder, read it, and judge: what was wrong, by kind; "told" has the lines of what was skipped."""
    import json

    rng = random.Random(seed)
    wrong: dict[str, list[str]] = {"crash": [], "hang": [], "lost": [], "no reason": [], "told": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made: list[tuple[str, str]] = []
        for n in range(files):
            make = MAKERS[n % len(MAKERS)]
            path = folder / f"{n:04}-{make.__name__}{rng.choice(_ENDINGS)}"
            make(path)
            made.append((path.name, make.__name__))
            (folder / f"{n:04}-good.txt").write_text(_GOOD.format(n=n))
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        try:
            with restless(folder, rng):
                done = subprocess.run(
                    [sys.executable, "-c", _READ, name], capture_output=True, text=True, timeout=_LIMIT,
                    env=environment, check=False, stdin=subprocess.DEVNULL,
                )  # fmt: skip
        except subprocess.TimeoutExpired as e:
            wrong["hang"].append(
                f"the run took more than {_LIMIT:.0f} s, after {len((e.stdout or b'').splitlines())} lines"
            )
            return wrong
        finally:
            for path in folder.iterdir():
                if path.is_dir() and not path.is_symlink():
                    path.chmod(0o700)
        if done.returncode:
            wrong["crash"].append(done.stderr.strip()[-2000:])
        rows = [json.loads(line) for line in done.stdout.splitlines()]
    texts = {text for _, article, text in rows if article}
    wrong["lost"] = [f"{n}" for n in range(files) if _GOOD.format(n=n)[:80] not in texts]
    seen = {Path(file).name for file, _, _ in rows} | {
        Path(file).relative_to(name).parts[0] for file, _, _ in rows if file
    }
    # A folder in a circle or of nothing has nothing to be told of it; a name that is no text is told as its bytes; and
    # one file that several links lead to is told once.
    silent = {"circle_of_folders", "deep", "named_oddly", "of_the_system"}
    wrong["no reason"] = [f"{file}: {kind}" for file, kind in made if kind not in silent and file not in seen]
    wrong["no reason"] += [file for file, article, text in rows if not article and not text.strip()]
    wrong["hang"] += [
        f"{file}: {text}" for file, article, text in rows if not article and text.startswith("reading took")
    ]
    wrong["told"] = [f"{Path(file).name}: {text}" for file, article, text in rows if not article]
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print what was wrong; 1 where anything was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stress.special", description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=55, help="special files")
    parser.add_argument("--minutes", type=float, default=0.0, help="go on with further seeds for so long")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--told", action="store_true", help="print the reasons")
    given = parser.parse_args(arguments)
    until, seed, bad = time.monotonic() + given.minutes * 60, given.seed, 0
    while True:
        began = time.monotonic()
        wrong = run(given.files, seed)
        told = wrong.pop("told")
        counts = ", ".join(f"{len(lines)} {kind}" for kind, lines in wrong.items())
        took = time.monotonic() - began
        print(f"seed {seed}: {given.files} special files and 20 restless ones in {took:.1f} s: {counts}", flush=True)
        for kind, lines in wrong.items():
            for line in lines[:20]:
                print(f"  {kind}: {line}")
        if given.told:
            print("\n".join(told))
        bad += sum(map(len, wrong.values()))
        seed += 1
        if time.monotonic() > until:
            return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
