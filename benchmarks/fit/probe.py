"""Whether the local language model's hidden state tells if a sentence answers: a linear probe, measured.

    python -m benchmarks.fit.probe ../shared/data KEPT --questions 500    # half an hour or more; goes on where it was

Nothing of the product uses it. A question of "confidence" (``benchmarks.fit.news``) is read as in the product; of the
likeliest sentence the language model reads the question, the headline, the day, the sentence before and the sentence.
What its first ``LAYERS`` layers make of the sentence's own tokens, averaged, is what the probe learns from: 1,536
numbers, standardised, by logistic regression with a strong penalty; its score joins the present confidence in another
logistic regression. Folds are by article, and the score of what the second one learns from is out of fold too.
llama.cpp gives the states of the last layer only, so a model file is made of the first layers; it gives each token's
with the pooling "none".

Measured on 504 questions (130 articles; the likeliest sentence answers .46 of them), with states from the same weights
at float precision and the sentence after it and the question "Does the sentence answer the question?" in the prompt,
which the sentence's own tokens don't see. Area under the curve of whether it answers: the present confidence .848, the
probe .815, both .884 (difference .017 to .055). Wrong among as many as are shown at .3, .5 and .7: 177 of 402, 131 of
340, 74 of 259; with both 174, 120, 63. Learnt from 100, 200, 300 and 400 questions, both: .848, .867, .873, .884.
Whether the archive answers at all it tells no better: .778, with both .764.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import random
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from benchmarks.fit import news
from benchmarks.fit.confidence import Question, _holds
from rag.answer import marking, quoting, reader
from rag.answer.check import confidence
from rag.answer.evidence import states
from rag.archive import Archive
from rag.settings import Settings
from rag.text.detect import detect_question

MODEL = Path("~/.cache/onrecord/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf")
LAYERS = 17
"""Of 28. The layers in the middle tell more than the last ones."""
PENALTY = 1e-3
_FOLDS = 5
_VALUES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_BLOCKS = {0: (1, 4), 1: (1, 2), 8: (32, 34), 12: (256, 144), 14: (256, 210)}
"""Of a tensor's kind: how many weights a block has, and how many bytes."""


def shortened(model: Path, layers: int, out: Path) -> Path:
    """A GGUF file of a model's first layers, the rest as it is."""
    raw = np.memmap(model, np.uint8, "r")
    at = 8

    def take(code: str) -> Any:
        nonlocal at
        at += struct.calcsize("<" + code)
        return struct.unpack("<" + code, raw[at - struct.calcsize("<" + code) : at].tobytes())[0]

    def text() -> bytes:
        nonlocal at
        size = take("Q")
        at += size
        return raw[at - size : at].tobytes()

    def skip(kind: int) -> None:
        if kind == _TEXT:
            text()
        elif kind == _LIST:
            inner, number = take("I"), take("Q")
            for _ in range(number):
                skip(inner)
        else:
            take(_VALUES[kind])

    tensors, values, begin = take("Q"), take("Q"), at
    counted = 0
    for _ in range(values):
        name, kind = text(), take("I")
        counted = at if name.endswith(b".block_count") else counted
        skip(kind)
    head = bytearray(raw[begin:at].tobytes())
    head[counted - begin : counted - begin + 4] = struct.pack("<I", layers)
    found = [(text(), [take("Q") for _ in range(take("I"))], take("I"), take("Q")) for _ in range(tensors)]
    base = at + -at % 32
    kept = [t for t in found if not t[0].startswith(b"blk.") or int(t[0].split(b".")[1]) < layers]
    sizes = [int(np.prod(dims)) // _BLOCKS[kind][0] * _BLOCKS[kind][1] for _, dims, kind, _ in kept]
    place = 0
    for (name, dims, kind, _), size in zip(kept, sizes, strict=True):
        head += struct.pack("<Q", len(name)) + name + struct.pack(f"<I{len(dims)}Q", len(dims), *dims)
        head += struct.pack("<IQ", kind, place)
        place += size + -size % 32
    with out.open("wb") as file:
        file.write(raw[:8].tobytes() + struct.pack("<QQ", len(kept), values) + head)
        file.write(bytes(-file.tell() % 32))
        for (*_, offset), size in zip(kept, sizes, strict=True):
            file.write(raw[base + offset : base + offset + size].tobytes() + bytes(-size % 32))
    return out


class States:
    """The language model's hidden states of a text, token by token."""

    def __init__(self, model: Path, sock: Path) -> None:
        """Load a model; ``sock`` is where llama.cpp listens."""
        import xllamacpp

        sock.unlink(missing_ok=True)
        params = xllamacpp.CommonParams()
        params.model.path, params.hostnames, params.verbosity = str(model), [str(sock)], -1
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_parallel = 1024, 512, 512, 1
        params.embedding, params.pooling_type = True, xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_NONE
        params.warmup = False
        self._sock, self._server = sock, xllamacpp.Server(params)

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self._sock))
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())

    def mean(self, before: str, text: str) -> np.ndarray:
        """Of a text that stands behind another: the mean of its tokens' states, shape (width,)."""
        first = len(self._ask("/tokenize", {"content": before, "parse_special": True})["tokens"])
        rows = self._ask("/embedding", {"content": before + text, "embd_normalize": -1})[0]["embedding"]
        state: np.ndarray = np.array(rows[first:], np.float32).mean(0)
        return state


