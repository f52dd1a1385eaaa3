"""Workers on Ray: the one room that talks to it.

Ray's actors, not Ray Data: what is embedded together has to be what one process would embed together, and the writer
decides it article by article, since it alone knows what is there already. Ray Data cuts its blocks by size and runs a
plan from end to end. Actors keep the models loaded, Ray says when one of them or its machine is gone, and the calls
that it had are made again on others: they are functions of their arguments alone (``rag/cluster/worker.py``).
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from rag.errors import ClusterError, OnRecordError, UsageError
from rag.extras import require

if TYPE_CHECKING:
    from rag.cluster.worker import Job, Self

log = logging.getLogger(__name__)

_DEATHS = 3
"""Workers that one call may end before it is taken to be what ends them."""
_STARTING = 180.0
"""Seconds that workers may take to start."""
_REACHING = 5.0
_EACH = 1
"""Processors that each worker gets, and starts threads for."""
_MOST = 10_000
_STORE = 256 * 2**20
"""Bytes of shared memory for what is on its way between this process and workers of this machine."""


class On(NamedTuple):
    """Where workers are."""

    local: int
    """Workers on this machine, in a Ray of their own; 0: a cluster."""
    address: str = ""
    workers: int = 0
    """Workers on the cluster; 0: one for each of its processors."""


def parse(on: str) -> On:
    """Read where workers are: ``local:2``, ``ray://HOST:PORT``, ``auto``; the last two also with ``?workers=8``.

    Raises:
        UsageError: It is none of them.
    """
    match = re.fullmatch(r"local:(\d+)|(auto|ray://[^\s/?:]+:\d+)(?:\?workers=(\d+))?", on.strip())
    counts = [int(n) for n in (match.group(1), match.group(3)) if n] if match else []
    if match is None or any(not 1 <= n <= _MOST for n in counts):
        raise UsageError(
            f"There are no workers at {on!r}. Use local:2 (two processes on this machine), ray://HOST:10001 or auto "
            "(the Ray cluster this machine belongs to), the last two also with ?workers=8."
        )
    if match.group(1):
        return On(int(match.group(1)))
    return On(0, match.group(2), int(match.group(3) or 0))


@dataclass(eq=False)
class _Ticket:
    """A call, until its result was taken."""

    method: str
    args: tuple[Any, ...]
    worker: _Member | None = None
    ref: Any = None
    deaths: int = 0


@dataclass(eq=False)
class _Member:
    """A worker."""

    actor: Any
    hello: Any
    """The reference of what it says it is."""
    host: str = ""
    busy: int = 0
    alive: bool = True


class RayPool:
    """Workers on Ray; see ``rag.cluster.remote.Pool``."""

    def __init__(self, on: On, job: Job, admit: Callable[[Self], None]) -> None:
        """Reach the cluster, or start one on this machine, and have workers there.

        Args:
            on: Where.
            job: What workers need.
            admit: Raises where a worker is not what it has to be.

        Raises:
            ExtraMissing: Ray is not installed.
            ClusterError: The cluster can't be reached, or a worker is refused or doesn't come.
        """
        require("ray", extra="ray", what="Ingest on other processes")
        import ray

        self._ray, self._job, self._admit = ray, job, admit
        self._members: list[_Member] = []
        self._coming: list[_Member] = []
        self._tickets: list[_Ticket] = []
        self._preface: list[tuple[str, tuple[Any, ...]]] = []
        self._folder: str | None = None
        self._owned = not ray.is_initialized()
        if self._owned:
            self._start(on)
        try:
            self.size = on.local or on.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            for _ in range(self.size):
                self._hire()
            self._wait_for(self.size if on.local or on.workers else 1)
        except BaseException:
            self.close()
            raise

    # -- for the writer ----------------------------------------------------------------

    def submit(self, method: str, *args: Any, near: _Ticket | None = None) -> _Ticket:
        """Have a worker do something; ``near`` is a ticket whose worker is preferred."""
        ticket = _Ticket(method, args)
        self._send(ticket, near.worker if near is not None else None)
        self._tickets.append(ticket)
        return ticket

    def result(self, ticket: _Ticket) -> Any:
        """Wait for what came of it, or raise what it raised.

        Raises:
            ClusterError: Workers died of it again and again, or there are none left.
        """
        while True:
            try:
                found = self._get(ticket.ref)
            except _Lost as e:
                self._lost(ticket.worker, str(e))
                continue
            finally:
                self._admit_coming()
            self._done(ticket)
            if isinstance(found, BaseException):
                raise found
            return found

    def all(self, method: str, *args: Any) -> list[Any]:
        """Have each worker do something, those to come too; on each machine one first, whose findings others use."""
        self._preface.append((method, args))
        hosts = {member.host: member for member in reversed(self._members)}
        first = list(hosts.values())
        found = []
        for group in (first, [m for m in self._members if m not in first]):
            refs = [(member, getattr(member.actor, method).remote(*args)) for member in group]
            for member, ref in refs:
                try:
                    value = self._get(ref)
                except _Lost as e:
                    self._lost(member, str(e))
                    continue
                if isinstance(value, BaseException):
                    raise value
                found.append(value)
        return found

    def close(self) -> None:
        """Let go of the workers; end the Ray that was started for them."""
        ray = self._ray
        for member in (*self._members, *self._coming):
            with suppress(Exception):
                ray.kill(member.actor)
        self._members, self._coming, self._tickets = [], [], []
        if self._owned:
            with suppress(Exception):
                ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    # -- reaching ------------------------------------------------------------------------

    def _start(self, on: On) -> None:
        """Connect to a cluster, or start one of this process's own."""
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if on.local:
            self._folder = tempfile.mkdtemp(prefix="onrecord-ray-")
            options |= {
                "num_cpus": on.local,
                "include_dashboard": False,
                "object_store_memory": _STORE,
                "_temp_dir": self._folder,
                "_node_ip_address": "127.0.0.1",
            }
        else:
            options["address"] = on.address
            if on.address.startswith("ray://"):
                _require_reachable(on.address)
        try:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told of its use
            self._ray.init(**options)
        except Exception as e:  # whatever Ray and gRPC say
            self.close()
            if on.local:
                raise ClusterError(f"Ray can't be started on this machine ({_first(e)}).") from e
            raise ClusterError(
                f"The Ray cluster {on.address} can't be reached ({_first(e)}). Check the address, that it runs "
                f"(ray start --head), and that Ray {self._ray.__version__} runs there."
            ) from e

    # -- workers -------------------------------------------------------------------------

    def _hire(self) -> None:
        """Ask for a worker; it is a member once it has come and is what it has to be."""
        from rag.cluster.worker import Worker

        options = {"num_cpus": _EACH, "max_restarts": 0, "max_task_retries": 0}
        actor = self._ray.remote(Worker).options(**options).remote(self._job, _EACH)
        self._coming.append(_Member(actor, actor.hello.remote()))

    def _admit_coming(self) -> None:
        """Make members of those who have come."""
        if not self._coming:
            return
        ready, _ = self._ray.wait([m.hello for m in self._coming], num_returns=len(self._coming), timeout=0)
        for member in [m for m in self._coming if m.hello in ready]:
            self._coming.remove(member)
            try:
                told = self._get(member.hello)
            except _Lost as e:
                raise ClusterError(f"A worker could not start: {e}") from e
            if isinstance(told, ModuleNotFoundError):
                raise ClusterError(
                    f"Workers have no {told.name}. Install this onrecord, with its extras, on each machine."
                )
            if isinstance(told, BaseException):
                raise told
            self._admit(told)
            member.host = told.host
            log.info("worker on %s, process %d", told.host, told.pid)
            for method, args in self._preface:
                getattr(member.actor, method).remote(*args)
            self._members.append(member)

    def _wait_for(self, count: int) -> None:
        """Wait until there are so many members."""
        until = time.monotonic() + _STARTING
        while len(self._members) < count:
            if time.monotonic() > until:
                raise ClusterError(
                    f"{len(self._members)} of {count} workers came within {_STARTING:g} s. Look at `ray status`: each "
                    "needs a free processor."
                )
            self._ray.wait([m.hello for m in self._coming], timeout=1)
            self._admit_coming()

    def _lost(self, member: _Member | None, why: str) -> None:
        """A worker is gone: have another, and make its calls again."""
        if member is None or not member.alive:
            return
        member.alive = False
        log.warning("a worker on %s is gone (%s); what it had is done again", member.host, why)
        if member in self._members:
            self._members.remove(member)
        self._hire()
        if not self._members:
            self._wait_for(1)
        first = True
        for ticket in [t for t in self._tickets if t.worker is member]:
            if first:  # its calls come one after the other: what it was at when it died is the first of them
                ticket.deaths += 1
                first = False
            if ticket.deaths >= _DEATHS:
                raise ClusterError(
                    f"{_DEATHS} workers died of the same piece of work ({why}). Give them more memory; what was "
                    "stored is safe, and the same command goes on where it stopped."
                )
            self._send(ticket, None)

    # -- calls ---------------------------------------------------------------------------

    def _send(self, ticket: _Ticket, near: _Member | None) -> None:
        """Give a call to a worker: the preferred one, or the one that has least to do."""
        member = near if near is not None and near.alive else min(self._members, key=lambda m: m.busy)
        member.busy += 1
        ticket.worker = member
        ticket.ref = getattr(member.actor, ticket.method).remote(*ticket.args)

    def _done(self, ticket: _Ticket) -> None:
        self._tickets.remove(ticket)
        if ticket.worker is not None:
            ticket.worker.busy -= 1

    def _get(self, ref: Any) -> Any:
        """What came of a call, or the error that it raised, as a value.

        Raises:
            _Lost: The worker is gone, or what it returned is.
        """
        errors = self._ray.exceptions
        try:
            return self._ray.get(ref)
        except errors.RayTaskError as e:
            cause = e.cause if isinstance(e.cause, BaseException) else e
            if isinstance(cause, MemoryError):
                raise _Lost("it had too little memory") from e
            if isinstance(cause, OnRecordError) or type(cause).__module__.startswith(("rag.", "builtins")):
                return cause
            return ClusterError(f"A worker failed: {type(cause).__name__}: {_first(cause)}")
        except errors.ActorUnschedulableError as e:
            return ClusterError(f"No machine of the cluster has room for a worker ({_first(e)}).")
        except errors.RayError as e:
            raise _Lost(_first(e)) from e
        except ConnectionError as e:
            return ClusterError(f"The Ray cluster is gone ({_first(e)}). Run the same command again once it is back.")


class _Lost(Exception):
    """A worker, or what it returned, is gone."""


def _require_reachable(address: str) -> None:
    """Ray tries for half a minute where nobody listens."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), _REACHING).close()
    except (OSError, ValueError, OverflowError) as e:
        raise ClusterError(
            f"The Ray cluster {address} can't be reached ({_first(e)}). Check the address, and that it runs there: "
            "ray start --head --ray-client-server-port=10001"
        ) from e


def _first(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


__all__ = ["On", "RayPool", "parse"]
