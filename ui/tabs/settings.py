"""The tab Settings: what a question is asked with, and light or dark. They hold for the browser tab."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag import weights
from rag.answer.models.chat import NONE, WITHOUT_MODEL

if TYPE_CHECKING:
    from rag.ui.app import Page


def model_name(name: str) -> str:
    """Which model a name stands for, as people may look it up: that of the weights, for one that runs here."""
    kind, _, path = name.partition(":")
    if name in WITHOUT_MODEL:
        return "none: the quotes alone"
    if kind != "local":
        return name
    return f"{PurePath(path).stem if path else PurePath(weights.QWEN.name).stem}, on this machine"


class SettingsTab:
    """The fields of the settings; the tab Ask reads them."""

    def __init__(self, page: Page) -> None:
        """Build the tab's blocks."""
        archive = page.scheduler.archive
        models = [(f"The server's model ({model_name(archive.model)})", "")]
        if archive.model not in WITHOUT_MODEL:
            models.append(("None: the quotes alone, without a summary", NONE))
        gr.Markdown("These hold for this browser tab, until it is closed.")
        self.model = gr.Radio(models, value="", label="Who sums up the quotes", elem_id="s-model")
        self.k = gr.Slider(1, 30, value=archive.settings.k, step=1, label="Passages to retrieve", elem_id="s-k")
        self.temperature = gr.Slider(
            0, 1.5, value=archive.settings.temperature, step=0.1, elem_id="s-temperature",
            label="Temperature (0: the same answer every time)",
        )  # fmt: skip
        self.theme = gr.Radio(
            [("As the system", "system"), ("Light", "light"), ("Dark", "dark")],
            value="system",
            label="Theme",
            elem_id="s-theme",
            interactive=True,  # shell.js does what it says; no event of Gradio's takes it
        )
        self.options: list[Any] = [self.model, self.k, self.temperature]