def prompt(question: str, reading: reader.Reading) -> tuple[str, str]:
    """What stands before the sentence, and the sentence."""
    passage = reading.hit.passage
    day = f"{passage.published:%-d %B %Y}" if passage.published else ""
    before = f"Before: {reader.sentence(passage, reading.n - 1)}\n" if reading.n else ""
    head = f"<|im_start|>user\nQuestion: {question}\nNews of {day}: {passage.title}\n{before}Sentence:"
    return head, " " + " ".join(reading.text.split())


def read(data: Path, number: int, done: set[int], model: States) -> Iterator[dict[str, Any]]:
    """Questions in English as the product reads them: the likeliest sentence, whether it answers, and its state."""
    news.archived(data)
    with gzip.open(data / "realtimeqa-2023" / "articles.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = {a["doc_id"]: a.get("text") for a in map(json.loads, lines)}
    asked = [r for r in enumerate(news.asked("confidence")) if not {"history", "language"} & r[1].keys()]
    asked = [r for r in asked if detect_question(r[1]["question"]) == "en"]
    random.Random(7).shuffle(asked)
    with Archive.open(settings=Settings(archive=news.ARCHIVE), chat_model="extractive") as archive:
        for n, row in asked[:number]:
            if n in done:
                continue
            gold = tuple(texts[row["article"]][a:b] for a, b in row["gold"])
            found = archive.retrieve(row["question"], k=archive.settings.k, times=False)
            query, embed, fit = (
                found.query.looked_for,
                archive.retriever.embed(found.query),
                archive.retriever.fit(found.query),
            )
            readings = marking.marked(query, reader.read_best(found.query.read_as, found.hits, states))
            near = None
            if fit != "any":
                catalog = archive.stores.catalog
                near = confidence.retrieval_features(query, found.hits, embed=embed, catalog=catalog)
            chosen = quoting.choose(
                query, readings, embed=embed, retrieval=near, fit=fit, caution=0.0, toll=marking.toll(query),
                allowed=lambda reading: "", preferred=lambda reading: False,
            )  # fmt: skip
            if chosen.nearest:
                right = _holds(chosen.nearest[0].text, Question(str(n), row["question"], gold, ()))
                state = model.mean(*prompt(query, chosen.nearest[0]))
                yield {"n": n, "article": row["article"], "p": chosen.p, "right": right, "state": state.tolist()}


Scorer = Callable[[np.ndarray], np.ndarray]


def fitted(x: np.ndarray, y: np.ndarray, penalty: float = PENALTY) -> Scorer:
    """Logistic regression over standardised features: log-odds of rows."""
    mean, scale = x.mean(0), x.std(0) + 1e-6
    model = LogisticRegression(C=penalty, max_iter=500).fit((x - mean) / scale, y)
    return lambda rows: np.asarray(model.decision_function((rows - mean) / scale))


def crossed(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The probe's score of each row, by those of other articles."""
    told = np.zeros(len(y))
    for learnt, left in GroupKFold(_FOLDS).split(x, y, groups):
        told[left] = fitted(x[learnt], y[learnt])(x[left])
    return told


def joined(x: np.ndarray, odds: np.ndarray, y: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The same of the probe and the present confidence together."""
    told = np.zeros(len(y))
    for learnt, left in GroupKFold(_FOLDS).split(x, y, groups):
        inner = crossed(x[learnt], y[learnt], groups[learnt])
        both = fitted(np.c_[odds[learnt], inner], y[learnt], 1.0)
        told[left] = both(np.c_[odds[left], fitted(x[learnt], y[learnt])(x[left])])
    return told


def figures(rows: Sequence[dict[str, Any]]) -> None:
    """Tell the area under the curve of each, and the wrong ones among as many answers as are shown at three bounds."""
    x, y, p = (np.array([row[name] for row in rows]) for name in ("state", "right", "p"))
    groups, odds = np.array([row["article"] for row in rows]), np.log(p / (1 - p))
    scores = {"confidence": odds, "probe": crossed(x, y, groups), "both": joined(x, odds, y, groups)}
    for name, score in scores.items():
        shown = [int((p >= bound).sum()) for bound in (0.3, 0.5, 0.7)]
        wrong = "  ".join(f"{int((~y[np.argsort(-score)[:k]]).sum())} of {k}" for k in shown)
        print(f"{name:<11} AUC {roc_auc_score(y, score):.3f}  wrong {wrong}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, and tell figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fit.probe", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("kept", type=Path, help="a folder for the shortened model and what was read")
    parser.add_argument("--questions", type=int, default=500)
    options = parser.parse_args(arguments)
    options.kept.mkdir(parents=True, exist_ok=True)
    short, kept = options.kept / f"first-{LAYERS}.gguf", options.kept / "probe.jsonl"
    if not short.exists():
        shortened(MODEL.expanduser(), LAYERS, short)
    rows = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []
    model = States(short, options.kept / "llama.sock")
    with kept.open("a", encoding="utf-8") as out:
        for row in read(options.data, options.questions, {r["n"] for r in rows}, model):
            rows.append(row)
            print(json.dumps(row), file=out, flush=True)
    figures(rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
