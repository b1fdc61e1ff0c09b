"""The cases of a gateway against our reference in another process: seconds for the selection, milliseconds per case."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from measure import Figure, Measured, conformance, ended, first_line

from conformance.bench import Lab
from conformance.engine.catalogue import protocols
from conformance.engine.session import Request, Session
from conformance.engine.stream import read_run
from conformance.subjects import URLSubject

ROLE = "ohttp.gateway"
SUITE = "0020/0001/0001"
LANES = 4
LIMIT = 5.0


@asynccontextmanager
async def gateway(lab: Lab) -> AsyncIterator[tuple[str, int]]:
    """Our reference gateway in another process, which forwards to this lab: its URL, and the number of its process."""
    process = first_line(conformance("serve", ROLE, "--target", lab.url))
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process.pid
    finally:
        ended(process)


async def session(url: str, lab: Lab, version: int) -> Session:
    """A session against that URL in one HTTP version and suite, prepared as `conformance run` prepares it."""
    made = Session(
        Request(
            URLSubject(url, [ROLE]),
            [protocols()["ohttp"]],
            title=url,
            roles=[ROLE],
            http=(version,),
            only={"http": (version,), "suite": (SUITE,)},
            lanes=LANES,
        )
    )
    made.lab = lab
    await made.prepare()
    return made


async def selection(version: int) -> tuple[float, float, int, int]:
    """Run the selection once, stored: seconds from the probe to the last line, those of our processor time, cases and
    exchanges.
    """
    lab = await Lab.start()
    async with gateway(lab) as (url, _):
        began, worked = time.perf_counter(), time.process_time()
        made = await session(url, lab, version)
        with tempfile.TemporaryDirectory() as folder:
            events = Path(folder, "events.ndjson")
            await made.run(events)
            took, worked = time.perf_counter() - began, time.process_time() - worked
            run = read_run(events)
    bad = [v.verdict for v in run.verdicts if v.verdict.shown in {"error", "inconclusive", "fail", "crash", "hang"}]
    if bad:
        raise RuntimeError(f"{bad[0].case}: {bad[0].shown}: {bad[0].reason}")
    return took, worked, sum(1 for v in run.verdicts if v.parts), len(run.places)


def measure(repetitions: int) -> Measured:
    """The selection in both HTTP versions."""
    figures = []
    for version in (1, 2):
        runs = [asyncio.run(selection(version)) for _ in range(repetitions)]
        _, _, cases, exchanges = runs[0]
        how = f"{cases} cases, {exchanges:,} exchanges, one suite, {LANES} lanes, stored, with the probe before"
        took = [s for s, *_ in runs]
        worked = [s for _, s, *_ in runs]
        figures += [
            Figure(f"gateway selection, HTTP/{version}", "s", took, how, LIMIT, most=True),
            Figure(f"its processor time, HTTP/{version}", "s", worked, "of our process, our target included"),
            Figure(f"gateway case, HTTP/{version}", "ms", [1000 * s / cases for s in took], "the same, per case"),
            Figure(f"gateway exchange, HTTP/{version}", "ms", [1000 * s / exchanges for s in took], "per exchange"),
        ]
    return Measured(figures)
