"""From rows to values: what each measure says of each case.

A measure gives a case a pair, (points, of how many); its score over cases is the sum of the points over the sum of the
others, so that a case may weigh more than another (``quote_verbatim`` counts citations). A case to which a measure
does not apply has no pair; a case that ended in an error has one, with 0 points.

Retrieval: cases with a relevant document, by trec_eval's definitions (``ir_measures``). The documents are articles,
each followed by those whose near-identical passage stood aside for it; or passages, where all relevant ones are such.

    recall@k     share of the relevant documents among the first k
    ndcg@k       discounted cumulative gain of the first k over the best there can be; gain is the grade, discount
                 log2(rank + 1) (Järvelin and Kekäläinen 2002)
    mrr@k        1 / rank of the first relevant document, 0 beyond k
    map@k        sum of precision at the rank of each relevant document of the first k, over all relevant ones
    hit@k        whether there is a relevant document among the first k

Answers: cases with accepted answers that the archive holds, without choices. A refusal is 0. ``rag.evaluation.overlap``
defines them.

    exact_match, f1, rouge_l    of the brief answer where there is one, else of all sentences without their marks
    contains                    of all sentences
    choice_accuracy             of multiple-choice cases: whether the right one was chosen

Citations: answered cases without choices, by ALCE's definitions (Gao et al. 2023).

    citation_recall      share of the answer's sentences that their cited words together support
    citation_precision   share of its citations that stand under a supported sentence and are needed: they support it
                         alone, or the others don't without them
    gold_precision       share of citations that quote one of the case's evidence sentences
    gold_recall          share of the case's evidence sentences that are quoted
    gold_hit             whether one is quoted
    quote_verbatim       share of citations whose words the article has in that very place; counts citations

ALCE counts an answer without citations 0. A refusal claims nothing and is left out of the first two here: it is counted
by ``answered``, and 0 there would make refusing rightly look like citing badly. ``gold_*`` are over all cases with
evidence that the archive holds, refused ones with 0.

Refusing: cases without choices; refusing is the positive class.

    answered             share answered of the cases that the archive holds the answer of
    refusal_precision    share of the refused that the archive does not hold the answer of
    refusal_recall       share refused of the cases that the archive does not hold the answer of
    balanced_accuracy    mean of ``answered`` and ``refusal_recall`` (Brodersen et al. 2010)

A false premise counts as a case that the archive does not hold the answer of, but not in ``refusal_recall``: to put it
right is as good as to refuse.

How it came out: whether the answer is right, by the case's gold. Gold is its rubric (``rag.evaluation.rubric``), else
its accepted answers, else its evidence sentences; an answer to a case with none of them can't be judged, and is left
out of the first two. Each case is one of right, wrong and refused wrongly, or ended in an error.

    right              share that came out right: answered rightly, or refused rightly
    wrong              share answered, and not rightly
    refused_rightly    share refused of the unanswerable and the false premises
    refused_wrongly    share refused of the answerable

Rubrics: cases with one.

    rubric_gold        share of the answered with gold sentences that cite one of them, or all where all are asked for
    withheld_right     share of the answerable of which what is shown is not right, and a sentence withheld is
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from rag.errors import UsageError
from rag.evaluation import overlap, rubric
from rag.evaluation.values import Cause, EvalCase, Result, Row
from rag.types import Answer, Hit

Points = tuple[float, float]
"""(points, of how many)"""

RUBRIC = ("right", "wrong", "refused_rightly", "refused_wrongly", "rubric_gold", "withheld_right")
"""How cases came out; the last two are of cases with a rubric."""
OUTCOMES = RUBRIC[:4]
"""How every case came out, by its gold."""

DEFAULT: tuple[str, ...] = (
    "recall@5",
    "recall@10",
    "ndcg@10",
    "mrr@10",
    "map@10",
    "hit@1",
    "hit@10",
    "exact_match",
    "f1",
    "contains",
    "rouge_l",
    "choice_accuracy",
    "citation_recall",
    "citation_precision",
    "gold_precision",
    "gold_recall",
    "gold_hit",
    "quote_verbatim",
    "answered",
    "refusal_precision",
    "refusal_recall",
    "balanced_accuracy",
    *RUBRIC,
)
"""The measures of a report, in its order."""

_RANKED = {"recall": "R", "ndcg": "nDCG", "mrr": "RR", "map": "AP", "hit": "Success"}
"""Measures of a ranking, and what ir_measures calls them."""
_AT = re.compile(rf"({'|'.join(_RANKED)})@[1-9][0-9]{{0,5}}")
_COMPOSITE = {"balanced_accuracy": ("answered", "refusal_recall")}
"""Measures that are the mean of others."""
_NEAR = 0.5
"""Least f1 of an answer that is right."""


def parse(names: Iterable[str]) -> tuple[str, ...]:
    """Names of measures, each once, in the order given.

    Raises:
        UsageError: There is no measure of that name.
    """
    chosen = tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in _MEASURES and name not in _COMPOSITE and not _AT.fullmatch(name):
            known = ", ".join([*(f"{n}@k" for n in _RANKED), *(n for n in DEFAULT if "@" not in n)])
            raise UsageError(f"There is no measure “{name}”. Use one of: {known}, with a number from 1 for k.")
    return chosen


def parts(name: str) -> tuple[str, ...]:
    """The measures whose scores' mean is this one's: itself, for all but ``balanced_accuracy``."""
    return _COMPOSITE.get(name, (name,))


def results(rows: Sequence[Row], names: Iterable[str] = DEFAULT) -> tuple[Result, ...]:
    """The measures of each case, whether it came out right, and why not.

    Args:
        rows: Of one run. Where a row has neither answer, choice nor error, the run is of retrieval only, and its rows
            get no measures of answers.
        names: Of measures; of composite ones, the values hold the parts.

    Returns:
        One for each row, in their order.

    Raises:
        UsageError: There is no measure of that name.
    """
    wanted = tuple(dict.fromkeys(part for name in parse(names) for part in parts(name)))
    asked = all(row.answer or row.choice or row.error is not None for row in rows)
    found = []
    for row, ranked in zip(rows, retrieval(rows, [n for n in wanted if n not in _MEASURES]), strict=True):
        said = {n: _MEASURES[n](row) for n in wanted if n in _MEASURES} if asked else {}
        values = {n: pair for n in wanted if (pair := ranked.get(n) or said.get(n)) is not None}
        right, cause = _outcome(row)
        case = row.case
        found.append(
            Result(id=case.id, question=case.question, tags=case.tags, values=values, right=right, cause=cause)
        )
    return tuple(found)


def retrieval(rows: Sequence[Row], names: Sequence[str]) -> list[dict[str, Points]]:
    """Measures of rankings, computed for all rows at once; for each row name → pair, empty without relevant documents.

    Args:
        rows: Those with an error count as if nothing had been found.
        names: Like ``recall@5``.
    """
    found: list[dict[str, Points]] = [{} for _ in rows]
    relevant = {str(i): judged for i, row in enumerate(rows) if (judged := _judged(row))}
    if not relevant or not names:
        return found
    import ir_measures

    measures = {getattr(ir_measures, _RANKED[kind]) @ int(k): name for name in names for kind, k in [name.split("@")]}
    run = {i: ranking for i in relevant if (ranking := _ranking(rows[int(i)]))}
    # Numbers in place of names, which may hold what a C library can't; scores fall strictly, as it breaks ties by name.
    number = {i: {doc: str(n) for n, doc in enumerate([*run.get(i, ()), *relevant[i]])} for i in relevant}
    qrels = {i: {number[i][doc]: grade for doc, grade in judged.items()} for i, judged in relevant.items()}
    scored = {i: {number[i][doc]: float(-rank) for rank, doc in enumerate(ranking)} for i, ranking in run.items()}
    for metric in ir_measures.iter_calc(list(measures), qrels, scored):
        found[int(metric.query_id)][measures[metric.measure]] = (float(metric.value), 1.0)
    return found


# -- a row looked at -------------------------------------------------------------------


def _relevant(row: Row) -> dict[str, int]:
    return {doc: grade for doc, grade in row.relevant.items() if grade > 0}


def _judged(row: Row) -> Mapping[str, int]:
    # An error may have come before the case's names were looked up.
    return _relevant(row) or (row.case.relevant if row.error is not None else {})


def _ranking(row: Row) -> list[str]:
    """What was found as ``relevant`` names it, best first."""
    if row.error is not None:
        return []
    if row.level == "passage":
        return list(dict.fromkeys(f.passage for f in row.found))
    return list(dict.fromkeys(key for f in row.found for key in (f.article, *f.duplicates)))


def _in_words(row: Row) -> bool:
    """Whether the case was to be answered in words, not by choosing."""
    return not row.case.choices and row.case.choice is None and (row.answer is not None or row.error is not None)


def _answer(row: Row) -> Answer | None:
    """The answer, if it is one and no refusal."""
    return row.answer if row.error is None and row.answer is not None and row.answer.answered else None


def _brief(answer: Answer) -> str:
    return answer.plain_text if answer.brief is None else answer.brief


# -- answers ---------------------------------------------------------------------------


def _nearness(
    measure: Callable[[str, Sequence[str]], float], of: Callable[[Answer], str]
) -> Callable[[Row], Points | None]:
    def value(row: Row) -> Points | None:
        if not _in_words(row) or not row.case.answerable or not row.case.answers:
            return None
        answer = _answer(row)
        return (measure(of(answer), row.case.answers) if answer else 0.0), 1.0

    return value


def _choice_accuracy(row: Row) -> Points | None:
    if row.case.choice is None or (row.choice is None and row.error is None):
        return None
    return float(row.error is None and row.choice is not None and row.choice.choice == row.case.choice), 1.0


# -- citations -------------------------------------------------------------------------


def _cited(share: Callable[[Row], list[bool]]) -> Callable[[Row], Points | None]:
    """The mean over an answer's sentences or citations; none for a refusal."""

    def value(row: Row) -> Points | None:
        if not _in_words(row):
            return None
        if row.error is not None:
            return 0.0, 1.0
        return (_share(share(row)), 1.0) if _answer(row) and row.claims else None

    return value


