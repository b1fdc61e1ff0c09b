"""What an exchange works at: subject, our peers, recorder, clock and random source.

`point` is the only seam. Drivers, fake servers and cheating logs alike pass what they send through it: there octets are
recorded with their fields, there changes are applied, there the fuzzer learns what can be changed.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.bench._lab import Lab, TargetAnswer
from conformance.bench._subject import Reply, Served, Subject
from conformance.model import GIVEN, IN_LEAVING, Absent, Change, Ended, Event, Part, Span
from conformance.net import Connection, HTTP3Settings, Route, connect
from conformance.wire import Built, Message

if TYPE_CHECKING:
    from conformance.bench._peer import Peer

Clock = Callable[[], float]
"""Seconds since the run began."""


@dataclass(slots=True)
class Setup:
    """What all cases of a run share: the subject, how to reach it, the lab, and what was learned of this life.

    `route` makes the way to a URL of the subject, with the user's TLS settings and secret fields. `memory` is emptied
    at each fresh start. `options` are the user's `--option key=value`, `told` is what the role under test is told.
    """

    subject: Subject
    role: str
    clock: Clock
    lab: Lab | None = None
    route: Callable[[str, str | None], Route] = lambda url, source: Route.of(url, source=source)
    patience: float = 2.0
    options: Mapping[str, str] = field(default_factory=dict)
    vantages: Sequence[str] = ()
    counterparts: MutableMapping[str, Subject] = field(default_factory=dict)
    memory: MutableMapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    starting: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False, compare=False)


class CaseRun:
    """One case being run: its parts so far, its random source, and what must be closed when it ends."""

    def __init__(self, setup: Setup, variant: Mapping[str, Any], rng: random.Random, number: int = 1) -> None:
        self.setup = setup
        self.variant = variant
        self.rng = rng
        self.number = number
        self.parts: list[Part] = []
        self.stack = AsyncExitStack()
        self.barrier: _Barrier | None = None

    def bench(self, name: str, changes: tuple[Change, ...] = (), scope: str = "subject", exchange: str = "") -> Bench:
        """A bench for a new part of this case."""
        part = Part(
            name, self.variant, self.setup.subject.generation, scope, changes, round=self.number, exchange=exchange
        )
        self.parts.append(part)
        return Bench(self, part)


class _Barrier:
    """Where steps wait for each other; for one that ended nobody waits, or a step that fails would hold the others."""

    def __init__(self, steps: int) -> None:
        self.missing = steps
        self.open = asyncio.Event()

    def one_less(self) -> None:
        self.missing -= 1
        if self.missing <= 0:
            self.open.set()

    async def wait(self) -> None:
        self.one_less()
        await self.open.wait()


class Bench:
    """One part's bench.

    `live` is the newest connection of the part: what may still be open where its exchange ended early.
    """

    def __init__(self, run: CaseRun, part: Part, via: str | None = None) -> None:
        self.run = run
        self.record = part
        self.via = via
        self.live: Connection | None = None
        self._arrivals: Counter[str] = Counter()

    @property
    def subject(self) -> Subject:
        """The subject under test."""
        return self.run.setup.subject

    @property
    def variant(self) -> Mapping[str, Any]:
        """This run's value on each axis."""
        return self.run.variant

    @property
    def rng(self) -> random.Random:
        """The seeded random source of this case."""
        return self.run.rng

    @property
    def vantages(self) -> Sequence[str]:
        """The local addresses to look from."""
        return self.run.setup.vantages

    @property
    def memory(self) -> MutableMapping[str, Any]:
        """What was learned of this life of the subject."""
        return self.run.setup.memory

    @property
    def patience(self) -> float:
        """Seconds to wait for the subject."""
        return self.run.setup.patience

    def saw(
        self,
        what: str,
        name: str = "",
        *,
        where: str = "",
        octets: bytes = b"",
        spans: Iterable[Span] = (),
        changed: bool = False,
        **value: Any,
    ) -> None:
        """Record an event."""
        now = self.run.setup.clock()
        self.record.events.append(Event(now, where, what, name, value, octets, tuple(spans), changed))

    def _exchanged(self, what: str, op: str, value: Mapping[str, Any]) -> None:
        # Not through `saw`: what an adapter is asked has names of its own, such as `octets` and `name`.
        self.record.events.append(Event(self.run.setup.clock(), "", what, op, dict(value)))

    def point(self, name: str, message: Message) -> Built:
        """Build a message of ours that goes to the subject: with this part's changes applied, and recorded."""
        nth = self._arrivals[name]
        self._arrivals[name] += 1
        changes = self.record.changes
        places = [n for n, c in enumerate(changes) if c.op != GIVEN and c.applies_to(name, nth)] if changes else []
        built = message.build([changes[n] for n in places])
        applied = [n for here, n in enumerate(places) if here in built.applied or changes[n].op in IN_LEAVING]
        value: dict[str, Any] = {"applied": applied} if applied else {}
        changed = built.changed or bool(built.leaving)
        self.saw("sent", name, octets=built.octets, spans=built.spans, changed=changed, **value)
        for path, octets, spans, sealed_changed in built.sealed:
            self.saw("sealed", f"{name}.{path}", octets=octets, spans=spans, changed=sealed_changed)
        return built

    def given(self) -> dict[str, Any]:
        """The parameters that this part's `given` changes set; they count as applied."""
        found: dict[str, Any] = {}
        for n, change in enumerate(self.record.changes):
            if change.op == GIVEN:
                found.update(dict(change.args))
                if n not in self.record.applied:
                    self.saw("given", applied=[n], settings={k: str(v)[:200] for k, v in change.args})
        return found

    def part(self, name: str, *changes: Change, via: str | None = None) -> Bench:
        """A step of a script, recorded and judged on its own; `via` is the vantage point that it looks from."""
        bench = self.run.bench(name, changes, exchange=self.record.exchange)
        bench.via = via
        return bench

    async def serving(self) -> Served:
        """Where the role under test is reached; it is started when it is not running yet."""
        async with self.run.setup.starting:  # at the begin of a life all lanes come at once
            served = self.memory.get("served")
            if served is None:
                served = await self.subject.serve(self.run.setup.role, {**self._options(), **self.run.setup.told})
                self.memory["served"] = served
        return served

    def _options(self) -> dict[str, Any]:
        lab = self.run.setup.lab
        return {"targets": [lab.url], "gateway": lab.gateway} if lab is not None else {}

    def other(self, role: str) -> Subject | None:
        """The subject that plays a role in this cell of the matrix; None where our own peer does."""
        return self.run.setup.counterparts.get(role)

    async def counterpart(
        self, role: str, make: Callable[..., Peer], /, *, told: Mapping[str, Any] | None = None, **options: Any
    ) -> Served:
        """Where the other side of a client role is reached: our peer, at work on this bench, or another subject.

        `make(bench, options)` gives our peer: all that it sends passes points of this bench, and it stops with the
        case. In a cell of the matrix another subject plays `role`; it is started once a life, and only what the subject
        and our targets saw is recorded. What a case wants of our peer is not for it; `told` is for
        both.
        """
        other = self.other(role)
        if other is None:
            peer = make(self, {**self._options(), **(told or {}), **options})
            self.run.stack.push_async_callback(peer.stop)
            return await peer.start()
        async with self.run.setup.starting:
            served = await other.serve(role, {**self._options(), **(told or {})})
        self.saw("counterpart", role, url=served.url, by=other.hello.name, version=other.hello.version)
        return served

    async def connect(self, url: str | None = None, *, settings: HTTP3Settings | None = None) -> Connection:
        """A new connection to the subject, in this variant's HTTP version; it is closed with the case.

        `settings` are what we say at first in HTTP/3 and below it.
        """
        served: Served | None = self.memory.get("served") if url else await self.serving()
        route = self.run.setup.route(url or (served.url if served else ""), self.via)
        if served is not None:
            route = served.trusted(route)
        version = self.variant.get("http")
        connection = await connect(route, self, version=version, patience=self.patience, settings=settings)
        self.run.stack.push_async_callback(connection.close)
        self.live = connection
        return connection

    def target(self, answer: TargetAnswer | None = None) -> str | None:
        """A token for one request to our own target: whoever carries it there is recorded here. None without a lab."""
        lab = self.run.setup.lab
        if lab is None:
            return None
        token = self.rng.randbytes(8).hex()
        lab.expect(token, self, answer)
        self.run.stack.callback(lab.forget, token)
        return token

    @property
    def lab(self) -> Lab | None:
        """Our targets, where the subject can reach them."""
        return self.run.setup.lab

    async def do(self, op: str, /, **given: Any) -> Reply:
        """Ask the subject for an operation. What it answers is recorded; a death is recorded and ends the exchange."""
        self._exchanged("asked", op, given)
        reply = await self._asked(op, given)
        if "died" in reply:
            self._exchanged("crash", op, _death(reply["died"]))
            raise Ended("crash", op)
        self._exchanged("reply", op, reply)
        return reply

    async def _asked(self, op: str, given: Mapping[str, Any]) -> Reply:
        try:
            return await self.subject.do(op, given, self.patience)
        except Ended as ended:
            self.saw(ended.what, op, detail=ended.detail)
            raise

    @property
    def barrier(self) -> Callable[[], Awaitable[Any]] | None:
        """Where what is held back waits for the other steps that run together; None outside of `together`."""
        return self.run.barrier.wait if self.run.barrier is not None else None

    async def together(self, steps: Iterable[Awaitable[Any]]) -> None:
        """Run steps side by side; what they hold back leaves at one moment, when all have got so far."""
        todo = list(steps)
        self.run.barrier = barrier = _Barrier(len(todo))

        async def stepped(step: Awaitable[Any]) -> None:
            try:
                await step
            finally:
                barrier.one_less()

        try:
            for ended in await asyncio.gather(*map(stepped, todo), return_exceptions=True):
                if isinstance(ended, BaseException) and not isinstance(ended, Ended):
                    raise ended
        finally:
            self.run.barrier = None

    def absent(self, reason: str) -> None:
        """End the case as not applicable: a precondition is legally missing."""
        self.saw("absent", detail=reason)
        raise Absent(reason)


def _death(died: Mapping[str, Any]) -> dict[str, str]:
    """What is known of a death, in short: the code is signal or status, the detail the last that was written."""
    said = [line for line in str(died.get("stderr") or "").splitlines() if line.strip()]
    code = died.get("signal") or died.get("status")
    return {"code": "" if code is None else str(code), "detail": said[-1].strip()[:500] if said else ""}
