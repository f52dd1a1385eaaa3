"""The benchmark's users of the page, against the service: they ask as the page does, and see what went wrong."""

from __future__ import annotations

import pytest
from clients.running import Running

from benchmarks.page_users import crowd

pytestmark = pytest.mark.slow


def test_users_ask_at_once_over_the_pages_own_endpoints(service: Running) -> None:
    took, wrong = crowd(service.url, ["How many boats did storm0002 damage?"], 3, 2, service.headers)
    assert wrong == [] and len(took) == 6 and min(took) > 0


def test_what_is_no_answer_is_told(service: Running) -> None:
    took, wrong = crowd(service.url, ["   "], 1, 1, service.headers)
    assert took == [] and len(wrong) == 1
