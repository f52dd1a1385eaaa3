"""Which lists of words a lexicon may have: one class a section, named after the part of the program that reads it.

A ``frozenset[str]`` is looked up in, a ``tuple[str, ...]`` keeps its order and mostly becomes a part of a regular
expression. What the words are for is told in the language's file, beside them. The classes are named tuples, since
making a dataclass takes eight times as long, and these are made whenever the program starts.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Detection(NamedTuple):
    """What a language is known by (``rag/text/detect.py``)."""

    stop_words: tuple[str, ...]
    letters: tuple[str, ...]


class Grammar(NamedTuple):
    """Closed classes of words that several parts of the program ask for."""

    auxiliaries: frozenset[str]
    name_particles: frozenset[str]
    forms_of_address: frozenset[str]
    titles: frozenset[str]
    pronouns_person: frozenset[str]
    pronouns_many: frozenset[str]
    pronouns_thing: frozenset[str]
    owners_person: frozenset[str]
    owners_many: frozenset[str]
    owners_thing: frozenset[str]
    question_words: frozenset[str]
    sentence_openers: frozenset[str]


class Rewrite(NamedTuple):
    """Follow-up questions (``rag/retrieve/rewrite.py``, ``mentions.py``, ``coreference.py``)."""

    plain: frozenset[str]
    offices: frozenset[str]
    things: frozenset[str]
    adjective_endings: tuple[str, ...]
    places: tuple[str, ...]
    after_object: tuple[str, ...]
    forms_of_be: frozenset[str]
    leads: tuple[str, ...]
    bare_ends: tuple[str, ...]
    bare_prepositions: tuple[str, ...]
    time_prepositions: tuple[str, ...]
    prepositions: tuple[str, ...]
    speech_verbs: tuple[str, ...]
    person_verbs: tuple[str, ...]
    motion_verbs: tuple[str, ...]
    particles: frozenset[str]
    known_things: tuple[str, ...]
    general: tuple[str, ...]
    joins: tuple[str, ...]


class Preamble(NamedTuple):
    """How a question is opened (``rag/retrieve/preamble.py``)."""

    people: tuple[str, ...]
    ask_verbs: tuple[str, ...]
    noun_verbs: tuple[str, ...]
    after_nouns: tuple[str, ...]
    after_ask: tuple[str, ...]
    greetings: tuple[str, ...]
    fillers: tuple[str, ...]
    wonders_about: tuple[str, ...]


class Decompose(NamedTuple):
    """Questions for two things (``rag/retrieve/decompose.py``)."""

    later_begins: tuple[str, ...]
    before_question_words: tuple[str, ...]
    happening_verbs: tuple[str, ...]
    outlet_verbs: tuple[str, ...]
    story_nouns: tuple[str, ...]


class Speaker(NamedTuple):
    """Questions for somebody's words (``rag/retrieve/speaker.py``)."""

    say_verbs: tuple[str, ...]
    said_verbs: tuple[str, ...]
    words_of: tuple[str, ...]
    about: tuple[str, ...]
    additions: tuple[str, ...]
    nobody_pronouns: tuple[str, ...]
    nobody_nouns: tuple[str, ...]
    before_names: tuple[str, ...]


class Starters(NamedTuple):
    """Questions to begin with (``rag/retrieve/starters.py``)."""

    forms_of_be: tuple[str, ...]
    verbs: tuple[str, ...]
    say_verbs: tuple[str, ...]
    roles: tuple[str, ...]
    leaning: frozenset[str]
    small: frozenset[str]
    openers: frozenset[str]
    before_place: frozenset[str]
    counted: tuple[str, ...]
    not_counted: tuple[str, ...]


class Speech(NamedTuple):
    """Verbs of saying (``rag/text/speech.py``)."""

    say_verbs: frozenset[str]
    direct_verbs: frozenset[str]
    plain_verbs: tuple[str, ...]


class Manner(NamedTuple):
    """How something was said (``rag/text/manner.py``)."""

    turns: tuple[str, ...]
    no_places: frozenset[str]


class Quotes(NamedTuple):
    """Quotes with their speakers (``rag/ingest/quotes.py``)."""

    nobody_before: tuple[str, ...]
    nobody: tuple[str, ...]
    naming: tuple[str, ...]
    before_names: tuple[str, ...]
    before_roles: tuple[str, ...]


