"""Somebody at the page without a browser: the calls that the page's script makes, by plain HTTP."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx


class Visitor:
    """One browser tab: opened with the page's load event, and closed like a tab that is closed."""

    def __init__(self, address: str, config: Mapping[str, Any] | None = None, patience: float = 180) -> None:
        """Open the page and wait until it has loaded.

        Args:
            address: Of the service, without a slash at the end.
            config: The page's, where it was read before.
            patience: Seconds that an answer may take.
        """
        self._patience = patience
        self.web = httpx.Client(base_url=address, timeout=patience)
        self.web.get("/").raise_for_status()
        self.config = config or self.web.get("/config").json()
        self.tab = secrets.token_hex(6)
        self._beating = threading.Event()
        self._leave = threading.Event()
        self._beat = threading.Thread(target=self._heartbeat, daemon=True)
        self._beat.start()
        self._beating.wait(30)
        self.call(self._event(None, "load"), [])

    def close(self) -> None:
        """Close the tab."""
        self._leave.set()
        self._beat.join(30)
        self.web.close()

    def ask(self, question: str) -> str:
        """Ask in the tab Ask; returns the last state of the answer as HTML."""
        event = self._event("question", "submit")
        given: list[Any] = [question]
        given += [self._value(i) for i in event["inputs"][1:]]
        told = self.call(event, given)
        return json.dumps(told)

    def upload(self, *files: Path) -> str:
        """Upload files in the tab Archive; returns what the page says."""
        event = self._event("upload", "upload")
        sent = [("files", (f.name, f.read_bytes())) for f in files]
        paths = self.web.post("/gradio_api/upload", files=sent).raise_for_status().json()
        data = [
            {"path": p, "orig_name": f.name, "size": f.stat().st_size, "meta": {"_type": "gradio.FileData"}}
            for p, f in zip(paths, files, strict=True)
        ]
        return json.dumps(self.call(event, [data, *(self._value(i) for i in event["inputs"][1:])]))

    def look(self, tab: str) -> str:
        """Select a tab, such as "archive"."""
        names = {c["props"].get("id"): c["id"] for c in self.config["components"] if c["type"] == "tabitem"}
        event = next(d for d in self.config["dependencies"] if [names[tab], "select"] in map(list, d["targets"]))
        return json.dumps(self.call(event, [self._value(i) for i in event["inputs"]]))

    def call(self, event: Mapping[str, Any], data: list[Any], what: Any = None) -> Any:
        """Send an event; returns the outputs when it is done.

        Raises:
            RuntimeError: The page would show an error.
        """
        body = {"data": data, "fn_index": event["id"], "session_hash": self.tab, "trigger_id": None, "event_data": what}
        if event["queue"] is False:
            answer = self.web.post("/gradio_api/run/predict", json=body)
            if answer.status_code != 200:
                raise RuntimeError(f"{answer.status_code} {answer.text[:200]}")
            return answer.json()["data"]
        joined = self.web.post("/gradio_api/queue/join", json=body).raise_for_status().json()
        last: Any = None
        with self.web.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.tab}) as stream:
            for line in stream.iter_lines():
                if not line.startswith("data: "):
                    continue
                told = json.loads(line[6:])
                if told.get("event_id") not in (None, joined["event_id"]):
                    continue
                if told["msg"] == "process_completed":
                    if not told["success"]:
                        raise RuntimeError(str(told["output"])[:200])
                    return told["output"].get("data", last)
                if told["msg"] == "process_generating":
                    last = told["output"].get("data")
        raise RuntimeError("the stream ended before the answer")

    def _event(self, element: str | None, name: str) -> Mapping[str, Any]:
        """The event of an element that has an id, or of the page itself."""
        ids = {c["id"] for c in self.config["components"] if c["props"].get("elem_id") == element}
        wanted: Callable[[Any], bool] = lambda t: t[1] == name and (element is None or t[0] in ids)  # noqa: E731
        found: Mapping[str, Any] = next(d for d in self.config["dependencies"] if any(map(wanted, d["targets"])))
        return found

    def _value(self, component: int) -> Any:
        """What a field holds at first."""
        found = next(c for c in self.config["components"] if c["id"] == component)
        value = found["props"].get("value")
        return "" if value is None and found["type"] == "textbox" else value

    def _heartbeat(self) -> None:
        beat = f"{self.web.base_url}/gradio_api/heartbeat/{self.tab}".replace("//gradio", "/gradio")
        with suppress(httpx.HTTPError, StopIteration), httpx.stream("GET", beat, timeout=self._patience) as stream:
            beats = stream.iter_raw()  # kept: the connection is closed with it
            next(beats)
            self._beating.set()
            self._leave.wait()
        self._beating.set()
