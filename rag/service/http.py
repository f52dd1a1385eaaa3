"""The service as an ASGI application: routes, middleware, and the page and tools where they are wanted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

from rag.machine import give_back_memory
from rag.service.access import Access, Guard
from rag.service.api_docs import reference_page
from rag.service.api_document import complete
from rag.service.asgi import page_policy
from rag.service.audit import AuditLog
from rag.service.body_limit import BodyLimit
from rag.service.error_responses import handle_errors, handle_missing
from rag.service.known_parameters import refuse_unknown_parameters
from rag.service.looking_api import LookingRoutes
from rag.service.mending_api import MendingRoutes
from rag.service.metrics import Counted
from rag.service.openai_api import OpenAIRoutes
from rag.service.proxy import Proxy, parse_networks, parse_prefix
from rag.service.proxy_user import ProxyUser
from rag.service.request_log import RequestLog
from rag.service.roles import Desk
from rag.service.routes import Routes
from rag.service.scheduler import RequestScheduler
from rag.service.traced import Traced

_ABOUT = """Ask an archive of news articles. An answer is quotes, the exact words of articles:
article.text[c.start:c.end] == c.quote.

A question that the archive does not answer is no error: answered is false then, and reason says why.

Send the token as "Authorization: Bearer TOKEN", or name and password by HTTP Basic, where the service asks for them.
Every error is {"error": {"type", "message", "request_id"}}; with 429, 503 and a locked archive, Retry-After says
when to try again. Dates are ISO 8601. A query parameter or a field that a call does not have is refused with 422."""

_GIVE_BACK = 60.0
"""Seconds between times that freed memory is given back to the system."""

MountPage = Callable[[FastAPI, RequestScheduler, Access], object]
"""Adds a page to the application; its own routes come first."""


def create_app(
    scheduler: RequestScheduler,
    access: Access,
    *,
    mount_page: MountPage | None = None,
    mcp: bool = False,
    timeout: float = 300.0,
    max_upload: int = 100_000_000,
    audit: AuditLog | None = None,
    path_prefix: str = "",
    trusted_proxies: Sequence[str] = (),
) -> FastAPI:
    """The service as an ASGI application.

    Args:
        scheduler: Asks the archive; the caller closes it.
        access: Decides who may use the service; checked before every route.
        mount_page: Puts the page for people at /, such as ``rag.ui.app.mount``; None: there is no page.
        mcp: Whether the tools for language models are at /mcp.
        timeout: Seconds a question may take, waiting included.
        max_upload: Bytes that articles may have in one request.
        audit: Where it is written down who did what; None: nowhere.
        path_prefix: The path under which browsers find the service, such as "/news", where a proxy does not say it.
        trusted_proxies: Addresses and networks whose X-Forwarded headers are believed.

    Raises:
        UsageError: The prefix or one of the proxies can't be read.
        ExtraMissing: ``mcp`` is true and its package is not installed.
    """
    from rag import __version__

    prefix, proxies = parse_prefix(path_prefix), parse_networks(trusted_proxies)
    _offline()
    running: list[Callable[[], Any]] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(scheduler.sweep)
        tidying = asyncio.create_task(_tidy())
        async with AsyncExitStack() as stack:
            stack.callback(tidying.cancel)
            for run in running:
                await stack.enter_async_context(run())
            yield

    app = FastAPI(
        title="OnRecord",
        version=__version__,
        description=_ABOUT,
        docs_url=None,  # FastAPI's own pages load scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,  # what generated clients call their functions
        lifespan=lifespan,
        dependencies=[Depends(refuse_unknown_parameters)],
    )
    handle_errors(app)
    scheduler.desk = Desk(scheduler, access, audit)
    access.on_sign_in = partial(scheduler.desk.note, what="signed in")
    routes = Routes(scheduler, access, timeout)
    routes.add_to(app)
    LookingRoutes(routes).add_to(app)
    MendingRoutes(routes).add_to(app)
    OpenAIRoutes(routes).add_to(app)

    app.openapi = complete(app)  # type: ignore[method-assign]

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        page = reference_page(app.openapi())
        return HTMLResponse(page, headers={"content-security-policy": page_policy(page)})

    if mcp:
        from rag.service.mcp import mount as mount_tools

        running.append(mount_tools(app, scheduler, access))
    if mount_page is not None:
        mount_page(app, scheduler, access)
        handle_missing(app)
    app.add_middleware(BodyLimit, largest=max_upload)
    app.add_middleware(Guard, access=access)
    app.add_middleware(Proxy, prefix=prefix, trusted=proxies)
    app.add_middleware(ProxyUser, access=access)  # before the address of who asks is the browser's
    if scheduler.archive.settings.traces:
        app.add_middleware(Traced)
    app.add_middleware(RequestLog)
    app.add_middleware(Counted, metrics=routes.numbers)  # the outermost
    return app


async def _tidy() -> None:
    """Give back what is free every minute, for as long as the service runs."""
    while True:
        await asyncio.sleep(_GIVE_BACK)
        await asyncio.to_thread(give_back_memory)


def _offline() -> None:
    """Turn off what libraries report about their use."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["ANONYMIZED_TELEMETRY"] = "False"


__all__ = ["MountPage", "create_app"]
