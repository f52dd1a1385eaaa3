"""Every installed dependency has a licence that may be used beside ours."""

from __future__ import annotations

from email.message import Message
from typing import Any, cast

import pytest

from tools.licences import installed, licence, offences


def test_every_dependency_may_be_used() -> None:
    found = list(installed())
    assert {"fastapi", "gradio", "chromadb", "langchain-core", "uvicorn"} <= {d.metadata["Name"].lower() for d in found}
    assert len(found) > 100
    assert offences(found) == []


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ({"License-Expression": "MIT"}, True),
        ({"License-Expression": "AGPL-3.0-or-later"}, False),
        ({"License-Expression": "GPL-3.0-only"}, False),
        ({"License-Expression": "MPL-1.1 OR GPL-2.0-only"}, True),
        ({"License-Expression": "LGPL-3.0-only"}, True),
        ({"License-Expression": "SSPL-1.0"}, False),
        ({"Classifier": "License :: OSI Approved :: GNU Affero General Public License v3"}, False),
        ({"Classifier": "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"}, False),
        ({"Classifier": "License :: OSI Approved :: BSD License"}, True),
        ({"License": "Apache 2.0\n\nand its text"}, True),
        ({"License": "All rights reserved"}, False),
        ({}, False),
    ],
)
def test_what_is_allowed(said: dict[str, str], allowed: bool) -> None:
    class One:
        metadata = Message()
        version = "1.0"

    for name, value in {"Name": "one", **said}.items():
        One.metadata[name] = value
    made = cast(Any, One())
    assert (offences([made]) == []) is allowed, licence(made)
