"""Commands to run, and what their errors look like."""

from __future__ import annotations

from typing import Any

from helpers import Done

LINE = "A storm named storm0002 had damaged 12 boats."
QUESTION = "How many boats did storm0002 damage?"


def one_line_error(done: Any, code: int) -> str:
    err = done.err if isinstance(done, Done) else done.stderr
    out = done.out if isinstance(done, Done) else done.stdout
    assert (done.code if isinstance(done, Done) else done.returncode) == code, err
    assert out == ""
    assert "Traceback" not in err
    lines = err.strip().splitlines()
    if code == 1:
        assert len(lines) == 1, err
        assert lines[0].startswith("onrecord: ")
    return err