class Names(NamedTuple):
    """Names, and what people are (``rag/text/names.py``, ``rag/ingest/people.py``)."""

    roles: tuple[str, ...]
    role_prefixes: tuple[str, ...]
    role_joins: frozenset[str]
    role_qualifiers: frozenset[str]
    clause_verbs: tuple[str, ...]
    after_names: tuple[str, ...]
    bare_roles: frozenset[str]


class Boilerplate(NamedTuple):
    """Leftovers of web pages (``rag/ingest/boilerplate.py``)."""

    tail_headings: tuple[str, ...]
    link_headings: tuple[str, ...]
    form_lines: tuple[str, ...]
    promo_lines: tuple[str, ...]
    share_verbs: tuple[str, ...]
    share_words: tuple[str, ...]


class Web(NamedTuple):
    """Names on the web, of no language: ``rag/lexicon/web.toml``."""

    networks: tuple[str, ...]
    share_targets: tuple[str, ...]
    tracking: tuple[str, ...]
    outlets: tuple[str, ...]
    outlet_ends: tuple[str, ...]
    outlet_ends_unspaced: tuple[str, ...]
    domains: tuple[str, ...]
    byline_joins: tuple[str, ...]
    byline_leads: tuple[str, ...]


class Evidence(NamedTuple):
    """Choosing evidence (``rag/answer/evidence.py``)."""

    leaning: tuple[str, ...]
    speech_asked: tuple[str, ...]
    speech_told: tuple[str, ...]
    amount_asked: tuple[str, ...]
    amount_told: tuple[str, ...]
    reason_asked: tuple[str, ...]
    reason_told: tuple[str, ...]


class Support(NamedTuple):
    """What holds a statement back (``rag/answer/check/align.py``); lemmas, looked up where the parse leaves it open."""

    factive_verbs: frozenset[str]
    implicative_verbs: frozenset[str]
    denying_verbs: frozenset[str]
    doubting_verbs: frozenset[str]
    wishing_verbs: frozenset[str]
    arranging_verbs: frozenset[str]
    denying_prepositions: frozenset[str]
    margins: frozenset[str]
    saying_nouns: frozenset[str]
    open_nouns: frozenset[str]
    unsure_adverbs: frozenset[str]
    unsure_adjectives: frozenset[str]
    ended_adjectives: frozenset[str]
    unsure_modals: frozenset[str]
    conditions: frozenset[str]
    negatives: frozenset[str]
    universal: frozenset[str]
    partial: frozenset[str]
    at_least: tuple[str, ...]
    at_most: tuple[str, ...]
    about: tuple[str, ...]
    cause_claimed: tuple[str, ...]
    cause_told: tuple[str, ...]


class Figures(NamedTuple):
    """How a sentence says what a figure is of (``rag/answer/conflicts/quantities.py``)."""

    light: frozenset[str]
    totals: frozenset[str]
    otherwise: frozenset[str]
    whoever: frozenset[str]
    times: frozenset[str]
    places: frozenset[str]


class Record(NamedTuple):
    """What changes a fact (``rag/record/``), and notes on an article (``rag/text/notes.py``)."""

    note_labels: tuple[str, ...]
    own_nouns: tuple[str, ...]
    former: tuple[str, ...]
    first_said: tuple[str, ...]
    amended: tuple[str, ...]
    retracted: tuple[str, ...]
    wrong: tuple[str, ...]
    standing: tuple[str, ...]
    leaving_verbs: tuple[str, ...]
    removing_verbs: tuple[str, ...]
    taking_verbs: tuple[str, ...]
    sole_offices: tuple[str, ...]
    held_for: tuple[str, ...]
    calling_off_verbs: tuple[str, ...]
    holding_verbs: tuple[str, ...]
    clearing_verbs: tuple[str, ...]
    accusing_verbs: tuple[str, ...]
    quashing_verbs: tuple[str, ...]
    charge_nouns: tuple[str, ...]
    denying_verbs: tuple[str, ...]
    irregular_office: tuple[str, ...]
    irregular_off: tuple[str, ...]
    irregular_quashing: tuple[str, ...]
    moved: tuple[str, ...]
    opinion_labels: tuple[str, ...]
    opinion_notes: tuple[str, ...]
    opinion_bylines: tuple[str, ...]


