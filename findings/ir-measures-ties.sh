#!/usr/bin/env bash
# ir_measures 0.4.3 ranks documents of equal score in two ways within one call: RR and nDCG come from trec_eval, which breaks
# ties by document id, descending; RR@1 comes from another provider, which keeps another order. So the one relevant document
# is second for RR and first for RR@1 of the same run, and neither heeds the order in which the run lists the two.
# Seen: RR 0.5, nDCG@10 0.63, RR@1 1.0, for both orders of the run. Scores that are made from ranks alone are safe.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check 'ir-measures==0.4.3' 'pytrec-eval-terrier==0.5.11' 2>/dev/null
"$dir/env/bin/python" - <<'PY'
import ir_measures
from ir_measures import RR, nDCG

qrels = [ir_measures.Qrel("q", "a", 1)]
for order in ("ab", "ba"):
    run = [ir_measures.ScoredDoc("q", doc, 1.0) for doc in order]
    found = ir_measures.calc_aggregate([RR, nDCG @ 10, RR @ 1], qrels, run)
    print(order, {str(measure): round(value, 3) for measure, value in found.items()})
    assert found[RR] == 0.5 and found[RR @ 1] == 1.0 and round(found[nDCG @ 10], 3) == 0.631, "the behaviour has changed"
PY
