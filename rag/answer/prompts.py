"""Prompts: Markdown files with a front matter, checked when they are loaded.

A file holds messages under the headings ``# system``, ``# user`` and
``# assistant``; ``$name`` stands for a variable. A body that changes needs a
new version: ``prompts/ledger.json`` keeps the hash of each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from string import Template
from typing import Literal

import yaml

from rag.errors import PromptError

Role = Literal["system", "user", "assistant"]
_KEYS = {"name", "version", "purpose", "variables"}
_HEADING = re.compile(r"^# (system|user|assistant)\n", re.MULTILINE)


@dataclass(frozen=True)
class Prompt:
    """A prompt as loaded."""

    name: str
    version: int
    messages: tuple[tuple[Role, str], ...]
    variables: frozenset[str]
    digest: str
    """sha256 of the body."""

    @property
    def label(self) -> str:
        """Name and version, as in "answer@3"."""
        return f"{self.name}@{self.version}"

    def fixed(self) -> list[tuple[Role, str]]:
        """The leading messages without variables: the same for every question."""
        leading: list[tuple[Role, str]] = []
        for role, text in self.messages:
            if _used(text):
                break
            leading.append((role, text))
        return leading

    def render(self, **values: str) -> list[tuple[Role, str]]:
        """The messages with the variables filled in.

        Raises:
            PromptError: A variable is missing, or one is given that the prompt does not have.
        """
        if values.keys() != self.variables:
            raise PromptError(f"Prompt {self.label} takes {sorted(self.variables)}, not {sorted(values)}.")
        # Messages without a variable are left alone, so that they may hold a dollar sign.
        return [(role, Template(text).substitute(values) if _used(text) else text) for role, text in self.messages]


def load(name: str) -> Prompt:
    """Load a prompt that ships with the package.

    Raises:
        PromptError: There is none of that name, or it is malformed.
    """
    file = resources.files("rag.prompts") / f"{name}.md"
    try:
        text = file.read_text("utf-8")
    except OSError as e:
        raise PromptError(f"There is no prompt {name!r}. Reinstall the package, or add prompts/{name}.md.") from e
    return parse(text, name)


def parse(text: str, where: str) -> Prompt:
    """Read a prompt from its text.

    Raises:
        PromptError: The front matter has unknown or missing keys, or the variables used are not those declared.
    """
    parts = re.split(r"^---\n", text.replace("\r\n", "\n"), maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0].strip():
        raise PromptError(f"Prompt {where}: it has to begin with a front matter between lines of ---.")
    try:
        head = yaml.safe_load(parts[1])
    except yaml.YAMLError as e:
        raise PromptError(f"Prompt {where}: the front matter is not YAML ({str(e).splitlines()[0]}).") from e
    if not isinstance(head, dict) or head.keys() != _KEYS:
        raise PromptError(f"Prompt {where}: the front matter needs exactly {', '.join(sorted(_KEYS))}.")
    name, version, variables = head["name"], head["version"], head["variables"]
    if not (
        isinstance(name, str)
        and isinstance(version, int)
        and isinstance(variables, list)
        and all(isinstance(v, str) for v in variables)
    ):
        raise PromptError(f"Prompt {where}: name is a word, version a whole number, variables a list of words.")
    body = parts[2].strip() + "\n"
    pieces = _HEADING.split(body)
    if pieces[0].strip() or len(pieces) < 3:
        raise PromptError(f"Prompt {where}: put every message under # system, # user or # assistant.")
    messages = tuple((_role(r), t.strip()) for r, t in zip(pieces[1::2], pieces[2::2], strict=True))
    used = {v for _, t in messages for v in _used(t)}
    declared = set(variables)
    if used != declared:
        raise PromptError(f"Prompt {where}: it declares {sorted(declared)} and uses {sorted(used)}.")
    return Prompt(name, version, messages, frozenset(used), sha256(body.encode()).hexdigest())


def _used(text: str) -> set[str]:
    return set(re.findall(r"(?<!\$)\$([a-z_]+)", text))


def _role(name: str) -> Role:
    return "system" if name == "system" else "assistant" if name == "assistant" else "user"
