"""A campaign: Hypothesis draws and shrinks in a thread, the bench works in the loop, until the time is up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import zip_longest
from typing import Any

from conformance.bench import CaseRun
from conformance.engine.controls import Controls
from conformance.engine.plan import Planned
from conformance.engine.session import RoleRun
from conformance.fuzz.finding import Finding, told
from conformance.fuzz.grammar import Site, changes, sites
from conformance.fuzz.oracle import FINE, OPEN, UNANSWERED, Knowledge, Seen, general, look
from conformance.model import HEALTH, TWIN, Case, Change, ConformanceError, Ended, Exchange, Part, UsageError

REPEATS = 3
"""A finding is seen so often on a fresh start before it counts."""
EXAMPLES = 250
"""Examples that one search of Hypothesis draws."""
SHRINKING = 12.0
"""Seconds that the shrinking of one finding may take."""
EXCHANGES = 16
"""So many exchanges and variants are drawn from; more find nothing more in a minute."""
STEPS, AT_ONCE = 3, 2
"""Exchanges in a sequence, and changes in one of them, at most."""


@dataclass(frozen=True, slots=True)
class Kind:
    """An exchange in one variant, with the sites that its twin shows; `case` is one that has these settings."""

    exchange: Exchange
    variant: Mapping[str, Any]
    settings: Mapping[str, Any]
    case: str
    sites: tuple[Site, ...] = ()
    twin: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """What was drawn: which kind of exchange, and the changes of each step."""

    kind: int
    steps: tuple[tuple[Change, ...], ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """All its changes."""
        return tuple(change for step in self.steps for change in step)

    @property
    def places(self) -> frozenset[str]:
        """Where it changes something, items without their numbers."""
        return frozenset(general(change.place) for change in self.changes)


@dataclass(slots=True)
class Report:
    """What a campaign came to; `unsteady` are findings that did not repeat, each with its rate."""

    findings: list[Finding] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)
    examples: int = 0
    rejected: int = 0
    exchanges: int = 0
    open: str = ""


def in_turns(plan: Sequence[Planned]) -> list[Planned]:
    """One case for each exchange, variant and settings: the exchanges take turns, what has no settings comes first.

    So each exchange of a role is among the first, however many settings the cases of another have.
    """
    different: dict[tuple[Any, ...], Planned] = {}
    for planned in plan:
        different.setdefault(planned.shares, planned)
    of_exchange: dict[str, list[Planned]] = {}
    for planned in sorted(different.values(), key=lambda p: bool(p.case.settings)):
        of_exchange.setdefault(planned.case.exchange.name, []).append(planned)
    return [p for turn in zip_longest(*of_exchange.values()) for p in turn if p is not None]


class FoundError(Exception):
    """Tells Hypothesis that an example is worth shrinking."""

    def __init__(self, example: Example, seen: Seen) -> None:
        super().__init__(seen.because)
        self.example = example
        self.seen = seen


class Campaign:
    """One role of a subject under examples, for a number of seconds."""

    def __init__(
        self,
        run: RoleRun,
        *,
        seed: int,
        seconds: float,
        clock: Callable[[], float],
        tell: Callable[[Finding], None] = lambda _: None,
        subject: Mapping[str, str] | None = None,
        reproduce: str = "",
        shrinking: float = SHRINKING,
    ) -> None:
        self.run = run
        self.seed = seed
        self.seconds = seconds
        self.clock = clock
        self.tell = tell
        self.subject = subject or {}
        self.reproduce = reproduce
        self.shrinking = shrinking
        self.report = Report()
        self.kinds: list[Kind] = []
        self.never = run.protocol.never
        self.knowledge = Knowledge(run.plan.cases)
        self._health: dict[int, Part] = {}
        self._memo: dict[Example, Seen] = {}
        self._told: set[tuple[str, frozenset[str]]] = set()
        self._began = clock()
        self._shrinking: tuple[str, float] | None = None
        self._stopped = False
        self._broken: ConformanceError | None = None

    async def search(self) -> Report:
        """Learn what there is to be changed, and draw until the time is up. Ends early when it is cancelled."""
        await self.learn()
        if not self.kinds:
            self.report.open = self.report.open or "no exchange was accepted without a change"
            return self.report
        loop = asyncio.get_running_loop()
        searching = loop.run_in_executor(None, self._search, loop)
        try:
            await asyncio.shield(searching)
        except asyncio.CancelledError:
            self._stopped = True
            await searching
            raise
        if self._broken is not None:
            raise self._broken
        return self.report

    async def learn(self) -> None:
        """Run the twin of each exchange and variant of the plan, and see what it sends."""
        for planned in in_turns(self.run.plan.run)[:EXCHANGES]:
            case = planned.case
            kind = Kind(case.exchange, planned.variant, case.settings, case.id)
            parts = await self._play(kind, ((),), None)
            twin = parts[0]
            if not (seen := look(case.exchange, parts, self.never)).bad and seen.observation == FINE:
                sent = {e.name: e.octets for e in twin.events if e.what == "sent"}
                if found := tuple(sites(twin)):
                    self.kinds.append(replace(kind, sites=found, twin=sent))
            else:
                self.report.open = self.report.open or f"{case.exchange.name}: {seen.because}"

    async def _play(self, kind: Kind, steps: Sequence[Sequence[Change]], before: Part | None) -> list[Part]:
        """Twin (or the health of the example before), the steps on one session, health."""

        async def body(bench: Any) -> None:
            live = None
            for number, step in enumerate(steps, 1):
                try:
                    live = await kind.exchange(bench.part(f"step {number}", *step), live, **kind.settings)
                except Ended:
                    live = None
                if not getattr(live, "open", False):
                    live = None

        case = Case(f"{self.run.role.name}/fuzz", "", kind.exchange, (), body, settings=kind.settings)
        rng = random.Random(f"{self.seed}/{kind.exchange.name}/{sorted(kind.variant.items())}")
        run = CaseRun(self.run.setup, kind.variant, rng)
        async with run.stack:
            await Controls(run, case, _at_once).round(before)
        self.report.exchanges += len(run.parts) - (before is not None)
        return run.parts

    async def see(self, example: Example) -> Seen:
        """Play an example in the company of those before it, then alone on fresh starts if it shows something."""
        kind = self.kinds[example.kind]
        before = self._health.pop(example.kind, None)
        parts = await self._play(kind, example.steps, before)
        seen = self._judged(kind, example, parts)
        self.report.examples += 1
        self.report.rejected += seen.observation == "rejected"
        if seen.observation == FINE and parts[-1].name == HEALTH:
            self._health[example.kind] = parts[-1]
        if not seen.bad and seen.observation != OPEN:
            return seen
        times, again = await self.repeat(example)
        if times == REPEATS:
            return again
        if seen.bad and times:
            told_ = f"{seen.observation} ({times} of {REPEATS} times): {', '.join(map(str, example.changes))}"
            self.report.unsteady.append(told_)
        return Seen(FINE)

    def _judged(self, kind: Kind, example: Example, parts: Sequence[Part]) -> Seen:
        seen = look(kind.exchange, parts, self.never)
        if seen.observation == "accepted-anyway" and self.knowledge.tolerated(example.changes, seen.outcome):
            return Seen(FINE)
        if seen.observation == UNANSWERED and not self.knowledge.forbidden(example.changes, seen.outcome):
            return Seen(FINE)
        return seen

    async def repeat(self, example: Example, times: int = REPEATS) -> tuple[int, Seen]:
        """How often an example shows something on a fresh start, and what it showed last."""
        count, last = 0, Seen(FINE)
        for _ in range(times):
            await self.fresh_start()
            parts = await self._play(self.kinds[example.kind], example.steps, None)
            seen = self._judged(self.kinds[example.kind], example, parts)
            if seen.bad:
                count, last = count + 1, seen
        if count:
            await self.fresh_start()
        return count, last

    async def fresh_start(self) -> None:
        """A new life, where the subject is ours to start."""
        self.run.setup.memory.clear()
        self._health.clear()
        if self.run.setup.subject.ours:
            await self.run.setup.subject.restart()

    # in the thread of Hypothesis

    def _search(self, loop: asyncio.AbstractEventLoop) -> None:
        import hypothesis
        from hypothesis import HealthCheck, Phase, given, settings
        from hypothesis import strategies as st
        from hypothesis.errors import HypothesisException

        @cache
        def steps(kind: int) -> st.SearchStrategy[Example]:
            one = st.lists(changes(self.kinds[kind].sites), max_size=AT_ONCE).map(tuple)
            several = st.lists(one, min_size=1, max_size=STEPS).filter(any).map(tuple)
            return several.map(lambda drawn: Example(kind, drawn))

        drawn = st.integers(0, len(self.kinds) - 1).flatmap(steps)
        quiet = settings(
            max_examples=EXAMPLES, deadline=None, database=None, phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        )  # fmt: skip
        number = 0
        while self._left() > 0 and not self._stopped:
            self._shrinking = None
            search = hypothesis.seed(self.seed + number)(quiet(given(drawn)(lambda e: self._property(e, loop))))
            number += 1
            try:
                search()
            except FoundError as found:
                self._keep(found.example, found.seen, loop)
            except HypothesisException:  # it would not repeat under its own eyes: `unsteady` says which
                continue

    def _property(self, example: Example, loop: asyncio.AbstractEventLoop) -> None:
        seen = self._memo.get(example)
        if seen is None:
            if self._left() <= 0 or self._stopped:
                return
            if self._shrinking and self.clock() - self._shrinking[1] > self.shrinking:
                return
            try:
                seen = asyncio.run_coroutine_threadsafe(self.see(example), loop).result()
            except ConformanceError as why:  # the adapter, the machine or the target: nothing that shrinks
                self._broken, self._stopped = why, True
                return
            if seen.bad:
                self._memo[example] = seen
        if not seen.bad or any(seen.observation == o and places <= example.places for o, places in self._told):
            return
        if self._shrinking is None:
            self._shrinking = (seen.observation, self.clock())
        if seen.observation == self._shrinking[0]:
            raise FoundError(example, seen)

    def _keep(self, example: Example, seen: Seen, loop: asyncio.AbstractEventLoop) -> None:
        example = asyncio.run_coroutine_threadsafe(self._least(example, seen), loop).result()
        kind = self.kinds[example.kind]
        self._told.add((seen.observation, example.places))
        parts = asyncio.run_coroutine_threadsafe(self._shown(example), loop).result()
        octets = {e.name: e.octets.hex() for p in parts for e in p.events if e.what == "sent" and e.changed}
        self.report.findings.append(
            found := Finding(
                protocol=self.run.protocol.name,
                role=self.run.role.name,
                exchange=kind.exchange.name,
                case=kind.case,
                variant=dict(kind.variant),
                steps=tuple(tuple(told(change) for change in step) for step in example.steps),
                observation=seen.observation,
                because=seen.because,
                fields=tuple(sorted(example.places)),
                requirements=self.knowledge.about(example.changes),
                seed=self.seed,
                rate=(REPEATS, REPEATS),
                subject=dict(self.subject),
                octets=octets,
                twin={name: kind.twin.get(name, b"").hex() for name in octets},
                reproduce=self.reproduce,
            )
        )
        self.tell(found)

    async def _least(self, example: Example, seen: Seen) -> Example:
        """Leave out what it does not need: whole steps first, then single changes. Hypothesis may not get so far."""
        smaller: list[tuple[int, int | None]] = (
            [(n, None) for n in range(len(example.steps))] if len(example.steps) > 1 else []
        )
        smaller += [(n, at) for n, step in enumerate(example.steps) for at in range(len(step)) if len(step) > 1]
        for n, at in smaller:
            rest = () if at is None else tuple(c for place, c in enumerate(example.steps[n]) if place != at)
            steps = (*example.steps[:n], *([rest] if rest else []), *example.steps[n + 1 :])
            less = Example(example.kind, steps)
            if any(steps) and (await self.repeat(less, 1))[1].observation == seen.observation:
                return await self._least(less, seen)
        return example

    async def _shown(self, example: Example) -> list[Part]:
        await self.fresh_start()
        parts = await self._play(self.kinds[example.kind], example.steps, None)
        await self.fresh_start()
        return [p for p in parts if p.name not in {TWIN, HEALTH}]

    def _left(self) -> float:
        return self.seconds - (self.clock() - self._began)


async def _at_once(exchanges: int) -> None:
    """Do not wait."""
    del exchanges


async def replay(campaign: Campaign, found: Finding, times: int = REPEATS) -> tuple[int, Seen]:
    """How often a stored finding shows; UsageError where the subject does not have its exchange and variant."""
    for planned in campaign.run.plan.run:
        case = planned.case
        if (case.id, case.exchange.name, dict(planned.variant)) == (found.case, found.exchange, dict(found.variant)):
            campaign.kinds = [Kind(case.exchange, planned.variant, case.settings, case.id)]
            return await campaign.repeat(Example(0, found.changes), times)
    raise UsageError(f"the subject has no exchange {found.exchange} as in {found.case}, in {dict(found.variant)}")