def _gold(share: Callable[[Row], float]) -> Callable[[Row], Points | None]:
    def value(row: Row) -> Points | None:
        if not _in_words(row) or not row.case.answerable or not row.case.evidence:
            return None
        return (share(row) if _answer(row) else 0.0), 1.0

    return value


def _quote_verbatim(row: Row) -> Points | None:
    if row.error is not None or not row.contexts:
        return None
    return float(sum(c.verbatim for c in row.contexts)), float(len(row.contexts))


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


# -- refusing --------------------------------------------------------------------------


def _answered(row: Row) -> Points | None:
    return (float(_answer(row) is not None), 1.0) if _in_words(row) and row.case.answerable else None


def _refused(row: Row) -> bool:
    return row.error is None and row.answer is not None and not row.answer.answered


def _refusal_precision(row: Row) -> Points | None:
    return (float(not row.case.answerable), 1.0) if _in_words(row) and _refused(row) else None


def _refusal_recall(row: Row) -> Points | None:
    return (float(_refused(row)), 1.0) if _in_words(row) and _must_refuse(row.case) else None


def _must_refuse(case: EvalCase) -> bool:
    """Whether nothing but a refusal is right."""
    return not case.answerable and not (case.rubric and case.rubric.false_premise)


# -- how it came out --------------------------------------------------------------------


