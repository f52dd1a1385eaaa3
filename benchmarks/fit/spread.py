"""Makes ``rag/index/e5.json``: how the multilingual model's vectors are spread, so that their cosines can be read.

    python -m benchmarks.fit.spread ../shared/data            # measures
    python -m benchmarks.fit.spread ../shared/data --write

Vectors of multilingual-e5-small lie in a narrow cone: unrelated texts have cosines of .7, related ones of .85, and
those of one language lie nearer to each other than to those of another. What they all have in common, the mean, is
taken off, and so are the directions in which the languages' own means differ (Yang et al., EMNLP 2021: language
information removal). Both are measured on passages of fifteen languages, 160 of each: ``training/open-*.jsonl.xz``.
What comes of it is measured on other texts: XQuAD's questions and paragraphs.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.quality.runs import say
from rag.index import encoder
from rag.index.embed import MULTILINGUAL, BuiltInEmbedder
from rag.index.encoder import MultilingualE5, Runner, unit
from rag.settings import load_settings

FILE = Path(encoder.__file__).with_name("e5.json")
LANGUAGES = """
    af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu ha he hi hr hu hy id is it
    ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my ne nl no om or pa pl ps pt ro ru sa sd si sk sl so sq
    sr su sv sw ta te th tl tr ug uk ur uz vi xh yi zh
"""
"""Those of XLM-R's training data (Conneau et al., ACL 2020), which the model's makers name."""
_EACH = 160  # passages of a language
_DIRECTIONS = 8
"""From eight on unrelated texts have a cosine of 0 in each pair of languages; more take away from related ones."""

Vectors = npt.NDArray[np.float32]


class _Plain(MultilingualE5):
    """The model's vectors as they come."""

    def finish(self, vectors: Vectors) -> Vectors:
        return vectors


def passages(data: Path) -> dict[str, list[str]]:
    """Passages by language: a sentence that a question was asked about, with its neighbours."""
    there: dict[str, dict[str, str]] = defaultdict(dict)
    for name in ("open-en", "open-other"):
        with lzma.open(data / f"training/{name}.jsonl.xz", "rt", encoding="utf-8") as rows:
            for row in map(json.loads, rows):
                if row["task"] == "qa":
                    text = " ".join(row[part] for part in ("prev", "sent", "next") if row[part])
                    there[row.get("l") or "en"].setdefault(row["q"], text)
    made = random.Random(1)
    return {
        language: [of[q] for q in made.sample(sorted(of), min(_EACH, len(of)))]
        for language, of in sorted(there.items())
    }


def spread(means: Vectors) -> tuple[Vectors, Vectors]:
    """The centre, shape (dim,), and eight orthonormal directions, (8, dim), of languages' means, (languages, dim)."""
    centre = means.mean(axis=0)
    return centre, np.linalg.svd(means - centre, full_matrices=False)[2][:_DIRECTIONS]


Rows = dict[str, tuple[Vectors, Vectors, list[int]]]
"""Of each language, vectors of its paragraphs and of its questions, and which paragraph each question is of."""


def embedded(embed: Callable[[Sequence[str], bool], Vectors], data: Path) -> Rows:
    """XQuAD's paragraphs and questions."""
    there: Rows = {}
    for language in ("en", "tr", "zh"):
        folder = data / f"xquad/beir/{language}"
        rows = _lines(folder / "corpus.jsonl")
        places = {row["_id"]: n for n, row in enumerate(rows)}
        of = dict(line.split("\t")[:2] for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:])
        asked = _lines(folder / "queries.jsonl")
        there[language] = (
            embed([f"{row.get('title') or ''}\n{row['text']}".strip() for row in rows], False),
            embed([row["text"] for row in asked], True),
            [places[of[row["_id"]]] for row in asked],
        )
    return there


def figures(rows: Rows, finish: Callable[[Vectors], Vectors]) -> list[str]:
    """For each pair of languages: hit@10, and the mean cosines to the right paragraph and to all of them."""
    lines = []
    for a, (_, asked, right) in rows.items():
        for b, (found, _, _) in rows.items():
            cosines = finish(asked) @ finish(found).T
            theirs = cosines[np.arange(len(cosines)), right]
            hit = float(((cosines > theirs[:, None]).sum(axis=1) < 10).mean())
            lines.append(f"{a} → {b}: hit@10 {hit:.3f}, right {theirs.mean():.2f}, all {cosines.mean():.2f}")
    return lines


def _lines(file: Path) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write the file where that is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.spread", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("data", type=Path, help="the folder of the sets, ../shared/data")
    parser.add_argument("--write", action="store_true", help=f"write {FILE.name}")
    options = parser.parse_args(arguments)
    cache = load_settings().cache.expanduser()
    texts = passages(options.data)
    usual = BuiltInEmbedder(MULTILINGUAL, cache=cache)
    usual.measure([text for of in texts.values() for text in of])
    runner = Runner(_Plain("multilingual-e5-small", cache), cache)
    means = []
    for language, of in texts.items():
        say(f"{language}: {len(of)} passages")
        means.append(runner.run(usual.backend, of).mean(axis=0))
    centre, directions = spread(np.stack(means))
    told = {
        "version": "1",
        "languages": " ".join(LANGUAGES.split()),
        "centre": _rounded(centre),
        "directions": [_rounded(row) for row in directions],
    }
    if options.write:
        FILE.write_text(json.dumps(told).replace("], [", "],\n[") + "\n", "utf-8")
        say(f"written: {FILE}")
    rows = embedded(lambda some, asked: runner.run(usual.backend, some, query=asked), options.data)
    ours = MultilingualE5("multilingual-e5-small", cache)
    ours.centre, ours.directions = centre, directions
    for name, finish in (("as they come", unit), ("spread", ours.finish)):
        print("\n".join([name, *figures(rows, finish)]))
    return 0


def _rounded(numbers: Vectors) -> list[float]:
    return [round(float(n), 5) for n in numbers]


if __name__ == "__main__":
    sys.exit(main())
