#!/usr/bin/env bash
# chromadb 1.5.9: upsert(), delete() and count() of an embedded collection hold Python's global lock for as long as they last;
# query() and get() let it go. So one thread that adds a batch stops every other thread of the process: a web server answers
# nothing meanwhile, not even a health check, though Chroma works on other cores. And since whatever is called first reads the
# whole graph (chroma-count-loads-graph.sh), a first count() of a million passages stops a process for 6 to 17 s, where a
# first get() of an id that isn't there takes as long and stops nobody. What shows it here: the longest time for which a
# second thread, which only sleeps and looks at the clock, doesn't get on.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check 'chromadb==1.5.9' 2>/dev/null
cat > "$dir/look.py" <<'PY'
import sys
import threading
import time

import chromadb
import numpy as np

collection = chromadb.PersistentClient(sys.argv[1]).create_collection("some", embedding_function=None)
draw = np.random.default_rng(0)
vectors = draw.normal(size=(20_000, 384)).astype(np.float32)
ids = [str(n) for n in range(len(vectors))]
gaps: list[float] = []


def watch() -> None:
    last = time.perf_counter()
    while True:
        time.sleep(0.005)
        gaps.append(time.perf_counter() - last)
        last = time.perf_counter()


threading.Thread(target=watch, daemon=True).start()


def share(name, call) -> float:
    """Of the time that a call takes, the part for which another thread stood still at a stretch."""
    gaps.clear()
    began = time.perf_counter()
    call()
    took = time.perf_counter() - began
    time.sleep(0.1)
    print(f"{name}: {took:.2f} s, and another thread stood still for {max(gaps):.2f} s of it")
    return max(gaps) / took


for at in range(0, 16_000, 4000):
    collection.add(ids=ids[at : at + 4000], embeddings=vectors[at : at + 4000])
held = {
    "upsert": lambda: collection.upsert(ids=ids[16_000:], embeddings=vectors[16_000:]),
    "delete": lambda: collection.delete(ids=ids[:4000]),
}
free = {
    "query": lambda: collection.query(query_embeddings=vectors[:1500], n_results=50, include=[]),
    "get": lambda: collection.get(ids=ids[4000:], include=[]),
}
assert min([share(name, call) for name, call in held.items()]) > 0.8, "the behaviour has changed"
assert max([share(name, call) for name, call in free.items()]) < 0.7, "the behaviour has changed"
PY
"$dir/env/bin/python" "$dir/look.py" "$dir/store"
