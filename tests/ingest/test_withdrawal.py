"""What an agency withdraws or corrects, in a real archive: taken down everywhere, kept out, superseded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import form_samples as samples
import pytest
from ingest.reading import write
from json_samples import ROWS

from rag import Archive
from rag.errors import ArticleMissing
from rag.testing import FakeEmbeddings

KEPT = "The ferry to Norrhavn sails again. Its captain said the ice has gone."


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as opened:
        write(tmp_path / "other.txt", f"Ferry sails\n\n{KEPT}\n")
        opened.ingest(tmp_path / "other.txt")
        yield opened


def _g2(state: str, version: int, more: str = "") -> bytes:
    made = samples.newsml_g2(state).replace(b'guid="tag:coast:1"', f'guid="tag:coast:1" version="{version}"'.encode())
    when = f"<versionCreated>2024-03-05T1{version}:00:00+01:00</versionCreated>{more}<pubStatus".encode()
    return made.replace(b"<pubStatus", when)


def _ninjs(status: str, hour: int) -> bytes:
    row = {**ROWS["ninjs"], "pubstatus": status, "versioncreated": f"2024-03-05T{hour}:00:00Z"}
    return json.dumps(row).encode()


def _superdesk(state: str, hour: int) -> bytes:
    row = {**ROWS["superdesk"], "state": state, "versioncreated": f"2024-03-05T{hour}:00:00+0000"}
    return json.dumps(row).encode()


def _ap(status: str, hour: int) -> bytes:
    row = {**ROWS["ninjs"], "altids": {"itemid": "8d2c1d3f0a"}, "pubstatus": status, "uri": None,
           "versioncreated": f"2024-03-05T{hour}:00:00Z"}  # fmt: skip
    return json.dumps(row).encode()


def _nitf(status: str, hour: int) -> bytes:
    data = f'<docdata management-status="{status}"><doc-id id-string="coast.2024.0001"/>'.encode()
    return samples.nitf().replace(b"<docdata>", data).replace(b"T093000", f"T{hour}3000".encode())


def _nitf_naming(status: str, hour: int) -> bytes:
    if status == "usable":
        return _nitf(status, hour)
    data = (
        f'<docdata management-doc-idref="coast.2024.0001" management-idref-status="{status}">'
        '<doc-id id-string="coast.2024.0002"/>'
    )
    return samples.nitf().replace(b"<docdata>", data.encode()).replace(b"T093000", f"T{hour}3000".encode())


def _newsml1(status: str, hour: int) -> bytes:
    head = (
        "<NewsItem><Identification><NewsIdentifier><PublicIdentifier>urn:newsml:coast:20240305:bridge:1"
        "</PublicIdentifier></NewsIdentifier></Identification><NewsManagement>"
        f"<ThisRevisionCreated>20240305T{hour}0000+0100</ThisRevisionCreated>"
    )
    return samples.newsml_1(status).replace(b"<NewsItem><NewsManagement>", head.encode())


KINDS: dict[str, Any] = {
    "newsml-g2": (".xml", lambda s, h: _g2({"usable": "stat:usable", "canceled": "stat:canceled"}[s], h - 10)),
    "ninjs": (".json", _ninjs),
    "superdesk": (".json", lambda s, h: _superdesk({"usable": "published", "canceled": "killed"}[s], h)),
    "ap": (".json", _ap),
    "nitf": (".xml", _nitf),
    "nitf-naming": (".xml", _nitf_naming),
    "newsml-1": (".xml", lambda s, h: _newsml1(s.capitalize(), h)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_takes_the_article_down_everywhere_and_keeps_it_out(kind: str, archive: Archive, tmp_path: Path) -> None:
    ending, made = KINDS[kind]
    item = write(tmp_path / f"item{ending}", made("usable", 11))
    kill = write(tmp_path / f"kill{ending}", made("canceled", 12))
    assert archive.ingest(item).added == 1
    (hit, *_) = archive.search("cracks in piers", k=1)
    report = archive.ingest(kill)
    assert (report.withdrawn, report.added, len(report.skipped), report.refused) == (1, 0, 1, ())
    with pytest.raises(ArticleMissing):
        archive.get(hit.passage.article_id)
    assert all("cracks" not in found.passage.text for found in archive.search("cracks in piers", k=5))
    again = archive.ingest(item)  # an older copy doesn't bring it back
    assert (again.added, again.refused) == (0, ())
    assert archive.list_articles()[1] == 1
    assert "cracks" not in (archive.path / "catalog.sqlite").read_bytes().decode("latin-1")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("names", [("1-item", "2-kill"), ("2-item", "1-kill")])
def test_within_one_run_the_order_of_files_does_not_matter(
    kind: str, names: tuple[str, str], archive: Archive, tmp_path: Path
) -> None:
    ending, made = KINDS[kind]
    write(tmp_path / f"in/{names[0]}{ending}", made("usable", 11))
    write(tmp_path / f"in/{names[1]}{ending}", made("canceled", 12))
    archive.ingest(tmp_path / "in")
    assert archive.list_articles()[1] == 1
    archive.ingest(tmp_path / "in")
    assert archive.list_articles()[1] == 1


@pytest.mark.parametrize("kind", ["newsml-g2", "ninjs", "superdesk", "ap"])
def test_an_item_that_is_usable_again_later_enters(kind: str, archive: Archive, tmp_path: Path) -> None:
    ending, made = KINDS[kind]
    for n, (state, hour) in enumerate([("usable", 11), ("canceled", 12), ("usable", 13)]):
        write(tmp_path / f"in/{n}{ending}", made(state, hour))
    for _ in range(2):
        archive.ingest(tmp_path / "in")
        assert archive.list_articles()[1] == 2
    assert archive.ingest(tmp_path / f"in/1{ending}").withdrawn == 0


def test_a_kill_without_a_time_takes_down_and_others_of_a_short_number_stay(archive: Archive, tmp_path: Path) -> None:
    row = {**ROWS["ninjs"], "uri": "17", "versioncreated": None, "pubstatus": "usable"}
    archive.ingest(write(tmp_path / "a.json", json.dumps(row)))
    kill = write(tmp_path / "b.json", json.dumps({**row, "pubstatus": "canceled"}))
    assert archive.ingest(kill).withdrawn == 0  # "17" may be anybody's
    assert archive.list_articles()[1] == 2


def test_what_is_under_embargo_takes_nothing_down(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write(tmp_path / "a.xml", _g2("stat:usable", 1)))
    held = write(tmp_path / "b.xml", _g2("stat:usable", 2, "<embargoed>2999-01-01T00:00:00Z</embargoed>"))
    report = archive.ingest(held)
    assert (report.withdrawn, report.skipped[0].passed) == (0, {"under embargo": 1})
    assert archive.list_articles()[1] == 2


def test_an_older_version_that_is_read_late_does_not_replace_a_newer_one(archive: Archive, tmp_path: Path) -> None:
    new = _g2("stat:usable", 3).replace(b"nine piers", b"ten piers")
    archive.ingest(write(tmp_path / "new.xml", new))
    report = archive.ingest(write(tmp_path / "old.xml", _g2("stat:usable", 2)))
    assert (report.added, report.updated, report.refused) == (0, 0, ())
    assert "ten piers" in archive.get("tag:coast:1").text


@pytest.mark.parametrize(("signal", "same"), [("sig:correction", True), ("sig:update", False)])
def test_a_correction_of_another_item_becomes_its_newer_version(
    signal: str, same: bool, archive: Archive, tmp_path: Path
) -> None:
    more = f'<signal qcode="{signal}"/><link rel="irel:evolvedFrom" residref="tag:coast:1"/>'
    made = _g2("stat:usable", 2, more).replace(b'tag:coast:1" version', b'tag:coast:99" version')
    item = write(tmp_path / "a.xml", _g2("stat:usable", 1))
    correction = write(tmp_path / "b.xml", made.replace(b"nine piers", b"eight piers"))
    archive.ingest(item)
    report = archive.ingest(correction)
    assert (report.updated, report.added) == ((1, 0) if same else (0, 1))
    assert "eight piers" in archive.get("tag:coast:99").text
    assert ("eight piers" in archive.get("tag:coast:1").text) == same
    archive.ingest(item)  # the corrected words don't come back as the current ones
    assert ("eight piers" in archive.get("tag:coast:1").text) == same
