#!/usr/bin/env bash
# rouge_score 0.1.2 keeps the letters a to z and the digits and takes all else for a gap between words. A sentence in Russian
# or Chinese scores 0 against itself, and a name with an accent equals what is left when the letter is cut out. So ROUGE of
# news in another script is 0 for every system, and of names with accents too high; nothing warns.
# Seen: 0.0 for Russian and Chinese against themselves, 1.0 for "Gdańsk" against "Gda sk".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check 'rouge-score==0.1.2' 2>/dev/null
"$dir/env/bin/python" - <<'PY'
from rouge_score.rouge_scorer import RougeScorer

scorer = RougeScorer(["rougeL"])
pairs = [("Москва", "Москва"), ("新的规定", "新的规定"), ("Gdańsk", "Gda sk"), ("Warsaw", "Warsaw")]
seen = [scorer.score(*pair)["rougeL"].fmeasure for pair in pairs]
for pair, value in zip(pairs, seen):
    print(pair, value)
assert seen == [0, 0, 1.0, 1.0], "the behaviour has changed"
PY
