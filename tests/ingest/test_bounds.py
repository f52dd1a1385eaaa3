"""Readers that hang, die and take too much: each is a reason for one file, and the run goes on."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from form_samples import SAMPLES
from ingest.bad_readers import BadPages, BadReader
from ingest.reading import write

from rag import Archive, registry
from rag.ingest import apart
from rag.ingest.forms import recognise
from rag.ingest.load import find, load, read
from rag.ingest.packed import LIMITS
from rag.sources.fetch import Fetched
from rag.sources.pages import articles_of
from rag.testing import FakeChat, FakeEmbeddings
from rag.types import RawArticle, Skipped

BOUNDS = LIMITS._replace(seconds=3, megabytes=300)
GOOD = "The ferry to Norrhavn sails again."


@pytest.fixture
def bad() -> Iterator[None]:
    registry.register("readers", "bad", BadReader())
    yield
    registry.unregister("readers", "bad")
    apart.close()


def told(*sources: Path, limits: object = BOUNDS) -> dict[str, list[str]]:
    """What came of each file: the texts of its articles, and reasons with "! " in front."""
    found: dict[str, list[str]] = {}
    for one in find(sources, None, limits):  # type: ignore[arg-type]
        line = one.item.text if isinstance(one.item, RawArticle) else f"! {one.item.reason}"
        found.setdefault(one.file.name, []).append(line)
    return found


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, text in files.items():
            packed.writestr(name.replace("_", "."), text)
    return out.getvalue()


def test_what_a_reader_does_is_a_reason_for_its_file(bad: None, tmp_path: Path) -> None:
    for name, orders in {
        "a": f"{GOOD}\nhang",
        "b": f"die {int(signal.SIGSEGV)}",
        "c": "leave 3",
        "d": "take 2000000000",
        "e": f"print hello\n{GOOD}",
        "f": "fail x",
        "z": GOOD,
    }.items():
        write(tmp_path / f"{name}.bad", orders)
    assert told(tmp_path) == {
        "a.bad": [GOOD, "! reading took more than 3 s; the rest of it is left out after 1"],
        "b.bad": ["! the reader died: segmentation fault"],
        "c.bad": ["! the reader died with exit code 3"],
        "d.bad": ["! reading needed more than 300 MB of memory"],
        "e.bad": [GOOD],
        "f.bad": ["! the reader failed: KeyError: 'x'"],
        "z.bad": [GOOD],
    }


@pytest.mark.slow
def test_the_bound_is_on_silence_not_on_the_whole(bad: None, tmp_path: Path) -> None:
    path = write(tmp_path / "long.bad", "\n".join(["wait 0.5", GOOD] * 8))
    assert told(path, limits=BOUNDS._replace(seconds=2)) == {"long.bad": [GOOD] * 8}


def test_an_ingest_goes_on_within_the_bounds_of_the_settings(
    bad: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONRECORD_READ_SECONDS", "2")
    monkeypatch.setenv("ONRECORD_READ_MB", "200")
    write(tmp_path / "in/a.bad", f"{GOOD}\nhang")
    write(tmp_path / "in/b.bad", "take 1000000000")
    write(tmp_path / "in/c.bad", GOOD)
    with Archive.open(tmp_path / "other", embeddings=FakeEmbeddings(), chat_model=FakeChat()) as bounded:
        report = bounded.ingest(tmp_path / "in")
    assert report.added == 2
    assert [s.reason for s in report.skipped] == [
        "reading took more than 2 s; the rest of it is left out after 1",
        "reading needed more than 200 MB of memory",
    ]


def test_a_page_that_is_fetched_is_read_within_the_bounds(bad: None) -> None:
    def page(body: str) -> RawArticle | Skipped:
        url = "https://news.example/a"
        answer = Fetched(url, url, 200, "text/html", "utf-8", body.encode())
        (found,) = articles_of(answer, None, BOUNDS._replace(seconds=2))
        return found

    told = page(
        f'<html><a class="DocPublicationName">Post</a><article><h1>Ferry</h1><p>{GOOD * 20}</p></article></html>'
    )
    assert isinstance(told, RawArticle) and told.title == "Ferry", "a page that was asked for is no export"
    registry.register("readers", "pages", BadPages())
    try:
        hung = page("hang")
        assert isinstance(hung, Skipped) and hung.reason.startswith("reading took more than 2 s")
        assert isinstance(page(GOOD), RawArticle), "the next is read"
        assert hung.origin == "https://news.example/a"
    finally:
        registry.unregister("readers", "pages")


def test_the_other_files_of_an_archive_are_read(bad: None, tmp_path: Path) -> None:
    inner = zipped(a_bad=GOOD, b_bad="leave 1", c_bad=GOOD)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("1.txt", GOOD)
        packed.writestr("2.bad", "leave 2")
        packed.writestr("3.zip", inner)
        packed.writestr("4.txt", GOOD)
    assert told(write(tmp_path / "all.zip", out.getvalue())) == {
        "1.txt": [GOOD],
        "2.bad": ["! the reader died with exit code 2"],
        "a.bad": [GOOD],
        "b.bad": ["! the reader died with exit code 1"],
        "c.bad": [GOOD],
        "4.txt": [GOOD],
    }


@pytest.mark.slow
def test_an_archive_that_ends_every_reader_is_left(bad: None, tmp_path: Path) -> None:
    files = {f"{n:02}_bad": "leave 2" for n in range(14)}
    found = told(write(tmp_path / "all.zip", zipped(**files)))
    assert len(found) == 11 and "left out" in found["all.zip"][0]


def test_readers_that_the_child_cannot_have_read_here(tmp_path: Path) -> None:
    class Local(BadReader):
        pass

    registry.register("readers", "bad", Local())
    try:
        assert told(write(tmp_path / "a.bad", f"{GOOD}\nfail x")) == {
            "a.bad": [GOOD, "! the reader failed: KeyError: 'x'"]
        }
    finally:
        registry.unregister("readers", "bad")


def test_all_forms_are_read_the_same_apart(tmp_path: Path) -> None:
    for number, (ending, made) in enumerate(SAMPLES.values()):
        write(tmp_path / f"{number:02}{ending}", made())
    here, there = (list(find([tmp_path], None, limits)) for limits in (LIMITS, BOUNDS._replace(megabytes=1000)))
    assert [(f.file, f.item, type(f.reader)) for f in here] == [(f.file, f.item, type(f.reader)) for f in there]
    ending, made = SAMPLES["epub"]
    path = Path(f"not-there{ending}")
    assert list(read(path, io.BytesIO(made()), None, BOUNDS)) == list(read(path, io.BytesIO(made())))


def test_a_child_serves_file_after_file_and_small_plain_ones_need_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart.close()
    started: list[object] = []
    popen = subprocess.Popen

    def start(*args: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(args)
        return popen(*args, **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    write(tmp_path / "a.txt", GOOD)
    write(tmp_path / "b.md", GOOD)
    write(tmp_path / "c.jsonl", '{"text": "x y"}\n')
    write(tmp_path / "d.png", b"\x89PNG")
    assert len(told(tmp_path)) == 4 and not started
    for n in range(5):
        write(tmp_path / f"{n}.html", SAMPLES["medium"][1]())
    assert len(told(tmp_path)) == 9 and len(started) == 1
    assert len(told(tmp_path)) == 9 and len(started) == 1


@pytest.mark.slow
def test_nothing_is_left_running_when_the_program_is_killed(bad: None, tmp_path: Path) -> None:
    path = write(tmp_path / "a.bad", "pid\nhang")
    code = (
        "import sys; from pathlib import Path; from ingest.bad_readers import BadReader; from rag import registry\n"
        "from rag.ingest import load; from rag.ingest.packed import LIMITS\n"
        "registry.register('readers', 'bad', BadReader())\n"
        f"found = load.load([{str(path)!r}], None, LIMITS._replace(seconds=1))\n"
        "print(next(found).text, flush=True); next(found)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment, text=True) as program:
        assert program.stdout is not None
        child = int(program.stdout.readline())
        program.kill()
    until = time.monotonic() + 15
    while time.monotonic() < until and _alive(child):
        time.sleep(0.1)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_special_files_are_told_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.html")
    (tmp_path / "device.csv").symlink_to("/dev/zero")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    write(tmp_path / "z.txt", GOOD)
    listening = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        listening.bind("socket.txt")
    finally:
        os.chdir(here)
    found: dict[str, list[str]] = {}
    thread = threading.Thread(target=lambda: found.update(told(tmp_path)), daemon=True)
    thread.start()
    thread.join(20)
    listening.close()
    assert found == {
        "pipe.html": ["! not a regular file: a named pipe"],
        "device.csv": ["! not a regular file: a device"],
        "loop.txt": ["! the file can't be read: Too many levels of symbolic links"],
        "socket.txt": ["! not a regular file: a socket"],
        "z.txt": [GOOD],
    }


def test_a_file_that_grows_is_read_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", '{"text": "first row"}\n' * 20_000)
    found = load([path])
    seen = 0
    with path.open("ab") as growing:
        for item in found:
            assert isinstance(item, RawArticle)
            seen += 1
            growing.write(b'{"text": "another row"}\n')
            growing.flush()
    assert seen == 20_000


def test_lone_surrogates_become_whole_characters(tmp_path: Path) -> None:
    write(
        tmp_path / "a.json",
        '[{"title": "A \\ud800 title", "text": "Words \\udfff here.", "id": "x\\ud801y", "k": "\\ud802"}]',
    )
    write(tmp_path / "b.jsonl", '{"title": "A", "text": "Words here.", "tags": ["\\udc00"], "source": "\\ud83d"}\n')
    found = list(load([tmp_path]))
    assert len(found) == 2
    for item in found:
        assert isinstance(item, RawArticle)
        item.model_dump_json().encode("utf-8")
        repr(dict(item.metadata)).encode("utf-8")


def test_two_names_that_are_no_text_stay_two(tmp_path: Path) -> None:
    for byte in (b"\xe9", b"\xe8"):
        with open(os.fsencode(tmp_path) + b"/caf" + byte + b".txt", "wb") as out:
            out.write(GOOD.encode())
    found = list(load([tmp_path]))
    assert len({item.key for item in found if isinstance(item, RawArticle)}) == 2
    assert all(not isinstance(item, Skipped) for item in found)


@pytest.mark.parametrize("piece", ["\n", " \n", "\r", "\x0b", " ", "\t", "<", "{", "[", "_", "-", "="])
def test_what_a_file_is_takes_no_time_that_grows_with_its_square(piece: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", '{"text": "' + piece * 60_000 + 'x"}')
    began = time.monotonic()
    with path.open("rb") as stream:
        recognise(path, stream)
    assert time.monotonic() - began < 5


def _documents(nested: bool, count: int) -> bytes:
    """An export of a database whose documents stand beside one another, or each in the one before."""
    one = '<div><a name="DocID_{0}"></a><p><strong>Full text: </strong>The ferry of pier {0} sails.</p>'
    return ("".join(one.format(n) + ("" if nested else "</div>") for n in range(count))).encode()


@pytest.mark.parametrize(
    ("name", "made", "count"),
    [
        ("flat.html", lambda n: _documents(False, n), 1500),
        ("nested.html", lambda n: _documents(True, n), 1500),
    ],
)
def test_many_articles_take_no_time_that_grows_with_their_square(
    name: str, made: Callable[[int], bytes], count: int, tmp_path: Path
) -> None:
    """Four times as many take about four times as long, and none is lost."""
    took = []
    for many in (count // 4, count):
        (tmp_path / name).write_bytes(made(many))
        began = time.process_time()
        found = [item for item in load([tmp_path / name]) if isinstance(item, RawArticle)]
        took.append(time.process_time() - began)
        assert len(found) == len({item.key for item in found}) == many
        assert "pier 0 " in found[0].text and f"pier {many - 1} " in found[-1].text
    assert took[1] < 8 * max(took[0], 0.1)


def test_a_long_name_of_a_column_is_not_gone_through_for_each_row(tmp_path: Path) -> None:
    rows = "".join(f"Ferry {n} sails,{n},y\n" for n in range(200))
    (tmp_path / "a.csv").write_text(f"text,id,{'x' * 200_000}\n{rows}")
    began = time.process_time()
    assert sum(isinstance(item, RawArticle) for item in load([tmp_path / "a.csv"])) == 200
    assert time.process_time() - began < 1.5


@pytest.mark.parametrize("form", ["mhtml", "europresse"])
def test_parts_without_end_take_no_time_that_grows_with_their_square(form: str, tmp_path: Path) -> None:
    ending, make = SAMPLES[form]
    raw = make()
    if form == "mhtml":
        at = raw.index(b"\n") + 1
        raw = raw[:at] + b"Content-Type: multipart/related;\n" + b" type;" * 60_000 + b"\n" + raw[at:]
    else:
        block = raw[raw.index(b"<body") :].partition(b">")[2].partition(b"</body")[0]
        raw = raw.replace(block, block * (2_000_000 // len(block)))
    began = time.process_time()
    found = list(load([write(tmp_path / f"a{ending}", raw)]))
    assert time.process_time() - began < 10
    assert found


def test_of_very_many_rows_that_are_none_the_number_is_told(tmp_path: Path) -> None:
    rows = [f'{{"title": "{title}", "text": "The harbour is closed."}}' for title in ("Storm", "Calm")]
    lines = [rows[0], *["17"] * 1500, rows[1]]
    *most, last = load([write(tmp_path / "a.jsonl", "\n".join(lines).encode())])
    assert [a.title for a in most if isinstance(a, RawArticle)] == ["Storm", "Calm"]
    assert sum(isinstance(r, Skipped) for r in most) == 1000
    assert isinstance(last, Skipped) and last.reason.startswith("500 more")


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ("a: &a [*a]\ntitle: *a", "*a"),
        ("a: &a [x, x]\nb: &b [*a, *a]\ntitle: [*b, *b]", "[*b, *b]"),
        ("desk: &d City desk\ntitle: *d", "City desk"),
        (f"title: {'[' * 20}x{']' * 20}", "a"),
    ],
)
def test_front_matter_that_means_itself_is_no_reason_to_fail(front: str, title: str, tmp_path: Path) -> None:
    (found,) = load([write(tmp_path / "a.md", f"---\n{front}\n---\nThe harbour is closed.".encode())])
    assert isinstance(found, RawArticle) and (found.title, found.text) == (title, "The harbour is closed.")


def test_a_reader_that_goes_too_deep_is_told_plainly(
    bad: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deeper(*_: object) -> Iterator[RawArticle]:
        yield from deeper()

    monkeypatch.setattr(registry.readers()["bad"], "read", deeper)
    assert told(write(tmp_path / "a.bad", b"x"), limits=LIMITS) == {
        "a.bad": ["! its parts lie too deeply in one another to be read"]
    }
