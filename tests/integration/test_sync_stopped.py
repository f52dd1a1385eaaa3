"""A sync that is stopped while a model loads ends with exit code 0, and not by an abort of the process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.models


def test_a_loop_that_is_stopped_ends_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("Bridge\n\nThe harbour bridge was closed on Monday after a storm.")
    command = [sys.executable, "-m", "rag.cli", "sources"]
    where = ["--archive", str(tmp_path / "archive")]
    subprocess.run([*command, "add", str(folder), *where], check=True, timeout=120, capture_output=True)
    with subprocess.Popen([*command, "sync", "--every", "1s", *where], stderr=subprocess.PIPE, text=True) as loop:
        until = time.monotonic() + 120
        while not (tmp_path / "archive/sync.lock").exists() and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(3)  # the model is being loaded, or has been
        loop.send_signal(signal.SIGTERM)
        _, err = loop.communicate(timeout=30)
    assert loop.returncode == 0, err
    assert "terminate" not in err
