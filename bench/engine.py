"""The engine alone: exchanges that do nothing, exchanges that only wait, and library exchanges with their messages."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from measure import Figure, Measured, rates, timed

from conformance.bench import Bench, Reply, Setup, Subject
from conformance.cases import put
from conformance.engine.catalogue import protocols
from conformance.engine.judge import weigher
from conformance.engine.plan import Plan, Planned
from conformance.engine.run import Forget, Runner, Settings
from conformance.engine.stream import StreamWriter
from conformance.model import ACCEPTED, Case, Change, Exchange, Outcome, Part
from conformance.subjects import ObjectSubject
from conformance.wire import DecodeError, Message, Reader, Varint

CASES = 5_000
WAIT = 0.02
WAITING = 500
LANES = 64


class Small:
    """A library that reads a message of two parts, each with its length: as small as messages get."""

    def take(self, message: str) -> Reply:
        """Read one."""
        reader = Reader(bytes.fromhex(message))
        try:
            for name in ("start", "content"):
                reader.take(reader.varint(name), name)
            reader.end()
        except DecodeError as why:
            return {"refused": {"reason": str(why)}}
        return {"ok": {}}


def prefixed(octets: bytes) -> Message:
    """Octets with their length in front."""
    return Message(length=lambda get: Varint(len(get("octets"))), octets=octets)


async def empty(bench: Bench, live: None = None) -> None:
    """An exchange that does nothing."""


async def waiting(bench: Bench, live: None = None) -> None:
    """An exchange that only waits, as one with a subject far away does."""
    del bench, live
    await asyncio.sleep(WAIT)


async def small(bench: Bench, live: None = None) -> None:
    """An exchange of one small message."""
    del live
    built = bench.point("message", Message(start=prefixed(b"hello"), content=prefixed(b"hello, world")))
    await bench.do("take", message=built.octets.hex())


def small_ended(part: Part) -> Outcome:
    """How it ended."""
    reply = part.last("reply", "take")
    return ACCEPTED if reply is not None and "ok" in reply.value else part.ending()


def cases(drive: Any, count: int, outcome: Callable[[Part], Outcome], change: Change | None = None) -> list[Case]:
    """So many cases of an exchange, with a change that the subject has to take, or without one."""
    return cases_of(Exchange(drive.__name__, "bench", drive, outcome), count, change)


def cases_of(exchange: Exchange, count: int, change: Change | None) -> list[Case]:
    """The same, of an exchange that there is."""
    return [Case(f"bench/{n}", "", exchange, ("bench/1/x",), lambda: change, (ACCEPTED,)) for n in range(count)]


def library_cases(count: int) -> list[Case]:
    """Cases of the decoder of Binary HTTP, with its honest request of 38 fields, one of them changed."""
    from conformance.protocols.ohttp.exchanges import decode

    return cases_of(replace(decode, over={}), count, put("message.content.octets", b"hello, w0rld"))


def reference() -> Subject:
    """Our own library of Binary HTTP, in this process."""
    return ObjectSubject(protocols()["ohttp"].peers()["bhttp.decoder"])


class Counting(Forget):
    """Keeps only the number of parts."""

    exchanges = 0

    def part(self, part: Part) -> int:
        """Count it."""
        del part
        self.exchanges += 1
        return self.exchanges


class Storing(StreamWriter):
    """The stream, with the number of its parts."""

    exchanges = 0

    def part(self, part: Part) -> int:
        """Store it."""
        self.exchanges += 1
        return super().part(part)


def of(
    made: list[Case], subject: Callable[[], Subject], *, lanes: int = 4, store: bool = False
) -> Callable[[], Coroutine[Any, Any, int]]:
    """One run of these cases, stored or not; it gives the number of exchanges. RuntimeError where one did not pass."""
    planned = [Planned(case, {}) for case in made]

    async def run() -> int:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            sink = Storing(Path(folder, "events.ndjson")) if store else Counting()
            setup = Setup(subject(), "bench", lambda: time.monotonic() - began)
            outcomes = await Runner(setup, Plan(planned), weigher({}), Settings(lanes=lanes), sink).run()
            if isinstance(sink, Storing):
                sink.close()
        wrong = [f"{v.case}: {v.shown}: {v.reason}" for v in outcomes.verdicts if v.shown != "pass"]
        if wrong or len(outcomes.verdicts) != len(planned):
            raise RuntimeError(wrong[0] if wrong else "some cases have no verdict")
        return sink.exchanges

    return run


def measure(repetitions: int) -> Measured:
    """All figures of the engine in this process."""
    measured = Measured()

    def rate(name: str, how: str, run: Callable[[], Coroutine[Any, Any, int]], limit: float | None = None) -> None:
        measured.figures.append(Figure(name, "exchanges/s (processor)", rates(run, repetitions), how, limit))

    nothing = cases(empty, CASES, lambda _: ACCEPTED)
    how = f"{CASES:,} cases of an exchange that does nothing, 4 lanes; health serves as the next twin"
    rate("engine alone", how, of(nothing, lambda: ObjectSubject(Small)), 30_000)
    stored = "the same, every part and verdict written to a stream on disk"
    rate("engine alone, stored", stored, of(nothing, lambda: ObjectSubject(Small), store=True))
    little = cases(small, CASES // 2, small_ended, put("message.content.octets", b"hello, w0rld"))
    how = (
        f"{CASES // 2:,} cases: a message of two parts with their lengths is built, changed, recorded, read and judged"
    )
    rate("library, small message", how, of(little, lambda: ObjectSubject(Small)), 10_000)
    how = f"{CASES // 2:,} cases of bhttp.decoder: a request of 38 fields, read by the reference and by our judge"
    rate("library, Binary HTTP", how, of(library_cases(CASES // 2), reference))
    rate("library, Binary HTTP, stored", stored, of(library_cases(CASES // 2), reference, store=True))
    waits = of(cases(waiting, WAITING, lambda _: ACCEPTED), lambda: ObjectSubject(Small), lanes=LANES)
    runs = [timed(waits) for _ in range(repetitions)]
    how = f"{WAITING} cases whose exchanges wait {1000 * WAIT:.0f} ms, {LANES} lanes: seconds per 1,000 exchanges"
    seconds = [1000 * took / exchanges for took, exchanges in runs]
    measured.figures.append(Figure("1,000 exchanges that wait", "s", seconds, how, 0.6, most=True))
    return measured