def _came_out(whether: Callable[[Row], bool | None]) -> Callable[[Row], Points | None]:
    """Of cases to be answered in words, those that are not None; an error is 0 in all of them."""

    def value(row: Row) -> Points | None:
        if not _in_words(row):
            return None
        told = whether(row)
        return None if told is None else (float(told and row.error is None), 1.0)

    return value


def _came_right(row: Row) -> bool | None:
    """Whether a case came out right, by its gold; None where it has none to judge an answer by."""
    if row.error is not None or row.answer is None:
        return False
    if not row.answer.answered:
        return not row.case.answerable
    return False if _must_refuse(row.case) else _is_right(row)


# -- rubrics ---------------------------------------------------------------------------


def _by_rubric(
    whether: Callable[[Row, Answer], bool], over: Callable[[Row], bool] = lambda row: True
) -> Callable[[Row], Points | None]:
    """Of cases with a rubric, those that ``over`` names; an error is 0."""

    def value(row: Row) -> Points | None:
        if not _in_words(row) or row.case.rubric is None or not over(row):
            return None
        return float(row.error is None and row.answer is not None and whether(row, row.answer)), 1.0

    return value


def _is_answerable(row: Row) -> bool:
    return row.case.answerable


_MEASURES: Mapping[str, Callable[[Row], Points | None]] = {
    "exact_match": _nearness(overlap.exact_match, _brief),
    "f1": _nearness(overlap.f1, _brief),
    "contains": _nearness(overlap.contains, lambda answer: answer.plain_text),
    "rouge_l": _nearness(overlap.rouge_l, _brief),
    "choice_accuracy": _choice_accuracy,
    "citation_recall": _cited(lambda row: [c.supported for c in row.claims]),
    "citation_precision": _cited(lambda row: [c.supported and needed for c in row.claims for needed in c.needed]),
    "gold_precision": _gold(lambda row: _share([gold for c in row.claims for gold in c.gold])),
    "gold_recall": _gold(lambda row: _share(row.gold_cited)),
    "gold_hit": _gold(lambda row: float(any(row.gold_cited))),
    "quote_verbatim": _quote_verbatim,
    "answered": _answered,
    "refusal_precision": _refusal_precision,
    "refusal_recall": _refusal_recall,
    "right": _came_out(lambda row: _came_right(row)),
    "wrong": _came_out(lambda row: None if (right := _came_right(row)) is None else not right and not _refused(row)),
    "refused_rightly": _came_out(lambda row: _refused(row) if not row.case.answerable else None),
    "refused_wrongly": _came_out(lambda row: _refused(row) if row.case.answerable else None),
    "rubric_gold": _by_rubric(
        lambda row, _: rubric.cites_gold(row), over=lambda row: rubric.has_gold(row.case) and not _refused(row)
    ),
    "withheld_right": _by_rubric(
        lambda row, answer: rubric.is_withheld_though_right(row.case, answer), over=_is_answerable
    ),
}


