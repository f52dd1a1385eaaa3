#!/usr/bin/env bash
# chromadb 1.5.9: in a fresh process the first call on a collection reads its whole HNSW graph into memory, whatever the call:
# count(), and get() of an id that isn't there, as much as a query. Here 20,000 vectors of 384 numbers, 33 MB of graph on the
# disk: the process grows by about that at count(). With a million it is 5 s and 2 GB, only to learn a number that is in
# SQLite beside it. So neither a health check nor a count that decides whether there is anything to do is cheap.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check 'chromadb==1.5.9' 'psutil==7.1.3' 2>/dev/null
"$dir/env/bin/python" - "$dir/store" <<'PY'
import sys

import chromadb
import numpy as np

collection = chromadb.PersistentClient(sys.argv[1]).create_collection("some", embedding_function=None)
draw = np.random.default_rng(0)
for at in range(0, 20_000, 1000):
    vectors = draw.normal(size=(1000, 384)).astype(np.float32)
    collection.add(ids=[str(n) for n in range(at, at + 1000)], embeddings=vectors)
PY
cat > "$dir/look.py" <<'PY'
import sys
from pathlib import Path

import chromadb
import psutil

store, call = sys.argv[1:]
graph = sum(f.stat().st_size for f in Path(store).glob("*/data_level0.bin")) / 1e6
collection = chromadb.PersistentClient(store).get_collection("some", embedding_function=None)
before = psutil.Process().memory_info().rss / 1e6
collection.count() if call == "count" else collection.get(ids=["nobody"], include=[])
grown = psutil.Process().memory_info().rss / 1e6 - before
print(f"{call}: the process has grown by {grown:.0f} MB, the graph's file has {graph:.0f}")
assert graph > 20 and grown > 0.8 * graph, "the behaviour has changed"
PY
for call in count get; do
  "$dir/env/bin/python" "$dir/look.py" "$dir/store" "$call"
done
