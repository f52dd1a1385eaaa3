"""The page's endpoints for programs that talk to Gradio pages, as ``gradio_client`` does: ask and search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.errors import OnRecordError
from rag.types import Finished

if TYPE_CHECKING:
    from rag.ui.app import Page


def add_endpoints(page: Page) -> None:
    """Add them to the blocks that are being built; they ask in the same queue as everybody, for the same users."""

    def ask(question: str, request: gr.Request) -> Iterator[dict[str, Any]]:
        events = page.scheduler.stream(question, user=page.session(request).user)
        try:
            for event in events:
                if isinstance(event, Finished):
                    yield event.answer.model_dump(mode="json", exclude={"hits"})
        except OnRecordError as e:
            raise gr.Error(str(e), print_exception=False) from None
        finally:
            events.close()

    def search(question: str, k: int, request: gr.Request) -> dict[str, Any]:
        try:
            hits = page.scheduler.search(question, user=page.session(request).user, k=int(k))
        except OnRecordError as e:
            raise gr.Error(str(e), print_exception=False) from None
        return {"hits": [h.model_dump(mode="json") for h in hits]}

    # Gradio reads the signatures, and with annotations as text it finds no gr.Request.
    ask.__annotations__ = {"question": str, "request": gr.Request, "return": dict}
    search.__annotations__ = {"question": str, "k": int, "request": gr.Request, "return": dict}
    add = vars(gr)["api"]  # it is not among what the package says it exports
    add(ask, api_name="ask", concurrency_limit=None, api_description="The answer, as POST /api/ask gives it")
    add(search, api_name="search", concurrency_limit=None, api_description="Passages, as POST /api/search has them")


__all__ = ["add_endpoints"]
