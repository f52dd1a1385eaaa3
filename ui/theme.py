"""Gradio's plain theme in the page's colours; no font is fetched."""

from __future__ import annotations

import gradio as gr

_FONTS = ["system-ui", "Segoe UI", "Roboto", "Noto Sans", "Helvetica Neue", "Arial", "sans-serif"]


def theme() -> gr.themes.Base:
    """The theme; page.css does the rest."""
    return gr.themes.Base(font=_FONTS, font_mono=["ui-monospace", "monospace"]).set(
        body_background_fill="#fcfbf8", body_background_fill_dark="#171614",
        body_text_color="#1d1c1a", body_text_color_dark="#e8e4db",
        block_background_fill="#fcfbf8", block_background_fill_dark="#171614",
        block_label_text_color="#5d5952", block_label_text_color_dark="#aca69a",
        block_border_color="#d6d1c5", block_border_color_dark="#3d3a34",
        input_background_fill="#ffffff", input_background_fill_dark="#211f1c",
        color_accent="#1d4f7c", color_accent_soft="#f3f1ea", color_accent_soft_dark="#211f1c",
        border_color_accent="#1d4f7c", border_color_accent_dark="#97c0e6",
        slider_color="#1d4f7c", slider_color_dark="#97c0e6",
        checkbox_background_color_selected="#1d4f7c", checkbox_background_color_selected_dark="#1d4f7c",
        checkbox_border_color="#8f897d", checkbox_border_color_dark="#8f897d",
        button_secondary_background_fill_hover="#e9e5da", button_secondary_background_fill_hover_dark="#2b2824",
        checkbox_border_color_selected="#1d4f7c", checkbox_border_color_selected_dark="#97c0e6",
        block_title_text_color="#5d5952", block_title_text_color_dark="#aca69a",
        input_placeholder_color="#6f6a61", input_placeholder_color_dark="#aca69a",
        input_border_color="#8f897d", input_border_color_dark="#6b665c",
        button_primary_background_fill="#1d4f7c", button_primary_background_fill_dark="#97c0e6",
        button_primary_text_color="#ffffff", button_primary_text_color_dark="#10202f",
        button_secondary_background_fill="#f3f1ea", button_secondary_background_fill_dark="#211f1c",
        button_secondary_text_color="#1d1c1a", button_secondary_text_color_dark="#e8e4db",
    )  # fmt: skip
