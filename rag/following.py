"""An iterator that works in a thread of its own, followed from asyncio: leaving it stops the work and does not wait."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True)
class _Raised:
    error: BaseException


_END = object()
T = TypeVar("T")


async def follow(
    make: Callable[[], Iterator[T]],
    stop: threading.Event,
    started: Callable[[threading.Thread], None] = lambda _: None,
) -> AsyncGenerator[T, None]:
    """What an iterator yields, without blocking the event loop.

    Args:
        make: Makes the iterator; called in the thread, within a copy of the caller's context.
        stop: Is set when the caller leaves before the end: its task is cancelled, or the generator closed.
        started: Is told the thread.

    Raises:
        Exception: What the iterator raises.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Any] = asyncio.Queue()
    left = threading.Event()

    def tell(item: Any) -> None:
        try:
            loop.call_soon_threadsafe(arrived.put_nowait, item)
        except RuntimeError:  # the loop is closed: nobody listens
            left.set()

    def work() -> None:
        try:
            iterator = make()
            try:
                while not left.is_set():
                    tell(next(iterator))
            except StopIteration:
                tell(_END)
            finally:
                if (close := getattr(iterator, "close", None)) is not None:
                    close()
        except BaseException as e:  # raised where it is followed
            tell(_Raised(e))

    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="onrecord-async", daemon=True)
    started(thread)
    thread.start()
    ended = False
    try:
        while True:
            item = await arrived.get()
            if item is _END or isinstance(item, _Raised):
                ended = True
                if isinstance(item, _Raised):
                    raise item.error
                return
            yield item
    finally:
        if not ended:
            left.set()
            stop.set()


__all__ = ["follow"]
