"""What the suite costs beyond its octets: a gateway's cases, beside plain asyncio that sends the same on as many
connections.

A proxy records once what a run sends on each connection and how much comes back before it sends more. Then runs of the
suite and replays of these octets alternate, against the same reference gateway in its own process and the same target
in this one. Cases in which somebody waits for a silence to end are left out: there both sides only sleep. The replay
has as many connections open at a time as the suite: one for each lane, and those of a case that runs alone by
themselves, as many as it has.

What the replay does not do: it seals and opens nothing, knows beforehand how long each answer is, and makes no pause
where a case wants pieces to arrive apart.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway import LANES, gateway, session
from measure import Figure, Measured

from conformance.bench import Lab
from conformance.engine.judge import weigher
from conformance.engine.plan import Plan, Planned
from conformance.engine.run import Runner, Settings
from conformance.engine.session import Session
from conformance.engine.stream import StreamWriter, read_run
from conformance.net import Nobody, Route

LIMIT = 1.5
SLOW = 0.5
"""Seconds that nothing may take that is replayed."""
STUCK = 5.0
"""Seconds after which a replayed connection is given up."""
FEW = 0.02
"""The share of connections that may get less: what the suite itself reset, the proxy passes on as an end."""
TOKEN = re.compile(rb"[0-9a-f]{16}")


@dataclass(slots=True)
class Turn:
    """What was sent before anything came back, and how many octets came back before more was sent."""

    sent: bytearray = field(default_factory=bytearray)
    back: int = 0


@dataclass(slots=True)
class Batch:
    """Connections with their turns, and how many of them are open at a time."""

    connections: list[list[Turn]] = field(default_factory=list)
    abreast: int = 1


class Proxy:
    """Passes connections on to the gateway and keeps their turns; `most` is how many were open at a time."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.connections: list[list[Turn]] = []
        self.open = self.most = 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        there, onwards = await asyncio.open_connection(self.host, self.port)
        turns: list[Turn] = []
        self.connections.append(turns)
        self.open += 1
        self.most = max(self.most, self.open)

        async def forth() -> None:
            with suppress(ConnectionError):
                while data := await reader.read(1 << 16):
                    if not turns or turns[-1].back:
                        turns.append(Turn())
                    turns[-1].sent += data
                    onwards.write(data)
            onwards.close()

        async def back() -> None:
            with suppress(ConnectionError):
                while data := await there.read(1 << 16):
                    if turns:
                        turns[-1].back += len(data)
                    writer.write(data)
            writer.close()

        await asyncio.gather(forth(), back())
        self.open -= 1


