#!/usr/bin/env bash
# xllamacpp 2026.10 (llama.cpp for Python) and uharfbuzz 0.57 can't be loaded in one process: whichever comes second raises
# "TypeError: Shared Cython type cython_function_or_method has the wrong size". Both are built with Cython, which shares its
# types between modules of one process by version; each alone loads. A program that needs both has to put one of them in a
# process of its own.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check --no-deps 'xllamacpp==2026.10.11549' 'uharfbuzz==0.57.0' 2>/dev/null
for first in uharfbuzz xllamacpp; do
  second=$([ "$first" = uharfbuzz ] && echo xllamacpp || echo uharfbuzz)
  "$dir/env/bin/python" -c "import $first; print('$first alone: loaded')"
  "$dir/env/bin/python" - "$first" "$second" <<'PY'
import sys
from importlib import import_module

first, second = sys.argv[1:]
import_module(first)
try:
    import_module(second)
except TypeError as e:
    print(f"{first}, then {second}: TypeError: {e}")
    assert "has the wrong size" in str(e), "the behaviour has changed"
else:
    sys.exit(f"{first}, then {second}: both loaded; the behaviour has changed")
PY
done