class Injection(NamedTuple):
    """Orders to a machine (``rag/answer/injection.py``)."""

    hints: tuple[str, ...]
    disregard: tuple[str, ...]
    instructions: tuple[str, ...]
    leads: tuple[str, ...]
    text_verbs: tuple[str, ...]
    objects: tuple[str, ...]


class Assistant(NamedTuple):
    """What an assistant is asked for (``rag/answer/injection.py``)."""

    machines: tuple[str, ...]
    making_verbs: frozenset[str]
    answer_verbs: frozenset[str]
    change_verbs: frozenset[str]
    made: tuple[str, ...]
    letters: tuple[str, ...]


class Refusals(NamedTuple):
    """How a refusal reads, by its reason: one text each (``rag/text/refusals.py``)."""

    empty_archive: tuple[str, ...]
    no_evidence: tuple[str, ...]
    not_in_archive: tuple[str, ...]
    not_supported: tuple[str, ...]
    cancelled: tuple[str, ...]
    taken_down: tuple[str, ...]


class AnswerLabels(NamedTuple):
    """What stands beside an answer or a refusal: one text each (``rag/text/refusals.py``)."""

    summary: tuple[str, ...]
    by_model: tuple[str, ...]
    summary_of: tuple[str, ...]
    summary_plain: tuple[str, ...]
    quotes: tuple[str, ...]
    timeline: tuple[str, ...]
    nearest: tuple[str, ...]
    none_answers: tuple[str, ...]
    disagree: tuple[str, ...]
    newer: tuple[str, ...]
    older: tuple[str, ...]
    unanswered: tuple[str, ...]
    unheard: tuple[str, ...]
    withheld: tuple[str, ...]
    also_printed: tuple[str, ...]
    opinion: tuple[str, ...]
    sources: tuple[str, ...]
    speaker: tuple[str, ...]
    said_by: tuple[str, ...]


class ArchiveSize(NamedTuple):
    """How large the archive is, told below a refusal: one text each (``rag/text/refusals.py``)."""

    plain: tuple[str, ...]
    dated: tuple[str, ...]
    undated: tuple[str, ...]


class Times(NamedTuple):
    """Times as questions and articles name them (``rag/text/day_names.py``)."""

    questions: tuple[str, ...]
    numbers: tuple[str, ...]
    today: tuple[str, ...]
    yesterday: tuple[str, ...]
    two_days_ago: tuple[str, ...]
    tomorrow: tuple[str, ...]
    this_week: tuple[str, ...]
    last_week: tuple[str, ...]
    last_weekend: tuple[str, ...]
    this_month: tuple[str, ...]
    last_month: tuple[str, ...]
    this_year: tuple[str, ...]
    last_year: tuple[str, ...]
    days_ago: tuple[str, ...]
    weeks_ago: tuple[str, ...]
    months_ago: tuple[str, ...]
    last_named: tuple[str, ...]
    on_day: tuple[str, ...]
    in_month: tuple[str, ...]
    quarters: tuple[str, ...]
    since: tuple[str, ...]
    after: tuple[str, ...]
    before: tuple[str, ...]
    until: tuple[str, ...]
    as_of: tuple[str, ...]
    lately_days: tuple[str, ...]
    lately_weeks: tuple[str, ...]
    latest: tuple[str, ...]
    coming: tuple[str, ...]


SECTIONS: Mapping[str, type[Any]] = {
    "detection": Detection,
    "grammar": Grammar,
    "rewrite": Rewrite,
    "preamble": Preamble,
    "decompose": Decompose,
    "speaker": Speaker,
    "starters": Starters,
    "speech": Speech,
    "manner": Manner,
    "quotes": Quotes,
    "names": Names,
    "boilerplate": Boilerplate,
    "web": Web,
    "evidence": Evidence,
    "support": Support,
    "figures": Figures,
    "record": Record,
    "injection": Injection,
    "assistant": Assistant,
    "refusals": Refusals,
    "answer_labels": AnswerLabels,
    "archive_size": ArchiveSize,
    "times": Times,
}
"""The sections of a lexicon's file."""