# -- right or wrong --------------------------------------------------------------------


def _outcome(row: Row) -> tuple[bool | None, Cause | None]:
    """Whether a case came out as it should, and why not; None, None where nothing tells."""
    if row.error is not None:
        return False, "error"
    if row.choice is not None:
        return _chosen(row)
    if row.answer is None:
        return None, None
    if not row.case.answerable and (not row.answer.answered or _must_refuse(row.case)):
        return (False, "should have refused") if row.answer.answered else (True, None)
    near = _relevant_hits(row, row.answer.hits)
    missed = bool(_relevant(row)) and not near
    if not row.answer.answered:
        if missed:
            return False, "not retrieved"
        return False, "unsupported" if row.answer.reason == "not_supported" else "refused wrongly"
    right = _is_right(row)
    if right is not False:
        return right, None
    if missed:
        return False, "not retrieved"
    if near and not any(_within(row, c.article_id, c.start, near) for c in row.answer.citations):
        return False, "retrieved but not used"
    return False, "wrong answer"


def _chosen(row: Row) -> tuple[bool | None, Cause | None]:
    assert row.choice is not None
    if row.case.choice is None:
        return None, None
    if row.choice.choice == row.case.choice:
        return True, None
    return False, "not retrieved" if _relevant(row) and not _relevant_hits(row, row.choice.hits) else "wrong answer"


def _is_right(row: Row) -> bool | None:
    """Of an answer to an answerable case or a false premise: by rubric, else words, else quotes, else unknown."""
    if row.case.rubric is not None and row.answer is not None:
        return rubric.is_right(row.case, row.answer)
    if row.case.answers:
        return any(
            (value := _MEASURES[name](row)) is not None and value[0] >= least
            for name, least in (("contains", 1.0), ("f1", _NEAR))
        )
    return any(row.gold_cited) if row.case.evidence else None


def _relevant_hits(row: Row, hits: Sequence[Hit]) -> list[Hit]:
    """The passages an answer was given that are relevant, or of a relevant article or its twin.

    A passage knows its article's id and URL, ``relevant`` the article's key: ``found`` tells one from the other.
    """
    if row.level == "passage":
        return [h for h in hits if h.passage.id in _relevant(row)]
    found = {f.passage: f for f in row.found}
    keys = {h.passage.article_id: found[h.passage.id].article for h in hits if h.passage.id in found}
    wanted = {*_relevant(row), *row.case.relevant}

    def names(hit: Hit) -> set[str | None]:
        articles = (hit.passage.article_id, *hit.duplicates)
        twins = found[hit.passage.id].duplicates if hit.passage.id in found else ()
        return {hit.passage.url, *articles, *twins, *(keys.get(a) for a in articles)}

    return [h for h in hits if names(h) & wanted]


def _within(row: Row, article_id: str, start: int, hits: Sequence[Hit]) -> bool:
    """Whether a citation is of a hit's article; where passages are judged, of the passage itself."""
    return any(
        h.passage.article_id == article_id and (row.level == "article" or h.passage.start <= start < h.passage.end)
        for h in hits
    )


__all__ = ["DEFAULT", "OUTCOMES", "RUBRIC", "Points", "parse", "parts", "results", "retrieval"]
