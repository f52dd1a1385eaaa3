"""Guessing is slowed down, by address and by account."""

from __future__ import annotations

import time

import pytest
from service.guarded import ADA, BO, HASHES, basic, client

from rag.service.access import Access
from rag.service.tries import ACCOUNT_TRIES, TRIES, Guesses


@pytest.mark.parametrize("way", ["form", "basic"])
def test_an_account_is_guessed_at_from_many_addresses_for_a_while_only(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = Access(users={"ada": HASHES[ADA], "bo": HASHES[BO]})

    def knock(number: int, name: str, password: str) -> int:
        web = client(access, client=(f"10.0.{number}.1", 50000))
        if way == "basic":
            return web.get("/", headers=basic(name, password)).status_code
        return web.post("/login", data={"name": name, "secret": password}).status_code

    right = 200 if way == "basic" else 303
    assert knock(0, "ada", ADA) == right
    for number in range(1, ACCOUNT_TRIES + 1):
        assert knock(number, "ada", "wrong") == 401
        assert knock(number, "nobody", "wrong") == 401
    assert knock(200, "ada", "wrong") == knock(200, "nobody", "wrong") == 429, "known or not"
    assert knock(200, "ada", ADA) == 429
    assert knock(0, "ada", ADA) == right, "where ada was let in before, she still is"
    assert knock(201, "bo", BO) == right
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 601)
    assert knock(200, "ada", ADA) == right


def test_what_is_remembered_of_wrong_tries_is_bounded() -> None:
    guesses = Guesses()
    for number in range(12_000):
        guesses.record(f"2001:db8:{number >> 8:x}:{number & 255:x}::1", f"user {number}")
    assert len(guesses._by_address._failed) == len(guesses._by_account._failed) == 10_000
    for host in range(TRIES):
        guesses.record(f"2001:db9:0:7::{host + 1:x}")
    assert guesses.wait("2001:db9:0:7::ffff") > 0, "all of one network are one"
    assert guesses.wait("2001:db9:0:8::1") == 0
