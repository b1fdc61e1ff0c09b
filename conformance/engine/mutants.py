"""The kill matrix: which case is seen to fail on which fault (design, section 6).

A case that no mutant kills is not proven; a mutant that no case kills is a hole; a case that is killed by a mutant
which breaks nothing of its own is too coarse. The gate keeps all three at zero, or listed with a reason.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from multiprocessing import get_context
from typing import Any

from conformance.bench import Fault, Peer, PeerSubject, Protocol, Subject
from conformance.engine.catalogue import load_cases, protocols
from conformance.engine.session import Request, run_session
from conformance.model import NOT_RUN, TIMEOUT, AdapterError, Case, Unreachable, Verdict
from conformance.subjects import ObjectSubject

BAD_OBSERVATIONS = ("violation", "leak", "crash", "hang")


@dataclass(frozen=True, slots=True)
class Kill:
    """A finding on a mutant that the reference does not get, under a requirement that the fault breaks."""

    case: str
    requirement: str
    fault: str
    observation: str
    because: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What one mutant (or, without a fault, the reference) showed; `trouble` says why it could not be run at all."""

    fault: str
    role: str
    verdicts: tuple[Verdict, ...]
    trouble: str = ""


@dataclass(slots=True)
class KillMatrix:
    """Kills, and the three kinds of holes; `excused` are holes with the reason that stands for them."""

    kills: list[Kill] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    surviving: list[str] = field(default_factory=list)
    unrelated: list[tuple[str, str, str]] = field(default_factory=list)
    reference: list[tuple[str, str, str]] = field(default_factory=list)
    excused: dict[str, str] = field(default_factory=dict)
    cases: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether there is no hole."""
        return not (self.unproven or self.surviving or self.unrelated or self.reference)


def subject_for(make: Any, seed: int = 0) -> Subject:
    """A peer class or a factory of objects, as a subject."""
    if isinstance(make, type) and issubclass(make, Peer):
        return PeerSubject(make, seed)
    return ObjectSubject(make)


async def see(protocol: Protocol, role: str, fault: Fault | None, seed: int = 0) -> Seen:
    """Run all cases of a role against one mutant, or against the reference."""
    left_out, attempts = _sample(protocol, role, fault) if fault else (frozenset(), {})
    make = fault.make if fault else protocol.peers()[role]

    def request(patience: float, include: Sequence[str] = (), lanes: int = 0) -> Request:
        return Request(
            subject_for(make, seed),
            [protocol],
            title=fault.name if fault else f"reference {role}",
            how="reference",
            roles=[role],
            include=include,
            only=fault.where if fault else {},
            base_only=True,
            retry=False,
            lanes=lanes,
            patience=patience,
            vantages=VANTAGES,
            seed=seed,
            left_out=left_out,
            attempts=attempts,
        )

    name = fault.name if fault else ""
    try:
        _, result = await run_session(request(MUTANT_PATIENCE))
        verdicts = {v.case: v for v in result.verdicts}
        doubtful = _doubtful(protocol, fault, verdicts.values())
        while doubtful:
            several, doubtful = doubtful[:CONFIRMED], doubtful[CONFIRMED:]
            _, result = await run_session(request(PATIENT, several, lanes=1))
            again = {v.case: v for v in result.verdicts if v.case in several}
            if all(v.shown == verdicts[case].shown for case, v in again.items()):
                doubtful = []
            verdicts |= again
    except (AdapterError, Unreachable) as why:
        return Seen(name, role, (), why.what)
    return Seen(name, role, tuple(verdicts.values()))


PATIENT = 5.0
"""Seconds that mutants get in a case that comes to something in time only where the machine has nothing else to do."""
CONFIRMED = 2
"""So many cases that show the same with patience are enough to believe the others."""


def _doubtful(protocol: Protocol, fault: Fault | None, verdicts: Iterable[Verdict]) -> list[str]:
    """The cases in which a busy machine may be at fault: where nothing came in time, or nothing should be seen.

    What breaks nothing of the fault's comes first: there nothing should be seen.
    """
    cases = {case.id for case in load_cases(protocol) if isinstance(case, Case)}
    found: dict[str, bool] = {}
    for verdict in verdicts:
        related = fault is not None and any(_breaks(fault, r) for r in verdict.requirements)
        bad = any(f.observation in BAD_OBSERVATIONS for f in verdict.findings)
        told = [verdict.reason, *(f.because for f in verdict.findings if f.observation in BAD_OBSERVATIONS)]
        late = (bad or verdict.shown == "inconclusive") and any(TIMEOUT.name in t for t in told)
        if verdict.case in cases and (late or (bad and not related)):
            found[verdict.case] = related
    return sorted(found, key=lambda case: (found[case], case))


HEAVY = frozenset({"alone", "bulk", "slow"})
SAMPLE = 3
"""How many attempts of a case are enough to see that a fault which breaks nothing of its own leaves it green."""


def _sample(protocol: Protocol, role: str, fault: Fault) -> tuple[frozenset[str], dict[str, list[str]]]:
    """What is not worth its time on a mutant that breaks nothing of it: heavy cases, and most of many attempts.

    Cases of what the fault breaks run whole. Gives the ids left out, and the attempts kept of others: first, middle,
    last.
    """
    left_out: set[str] = set()
    attempts: dict[str, list[str]] = {}
    for case in load_cases(protocol):
        if not isinstance(case, Case) or case.role != role or any(_breaks(fault, r) for r in case.decides):
            continue
        labels = list(case.each)
        if case.needs & HEAVY:
            left_out.add(case.id)
        elif len(labels) > SAMPLE:
            attempts[case.id] = [labels[0], labels[len(labels) // 2], labels[-1]]
    return frozenset(left_out), attempts


VANTAGES = ("127.0.0.1", "127.0.0.2") if sys.platform == "linux" else ()
"""Where mutants are looked at from: every address of the loopback network is local, on Linux without further ado."""
MUTANT_PATIENCE = 1.0
"""Seconds that mutants get: they are on this machine, and those that never answer should not take long."""


def kill_matrix(seen: Iterable[Seen], faults: Mapping[str, Fault], protocol: Protocol) -> KillMatrix:
    """Compare what the mutants showed with what the references showed."""
    seen = list(seen)
    matrix = KillMatrix(faults=sorted(faults))
    under = _Under(protocol)
    reference: dict[str, set[_Seeing]] = {}
    for one in seen:
        if not one.fault:
            matrix.cases += sorted({v.case for v in one.verdicts})
            if one.trouble:
                matrix.reference.append((one.role, "unreachable", one.trouble))
            for verdict in one.verdicts:
                reference.setdefault(verdict.case, set()).update(seeing for seeing, _ in under.bad(verdict))
                if verdict.shown not in {"pass", "tolerated", "not-applicable", "unsupported"}:
                    matrix.reference.append((verdict.case, verdict.shown, verdict.reason))
    kills: dict[tuple[str, str, str], Kill] = {}
    for one in seen:
        for verdict in one.verdicts if one.fault else ():
            fault = faults[one.fault]
            known = reference.get(verdict.case, set())
            fresh = [(seeing, because) for seeing, because in under.bad(verdict) if seeing not in known]
            if verdict.shown in NOT_RUN or not fresh:
                continue
            for (requirement, observation), because in fresh:
                if observation in fault.shows and _breaks(fault, requirement):
                    kill = Kill(verdict.case, requirement, fault.name, observation, because)
                    kills.setdefault((kill.case, kill.fault, kill.requirement), kill)
            if not any(_breaks(fault, r) for r in verdict.requirements):
                matrix.unrelated.append((verdict.case, fault.name, fresh[0][1]))
    matrix.kills = list(kills.values())
    killed_cases = {k.case for k in matrix.kills}
    for case in matrix.cases:
        if case not in killed_cases:
            reason = next((r for glob, r in protocol.unprovable.items() if fnmatchcase(case, glob)), "")
            if reason:
                matrix.excused[case] = reason
            else:
                matrix.unproven.append(case)
    matrix.surviving = sorted(set(faults) - {k.fault for k in matrix.kills})
    return matrix


_Seeing = tuple[str, str]
"""A requirement, and what was observed under it."""


def _breaks(fault: Fault, requirement: str) -> bool:
    return any(fnmatchcase(requirement, glob) for glob in fault.breaks)


class _Under:
    """Under which requirements a finding counts: the one it names, or else those that its case is about."""

    def __init__(self, protocol: Protocol) -> None:
        self.about = {c.id: c.requirements for c in load_cases(protocol)}

    def bad(self, verdict: Verdict) -> Iterator[tuple[_Seeing, str]]:
        """What is bad in a verdict, requirement by requirement, and why."""
        for finding in verdict.findings:
            if finding.observation in BAD_OBSERVATIONS:
                for requirement in [finding.requirement] if finding.requirement else self.about[verdict.case]:
                    yield (requirement, finding.observation), finding.because


def _work(job: tuple[str, str, str, int]) -> Seen:
    """One mutant in a worker process."""
    name, role, fault_name, seed = job
    protocol = protocols()[name]
    load_cases(protocol)
    fault = next((f for f in protocol.faults() if f.name == fault_name), None)
    return asyncio.run(see(protocol, role, fault, seed))


def run_mutants(
    protocol: Protocol,
    *,
    workers: int = 2,
    roles: Sequence[str] = (),
    names: Sequence[str] = (),
    progress: Callable[[Seen], None] = lambda _: None,
) -> KillMatrix:
    """Run all mutants of a protocol in worker processes, and make the matrix."""
    faults = {f.name: f for f in protocol.faults() if (not roles or f.role in roles) and (not names or f.name in names)}
    chosen = sorted({f.role for f in faults.values()} if roles or names else set(protocol.peers()))
    jobs = [(protocol.name, role, "", 0) for role in chosen]
    jobs += [(protocol.name, f.role, f.name, 0) for f in faults.values()]
    seen: list[Seen] = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for one in pool.map(_work, jobs):
            progress(one)
            seen.append(one)
    return kill_matrix(seen, faults, protocol)
