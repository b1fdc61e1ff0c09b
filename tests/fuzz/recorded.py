"""What runs against our own peers record: the transcripts that judges see, and octets that decoders know."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from conformance.bench import Protocol
from conformance.engine.catalogue import load_cases, protocols
from conformance.engine.judge import weigher
from conformance.engine.mutants import subject_for
from conformance.engine.run import Forget, Runner, Settings
from conformance.engine.session import Request, Session
from conformance.model import Case, Part, Transcript, Watch

HEAVY = frozenset({"alone", "bulk", "slow"})
OF_ONE_EXCHANGE, ATTEMPTS = 2, 2
"""So many cases, and attempts of one, show how parts look; all cases that have a judge of their own are run."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as it went against a peer of ours, and the watches of its role."""

    case: Case
    transcript: Transcript
    watches: tuple[Watch, ...]


class Kept(Forget):
    """A sink that keeps everything."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Part] = []
        self.records: list[Any] = []

    def part(self, part: Part) -> int:
        self.kept.append(part)
        return super().part(part)

    def verdict(self, record: Any) -> None:
        self.records.append(record)


def _chosen(protocol: Protocol, role: str) -> list[str]:
    """A few cases of each exchange of a role, and every case that has a judge of its own."""
    counts: dict[str, int] = {}
    chosen = []
    for case in load_cases(protocol):
        if not isinstance(case, Case) or case.role != role or case.needs & HEAVY:
            continue
        counts[case.exchange.name] = counts.get(case.exchange.name, 0) + 1
        if case.own_judge or counts[case.exchange.name] <= OF_ONE_EXCHANGE:
            chosen.append(case.id)
    return chosen


def _few(cases: Mapping[str, Case | Watch]) -> dict[str, list[str]]:
    """The first attempts of those cases that make several."""
    return {name: list(case.each)[:ATTEMPTS] for name, case in cases.items() if isinstance(case, Case) and case.each}


async def _run(protocol: Protocol, role: str, make: Any) -> list[Seen]:
    cases = {case.id: case for case in load_cases(protocol)}
    watches = tuple(w for w in cases.values() if isinstance(w, Watch) and w.role == role)
    session = Session(
        Request(
            subject_for(make), [protocol], title="ours", how="reference", roles=[role], base_only=True, patience=1.0,
            include=_chosen(protocol, role), attempts=_few(cases), retry=False,
        )
    )  # fmt: skip
    found = []
    try:
        await session.prepare()
        for run in session.runs:
            kept = Kept()
            await Runner(run.setup, run.plan, weigher({}), Settings(lanes=4, retry=False), kept).run()
            for record in kept.records:
                parts = tuple(kept.kept[n - 1] for n in record.parts)
                case = cases[record.verdict.case]
                if parts and isinstance(case, Case):
                    found.append(Seen(case, Transcript(case.id, record.verdict.variant, parts), watches))
    finally:
        await session.close()
    return found


def _roles() -> dict[str, tuple[Protocol, Any]]:
    """Every role that there are cases for, with its protocol and our peer."""
    return {
        role: (protocol, make)
        for protocol in protocols().values()
        for role, make in protocol.peers().items()
        if _chosen(protocol, role)
    }


ROLES = tuple(_roles())


@cache
def seen_of(role: str) -> tuple[Seen, ...]:
    """Transcripts of one role."""
    protocol, make = _roles()[role]
    return tuple(asyncio.run(_run(protocol, role, make)))


def seen() -> list[Seen]:
    """Transcripts of every role of every protocol."""
    return [one for role in ROLES for one in seen_of(role)]
