#!/usr/bin/env bash
# text2num 3.1.0 (alpha2digit, English) reads "two million" and "three point five", but of "three point five million" it makes
# two numbers, and of "half a million" a whole one behind the word half. A text that is normalised with it before figures are
# compared then holds a million that nobody wrote. A year in words becomes two numbers as well.
# Seen: "3.5 1000000", "half a 1000000", "20 23".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check 'text2num==3.1.0' 2>/dev/null
"$dir/env/bin/python" - <<'PY'
from text_to_num import alpha2digit

seen = {
    text: alpha2digit(text, "en")
    for text in ("two million", "three point five", "three point five million", "half a million", "twenty twenty-three")
}
for text, found in seen.items():
    print(f"{text!r} -> {found!r}")
assert list(seen.values()) == ["2000000", "3.5", "3.5 1000000", "half a 1000000", "20 23"], "the behaviour has changed"
PY
