#!/usr/bin/env bash
# chromadb 1.5.9: where a PersistentClient could not start (here a file lies where its folder is to be), the next one for the
# same path fails too, though the cause is gone: "AttributeError: 'RustBindingsAPI' object has no attribute 'bindings'". The
# engine is kept by its path before it is started, and the second client gets the one that never did. The third works, since
# the second took it out. A program that tries again after an error, or is interrupted while a client starts, has to try twice.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check 'chromadb==1.5.9' 2>/dev/null
"$dir/env/bin/python" - "$dir/store" <<'PY'
import sys
from pathlib import Path

import chromadb


def begin(path):
    try:
        return f"{len(chromadb.PersistentClient(str(path)).list_collections())} collections"
    except Exception as e:
        return f"{type(e).__name__}: {e}"


store = Path(sys.argv[1])
store.write_text("in the way")
told = [begin(store)]
store.unlink()
store.mkdir()
told += [begin(store), begin(store)]
for what, came in zip(("a file in the way", "gone", "again"), told):
    print(f"{what}: {came}")
assert told[0].startswith("InternalError"), "the behaviour has changed"
assert told[1].startswith("AttributeError") and "bindings" in told[1], "the behaviour has changed"
assert told[2] == "0 collections", "the behaviour has changed"
PY