class Remembering(Lab):
    """A lab that, once told to, answers what it answered before: replayed requests carry tokens of parts long over."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[bytes, Any] = {}
        self.replayed = False

    def forget(self, token: str) -> None:
        """Keep the answer, and not the part that it was for."""
        expected = self._expected[token.encode()]
        self.known[token.encode()] = type(expected)(Nobody(), expected.answer)
        super().forget(token)

    def _whose(self, octets: bytes, content: bytes) -> Any:
        if not self.replayed:
            return super()._whose(octets, content)
        head = len(octets) - len(content)
        found = (self.known.get(token) for place in (octets[:head], content) for token in TOKEN.findall(place))
        return next((known for known in found if known is not None), None)


@asynccontextmanager
async def recorded(url: str, made: Session) -> AsyncIterator[Proxy]:
    """The subject of a session, reached through a proxy."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy(parts.hostname, parts.port)
    server = await asyncio.start_server(proxy.pass_on, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    setup = made.runs[0].setup
    direct = setup.route
    setup.route = lambda to, source: Route.of(
        to, source=source, connect_to=[f"{parts.hostname}:{parts.port}:127.0.0.1:{port}"]
    )
    try:
        yield proxy
    finally:
        setup.route = direct
        server.close()


async def suite(made: Session, planned: list[Planned], folder: str) -> Path:
    """Run these cases as `conformance run` does; where they are stored."""
    events = Path(folder, "events.ndjson")
    run = made.runs[0]
    writer = StreamWriter(events)
    writer.header(made.header())
    settings = Settings(lanes=LANES)
    await Runner(run.setup, Plan(planned), weigher(made.catalogue.requirements), settings, writer).run()
    writer.close()
    return events


def quick(planned: list[Planned], events: Path) -> list[Planned]:
    """The cases in which every part was soon over and nothing waited for a silence."""
    run = read_run(events)
    slow = set()
    for record in run.verdicts:
        parts = run.transcript(record).parts
        last = [p.events[-1].at - p.events[0].at for p in parts if p.events]
        if max(last, default=0.0) > SLOW or any(p.last("timeout") for p in parts):
            slow.add(record.verdict.case)
    return [p for p in planned if p.case.id not in slow]


async def replay(host: str, port: int, batches: Sequence[Batch]) -> None:
    """Send the same octets on as many connections, as many side by side as there were.

    RuntimeError where more than a few of them did not get what came back before: that would be no comparison.
    """
    short = 0

    async def lane(todo: deque[list[Turn]]) -> None:
        nonlocal short
        while todo:
            turns = todo.popleft()
            reader, writer = await asyncio.open_connection(host, port)
            try:
                for turn in turns:
                    writer.write(bytes(turn.sent))
                    async with asyncio.timeout(STUCK):
                        await reader.readexactly(turn.back)
            except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
                short += 1
            writer.close()

    for batch in batches:
        todo = deque(batch.connections)
        async with asyncio.TaskGroup() as lanes:
            for _ in range(batch.abreast):
                lanes.create_task(lane(todo))
    total = sum(len(batch.connections) for batch in batches)
    if short > FEW * total:
        raise RuntimeError(f"{short} of {total} connections got less than the suite had got")


async def batches_of(made: Session, planned: list[Planned], url: str, folder: str) -> list[Batch]:
    """What a run sends: the connections of the lanes, and then those of each case that runs alone."""
    alone = [p for p in planned if "alone" in p.case.needs]
    batches = []
    for together in ([p for p in planned if p not in alone], *([p] for p in alone)):
        async with recorded(url, made) as proxy:
            await suite(made, together, folder)
        turns = [t for t in proxy.connections if t]
        batches.append(Batch(turns, proxy.most if together[0] in alone else LANES))
    return batches


def worked(gateway_of: int) -> float:
    """Seconds of processor time so far, of this process and of the gateway's."""
    fields = Path(f"/proc/{gateway_of}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Seconds:
    """What suite and replay took, run by run: on the wall, and of the processors."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    ours_worked: list[float] = field(default_factory=list)
    bare_worked: list[float] = field(default_factory=list)


async def both(repetitions: int) -> tuple[Seconds, int, int, int]:
    """Seconds, cases, connections and octets sent."""
    lab = await Remembering.start()
    assert isinstance(lab, Remembering)
    with tempfile.TemporaryDirectory() as folder:
        async with gateway(lab) as (url, process):
            made = await session(url, lab, 1)
            where = urlsplit(url)
            host, port = where.hostname, where.port
            assert host is not None
            assert port is not None
            planned = quick(made.runs[0].plan.run, await suite(made, made.runs[0].plan.run, folder))
            batches = await batches_of(made, planned, url, folder)
            seconds = Seconds()
            for warm in range(repetitions + 1):
                lab.replayed = False
                one = await timed(lambda: suite(made, planned, folder), process)
                lab.replayed = True
                other = await timed(lambda: replay(host, port, batches), process)
                if warm:
                    for kept, value in zip(
                        (seconds.ours, seconds.ours_worked, seconds.bare, seconds.bare_worked),
                        (*one, *other),
                        strict=True,
                    ):
                        kept.append(value)
    await lab.close()
    connections = [c for batch in batches for c in batch.connections]
    sent = sum(len(turn.sent) for connection in connections for turn in connection)
    return seconds, len(planned), len(connections), sent


async def timed(work: Callable[[], Awaitable[Any]], process: int) -> tuple[float, float]:
    """Seconds that some work takes: on the wall, and of the processors."""
    began, before = time.perf_counter(), worked(process)
    await work()
    return time.perf_counter() - began, worked(process) - before


def measure(repetitions: int) -> Measured:
    """Suite and replay in turns, and their ratio pair by pair."""
    if not Path("/proc/self/stat").exists():
        return Measured(missing=["overhead: this system does not tell what another process worked"])
    seconds, cases, connections, octets = asyncio.run(both(repetitions))
    how = f"{cases} cases of ohttp.gateway that wait for nothing, HTTP/1, one suite, {LANES} lanes, stored"
    same = f"the same {octets:,} octets on {connections:,} connections, as many at a time, answers read and forgotten"
    work = "of both processes: ours with the target, and the gateway"
    ratios = [one / other for one, other in zip(seconds.ours, seconds.bare, strict=True)]
    works = [one / other for one, other in zip(seconds.ours_worked, seconds.bare_worked, strict=True)]
    return Measured(
        [
            Figure("suite at a gateway", "s", seconds.ours, how),
            Figure("its processor time", "s", seconds.ours_worked, work),
            Figure("bare asyncio", "s", seconds.bare, same),
            Figure("its processor time", "s", seconds.bare_worked, work),
            Figure("overhead", "x", ratios, "the one by the other, pair by pair", LIMIT, most=True),
            Figure("overhead, processor time", "x", works, "the same in seconds of processor time"),
        ]
    )
