"""Users of the page without a browser: each asks over the endpoints that the page's own field calls, and reads on."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import httpx


@dataclass(frozen=True)
class Asking:
    """What the page sends when somebody presses Enter in its field for questions."""

    prefix: str
    function: int
    field: int
    values: Sequence[Any]
    """Of the fields, as they are when the page has been loaded."""
    place: int
    """Of the question among them."""

    @classmethod
    def of(cls, at: str, headers: Mapping[str, str]) -> Asking:
        """As the page at an address says."""
        config = httpx.get(f"{at}/config", headers=dict(headers), timeout=60).raise_for_status().json()
        parts = {c["id"]: c["props"] for c in config["components"]}
        field = next(i for i, props in parts.items() if props.get("elem_id") == "question")
        does = next(d for d in config["dependencies"] if [field, "submit"] in [list(t) for t in d["targets"]])
        values = [parts[i].get("value") for i in does["inputs"]]
        return cls(config.get("api_prefix", ""), does["id"], field, values, does["inputs"].index(field))

    def ask(self, web: httpx.Client, tab: str, question: str) -> str:
        """Ask, and read to the end of the answer; empty, or what went wrong."""
        values = [*self.values[: self.place], question, *self.values[self.place + 1 :]]
        body = {"data": values, "fn_index": self.function, "trigger_id": self.field, "session_hash": tab}
        web.post(f"{self.prefix}/queue/join", json=body).raise_for_status()
        shown = ""
        with web.stream("GET", f"{self.prefix}/queue/data", params={"session_hash": tab}) as events:
            for line in events.iter_lines():
                if not line.startswith("data:"):
                    continue
                shown += line
                told = json.loads(line.removeprefix("data:"))
                if told["msg"] == "process_completed":
                    if not told["success"]:
                        return str(told["output"])[:200]
                    return "" if "Copy answer" in shown or "refusal" in shown else "no answer was shown"
                if told["msg"] == "unexpected_error":
                    return str(told.get("message"))
        return "the stream ended without an answer"


def crowd(
    at: str, questions: Sequence[str], users: int, rounds: int, headers: Mapping[str, str] = MappingProxyType({})
) -> tuple[list[float], list[str]]:
    """So many tabs at once, each asking one question after another: seconds of each answer, and what went wrong."""
    asking = Asking.of(at, headers)

    def user(n: int) -> list[float | str]:
        told: list[float | str] = []
        tab = secrets.token_hex(6)
        with httpx.Client(base_url=at, headers=dict(headers), timeout=300) as web:
            for i in range(rounds):
                question = questions[(n * rounds + i) % len(questions)]
                asked = time.perf_counter()
                try:
                    wrong = asking.ask(web, tab, question)
                except httpx.HTTPError as e:
                    wrong = type(e).__name__
                told.append(wrong or time.perf_counter() - asked)
        return told

    with ThreadPoolExecutor(users) as pool:
        told = [x for one in pool.map(user, range(users)) for x in one]
    return [x for x in told if isinstance(x, float)], [x for x in told if isinstance(x, str)]
