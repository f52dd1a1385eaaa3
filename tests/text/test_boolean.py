"""Full-text queries: what each form means, and what can't be read is told."""

from __future__ import annotations

import pytest
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import UsageError
from rag.text.boolean import All, Dated, Either, Language, No, Phrase, Word, parse, positives


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("tariffs", Word("tariffs")),
        ("port strike", All((Word("port"), Word("strike")))),
        ("port AND strike", All((Word("port"), Word("strike")))),
        ("port OR strike ferry", Either((Word("port"), All((Word("strike"), Word("ferry")))))),
        ("(port OR strike) ferry", All((Either((Word("port"), Word("strike"))), Word("ferry")))),
        ("port NOT strike", All((Word("port"), No(Word("strike"))))),
        ("port -strike", All((Word("port"), No(Word("strike"))))),
        ("NOT NOT port", Word("port")),
        ('"Port of New Haven"', Phrase(("port", "of", "new", "haven"))),
        ("“Port strike”", Phrase(("port", "strike"))),
        ('"port strike"~4', Phrase(("port", "strike"), 4)),
        ('"port auth*"', Phrase(("port", "auth"), prefix=True)),
        ("harb*", Word("harb", prefix=True)),
        ("port NEAR/3 strike", Phrase(("port", "strike"), 3)),
        ("port NEAR strike", Phrase(("port", "strike"), 5)),
        ("outlet:Reuters", Word("reuters", field="outlet")),
        ("source:Reuters", Word("reuters", field="outlet")),
        ('author:"Ana Reyes"', Phrase(("ana", "reyes"), field="author")),
        ("title:(port OR strike)", Either((Word("port", field="title"), Word("strike", field="title")))),
        ("language:EN", Language("en")),
        ("U.S.-China", Phrase(("us", "china"))),
        ("well-known", Phrase(("well", "known"))),
        ('"note:this"', Phrase(("note", "this"))),
        ("note: this", All((Word("note"), Word("this")))),
        ("12:30", Phrase(("12", "30"))),
        ("https://example.org/a", Phrase(("https", "example", "org", "a"))),
        ("and or not near", All((Word("and"), Word("or"), Word("not"), Word("near")))),
        ("Müller's", Word("muller")),
        ("   ", None),
    ],
)
def test_what_is_meant(query: str, meant: object) -> None:
    """Operators are written large; small ones are words."""
    assert parse(query) == meant


@pytest.mark.parametrize(
    ("query", "first", "end"),
    [
        ("date:2023", "2023-01-01", "2024-01-01"),
        ("date:2023-12", "2023-12-01", "2024-01-01"),
        ("date:2023-06-30", "2023-06-30", "2023-07-01"),
        ("after:2023-06", "2023-06-01", None),
        ("before:2023-06", None, "2023-06-01"),
    ],
)
def test_dates(query: str, first: str | None, end: str | None) -> None:
    """A year, a month or a day; "after" with its first day, "before" up to it."""
    node = parse(query)
    assert isinstance(node, Dated)
    assert (node.after and f"{node.after:%Y-%m-%d}", node.before and f"{node.before:%Y-%m-%d}") == (first, end)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ('"port', "quotation mark"),
        ("(port", "not closed"),
        ("port)", "closing bracket"),
        ("()", "closing bracket"),
        ("port AND", "ends where"),
        ("AND port", "AND stands"),
        ("port OR OR strike", "OR stands"),
        ("port NEAR (a b)", "NEAR stands"),
        ("language:english", "no language"),
        ("date:yesterday", "no date"),
        ("date:2023-13", "no date"),
        ("note:this", "no field 'note'; there are title, author.*put them in quotation marks"),
        ('foo:"port strike"', "no field 'foo'"),
        ("title:foo:(a b)", "no field 'foo'"),
        ("publisher:Reuters", "Did you mean `outlet`"),
        ("autor:Reyes", "Did you mean `author`"),
        ("!!!", "no word"),
        ("x" * 1001, "1,001 characters"),
        ("(" * 60 + "a" + ")" * 60, "brackets within"),
    ],
)
def test_what_cannot_be_read_is_told(query: str, told: str) -> None:
    """Each with what to do."""
    with pytest.raises(UsageError, match=told):
        parse(query)


@given(st.text(alphabet='ab "“”()*:-~/ANDORTEnot5', max_size=40))
@settings(max_examples=examples(400))
def test_any_text_is_read_or_refused(query: str) -> None:
    """Nothing else is raised, and what is marked are words."""
    try:
        node = parse(query)
    except UsageError:
        return
    assert all(leaf.word if isinstance(leaf, Word) else leaf.words for leaf in positives(node))
