"""Runs a plan against a subject: lanes, controls, suspects, fresh starts, verdicts. Knows no protocol.

All cases run in lanes, side by side. What stands by itself there (controls held, nothing bad seen) is decided.
Everything else runs again alone, on a fresh start: a death, a hang or a failing twin belongs to a case only when that
case shows it without company.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from conformance.bench import Ask, CaseRun, Setup
from conformance.engine.attempts import Attempt, groups_of
from conformance.engine.controls import Controls
from conformance.engine.judge import Seen, Watching, Weigh, judge
from conformance.engine.plan import NotRun, Plan, Planned
from conformance.engine.stream import VerdictRecord
from conformance.model import BAD, TIMEOUT, TWIN, AdapterError, Ended, Part, Verdict, variant_name
from conformance.subjects import AnsweredError, tribunal

BREAKS = 3
"""How many cases in a row may end with a broken adapter before the run gives up."""
HOPELESS = 12
"""How many twins may fail, none having been accepted, before the run gives up."""
SILENT = 2
"""How many of them, where nothing but silence comes, for which each has to be waited."""
YOUNG = 100_000
"""How many new objects the garbage collector leaves alone during a run, at least."""


class Sink(Protocol):
    """Where parts and verdicts go."""

    def part(self, part: Part) -> int:
        """Take a part; its number."""

    def verdict(self, record: VerdictRecord) -> None:
        """Take a verdict."""

    def note(self, text: str, **more: Any) -> None:
        """Take a remark."""


class Forget:
    """A sink that keeps nothing but the number of parts."""

    def __init__(self) -> None:
        self.parts = 0

    def part(self, part: Part) -> int:
        """Number it."""
        self.parts += 1
        part.number = self.parts
        return self.parts

    def verdict(self, record: VerdictRecord) -> None:
        """Forget it."""

    def note(self, text: str, **more: Any) -> None:
        """Forget it."""


@dataclass(slots=True)
class Settings:
    """How a plan is run. `known` says whether the baseline expects a verdict, which is then not tried again."""

    seed: int = 0
    lanes: int = 4
    rate: float = 0.0
    retry: bool = True
    fail_fast: int = 0
    known: Callable[[Verdict], bool] = lambda _: False
    progress: Callable[[Verdict], None] = lambda _: None
    impossible: Sequence[Ask] = ()
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(slots=True)
class Outcomes:
    """What a run came to.

    `void` says how the adapter failed its side, `lie` why its passes are worth nothing, `unowned` tells of deaths that
    no case repeated, `dead` why the rest of the plan was not run.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    void: list[str] = field(default_factory=list)
    unowned: list[str] = field(default_factory=list)
    dead: str = ""
    lie: str = ""
    interrupted: bool = False


class Runner:
    """One run of a plan."""

    def __init__(self, setup: Setup, plan: Plan, weigh: Weigh, settings: Settings, sink: Sink) -> None:
        self.setup = setup
        self.plan = plan
        self.weigh = weigh
        self.settings = settings
        self.sink = sink
        self.outcomes = Outcomes()
        self._open: dict[Attempt, None] = {}  # begun and not decided, in their order
        self._suspects: list[Attempt] = []
        self._again: list[Attempt] = []
        self._flying: set[Attempt] = set()
        self._trouble = False
        self._death = ""
        self._used = False
        self._breaks = 0
        self._good: Planned | None = None
        self._accepted: set[tuple[Any, ...]] = set()
        self._hopeless: dict[tuple[Any, ...], str] = {}
        self._watching = [Watching(w) for w in plan.watches]
        self._failed = 0
        self._next_slot = 0.0

    async def run(self) -> Outcomes:
        """Run everything; what was seen is decided and kept also when it is cancelled in the middle."""
        for skipped in self.plan.not_run:
            self._skip(skipped)
        try:
            with _rare_collections():
                await self._start()
                await self._side_by_side()
                await self._alone(self._again)
                await self._tribunal("at the end")
        except asyncio.CancelledError:
            self.outcomes.interrupted = True
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()
        except AdapterError as why:
            self._void(why.what)
            self.outcomes.dead = self.outcomes.dead or f"the adapter failed: {why.what}"
        finally:
            await self._finish()
        return self.outcomes

    def remember(self, part: Part, shown: str) -> None:
        """Let the watches see a part of an earlier run that this one goes on with; `shown` is its verdict of then."""
        for watching in self._watching:
            watching.see(part, shown)

    async def leave(self, reason: str) -> Outcomes:
        """Run nothing: all of the plan is inconclusive, and why."""
        self.outcomes.dead, self.outcomes.interrupted = reason, True
        for skipped in self.plan.not_run:
            self._skip(skipped)
        await self._finish()
        return self.outcomes

    async def _start(self) -> None:
        await self.setup.subject.restart()
        self.setup.memory.clear()
        await self._tribunal("at the start")

    async def _finish(self) -> None:
        try:
            for attempt in list(self._open):
                if attempt.rounds:
                    self._decide(attempt)
            decided = {(v.case, variant_name(v.variant)) for v in self.outcomes.verdicts}
            reason = self.outcomes.dead or "the run was interrupted before"
            for planned in self.plan.run:
                if (planned.case.id, variant_name(planned.variant)) not in decided:
                    self._skip(NotRun(planned.case, planned.variant, "inconclusive", reason))
            for watching in self._watching:
                self._emit(watching.verdict(self.weigh), ())
        finally:
            await self.setup.subject.stop()

    # side by side

    async def _side_by_side(self) -> None:
        groups = deque(groups_of([p for p in self.plan.run if "alone" not in p.case.needs], self.settings.lanes))
        self._again += [self._begun(p) for p in self.plan.run if "alone" in p.case.needs]
        while groups and not self._over():
            self._trouble, self._death = False, ""
            try:
                async with asyncio.TaskGroup() as lanes:
                    for _ in range(min(self.settings.lanes, len(groups))):
                        lanes.create_task(self._lane(groups))
            except BaseExceptionGroup as several:
                raise several.exceptions[0] from several
            if self._trouble:
                await self._settle()

    async def _lane(self, groups: deque[list[Planned]]) -> None:
        held: Attempt | None = None
        while groups and self._going():
            group = groups.popleft()
            before: Part | None = None
            while group and self._going():
                held, before = await self._first(group.pop(0), before, held)
            if group:
                groups.append(group)
        if held is not None:
            self._decide(held)

    def _going(self) -> bool:
        return not self._trouble and not self._over()

    async def _first(
        self, planned: Planned, before: Part | None, held: Attempt | None
    ) -> tuple[Attempt | None, Part | None]:
        """Run a case in company. Gives its attempt while the next twin may still cast doubt on it, and its health.

        `held` is that of the case before: it is decided once this case's twin was accepted, and suspected if not.
        """
        attempt = self._begun(planned, before)
        if self._given_up(attempt):
            return held, None
        self._meet(attempt)
        try:
            parts = await self._round(attempt, 1, before)
        finally:
            self._flying.discard(attempt)
        seen = self._seen(attempt)
        dead = self.setup.subject.died()
        self._death = self._death or dead
        fallen = bool(dead) or seen.healthy is False or not seen.twin or await self._breaking(seen)
        self._trouble = self._trouble or fallen
        if held is not None:
            if seen.twin:
                self._decide(held)
            else:
                held.set_aside()
                self._suspects.append(held)
        if self._trouble and (dead or not seen.clean):
            if attempt.company:
                attempt.set_aside()
            self._suspects.append(attempt)
            return None, None
        if not seen.clean and self._wants_retry(attempt):
            self._trouble = self._trouble or self.settings.fail_fast > 0  # it may be the last: settle it at once
            (self._suspects if self._trouble else self._again).append(attempt)
        elif seen.clean and seen.healthy:
            return attempt, parts[-1]
        else:
            self._decide(attempt)
        return None, parts[-1] if seen.healthy else None

    def _begun(self, planned: Planned, shared: Part | None = None) -> Attempt:
        attempt = Attempt(planned, shared=shared)
        self._open[attempt] = None
        return attempt

    def _meet(self, attempt: Attempt) -> None:
        """Note that cases which are under way at the same time are in each other's company."""
        attempt.company = bool(self._flying)
        for other in self._flying:
            other.company = True
        self._flying.add(attempt)

    async def _settle(self) -> None:
        """After trouble: whoever was under way runs alone, and what is repeated there is its own."""
        suspects, self._suspects = self._suspects, []
        await self._alone(suspects)
        self._trouble = False
        if self._death and not any(a.shown in {"", "crash", "hang", "inconclusive"} for a in suspects):
            names = ", ".join(a.planned.key for a in suspects)
            told = f"the subject died ({self._death}) while {names} were under way, and none of them repeats it alone"
            self.outcomes.unowned.append(told)
            self.sink.note(told)

    # alone

    async def _alone(self, attempts: Sequence[Attempt]) -> None:
        """Each case that needs it, by itself, in the order in which they came."""
        dirty = self._trouble
        for attempt in attempts:
            if self._over():
                break
            if not attempt.counts:
                if self._given_up(attempt):
                    continue
                if dirty or attempt.rounds:
                    await self._fresh_start()
                await self._round(attempt, 1)
            seen = self._seen(attempt)
            if not seen.clean and (self._wants_retry(attempt) or seen.healthy is False or not seen.twin):
                await self._fresh_start()
                await self._round(attempt, 2, singly=True)
                seen = self._seen(attempt)
            dirty = await self._breaking(seen) or not seen.clean or bool(self.setup.subject.died())
            self._decide(attempt)
            if not seen.twin:
                await self._lost(attempt, seen)
        if dirty and not self._over():
            await self._fresh_start()

    def _seen(self, attempt: Attempt) -> Seen:
        seen = attempt.look()
        if seen.twin and seen.stopped is None:
            self._good = attempt.planned
            self._accepted.add(attempt.planned.shares)
        return seen

    def _wants_retry(self, attempt: Attempt) -> bool:
        verdict = self._judged(attempt)
        bad = verdict.shown in {*BAD, "warn", "inconclusive"}
        return self.settings.retry and bad and not self.settings.known(verdict)

    async def _breaking(self, seen: Seen) -> bool:
        """Whether the adapter broke, for good; several times in a row, the run is not worth going on with."""
        if not seen.broken or not await self._fallen():
            self._breaks = 0
            return False
        self._breaks += 1
        if self._breaks >= BREAKS and seen.stopped is not None:
            self.outcomes.dead = self.outcomes.dead or f"{self._breaks} cases in a row: {seen.stopped[1]}"
        return True

    async def _lost(self, attempt: Attempt, seen: Seen) -> None:
        """After a twin failed twice: see what is still worth running."""
        planned = attempt.planned
        if planned.shares not in self._accepted:
            self._hopeless[planned.shares] = f"the twin was not accepted, as for {planned.key}: {seen.ended}"
        if self._good is None:
            if len(self._hopeless) >= (SILENT if seen.ended.startswith(TIMEOUT.name) else HOPELESS):
                self.outcomes.dead = f"no exchange was accepted even without a change; the last one: {seen.ended}"
        elif not self.setup.subject.ours and not await self._still_there(self._good):
            self.outcomes.dead = f"the target serves nobody since {planned.key}"

    async def _still_there(self, good: Planned) -> bool:
        """Whether a target that is not ours to start still accepts what it accepted last."""
        run = self._case_run(good, 1)
        async with run.stack:
            return await Controls(run, good.case, self._pace).control(TWIN)

    def _given_up(self, attempt: Attempt) -> bool:
        """Decide a case whose twin is known not to be accepted."""
        reason = self._hopeless.get(attempt.planned.shares)
        if reason is None:
            return False
        case = attempt.planned.case
        decided = dict.fromkeys(case.decides, "inconclusive")
        self._close(attempt, Verdict(case.id, attempt.planned.variant, "inconclusive", reason, (), decided))
        return True

    # fresh starts

    async def _fresh_start(self) -> None:
        """A new life, where the subject is ours to start; new connections where not. Nothing if it was not used yet."""
        if not self._used:
            return
        self.setup.memory.clear()
        self._used = False
        if self.setup.subject.ours:
            await self.setup.subject.restart()
            await self._tribunal("after a restart")
        for other in self.setup.counterparts.values():
            if other.died():
                await other.restart()

    async def _tribunal(self, when: str) -> None:
        """Ask for what no one can do; `ok` is a lie, and then nothing that the adapter said is worth anything."""
        subject = self.setup.subject
        if not subject.ours or self.outcomes.void or self.outcomes.dead:
            return
        try:
            for lie in await tribunal(subject, self.settings.impossible):
                self._void(f"{subject.hello.name} lies: {when} it {lie}", lie=True)
        except AdapterError as why:
            self._void(why.what)
        if await self._fallen():
            await subject.restart()
            self.setup.memory.clear()

    def _void(self, told: str, *, lie: bool = False) -> None:
        """Note how the adapter failed; where it lied, all that it passed is void, for whoever reads the stream."""
        self.outcomes.void.append(told)
        self.outcomes.lie = self.outcomes.lie or (told if lie else "")
        self.sink.note(told, **({"void": True} if lie else {}))

    async def _fallen(self) -> bool:
        """Whether the subject of an adapter is dead, silent or broken."""
        if self.setup.subject.died():
            return True
        try:
            return "died" in await self.setup.subject.do("ping", {}, self.setup.patience)
        except AnsweredError:
            return False
        except (Ended, AdapterError):
            return True

    # one round

    def _case_run(self, planned: Planned, number: int) -> CaseRun:
        seed = f"{self.settings.seed}/{planned.key}/{number}"
        return CaseRun(self.setup, planned.variant, random.Random(seed), number)

    async def _round(
        self, attempt: Attempt, number: int, before: Part | None = None, *, singly: bool = False
    ) -> list[Part]:
        """Twin, tested parts, health: one round of a case. `before` is of this life: lanes end before the next."""
        self._used = True
        if not attempt.rounds:
            attempt.started = self.setup.clock()
        run = self._case_run(attempt.planned, number)
        async with run.stack:
            await Controls(run, attempt.planned.case, self._pace).round(before, singly=singly)
        attempt.rounds.append(run.parts)
        return run.parts

    async def _pace(self, exchanges: int) -> None:
        """Keep to the rate that the user set: so many exchanges a second."""
        if not self.settings.rate or not exchanges:
            return
        now = self.setup.clock()
        begin = max(self._next_slot, now)
        self._next_slot = begin + exchanges / self.settings.rate
        if begin > now:
            await self.settings.sleep(begin - now)

    # decisions

    def _decide(self, attempt: Attempt) -> None:
        self._close(attempt, self._judged(attempt))

    def _judged(self, attempt: Attempt) -> Verdict:
        return judge(attempt.planned.case, attempt.transcript(), self.weigh, attempt.only())

    def _close(self, attempt: Attempt, verdict: Verdict) -> None:
        """Emit what was decided, and let go of what it rests on."""
        del self._open[attempt]
        parts = [p for parts in attempt.rounds for p in parts]
        self._emit(verdict, parts, self.setup.clock() - attempt.started)
        attempt.shown = verdict.shown
        attempt.rounds, attempt.shared = [], None

    def _emit(self, verdict: Verdict, parts: Iterable[Part], seconds: float = 0.0) -> None:
        numbers = tuple(part.number or self._stored(part, verdict.shown) for part in parts)
        self.outcomes.verdicts.append(verdict)
        self._failed += verdict.shown in BAD and not self.settings.known(verdict)
        self.sink.verdict(VerdictRecord(verdict, numbers, seconds))
        self.settings.progress(verdict)

    def _stored(self, part: Part, shown: str) -> int:
        for watching in self._watching:
            watching.see(part, shown)
        return self.sink.part(part)

    def _skip(self, skipped: NotRun) -> None:
        decided = dict.fromkeys(skipped.case.decides, skipped.shown)
        self._emit(Verdict(skipped.case.id, skipped.variant, skipped.shown, skipped.reason, (), decided), ())

    def _over(self) -> bool:
        if self.settings.fail_fast and self._failed >= self.settings.fail_fast and not self.outcomes.dead:
            self.outcomes.dead = f"the run was stopped after {self._failed} failures, as --fail-fast asks"
        return bool(self.outcomes.dead)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage more rarely than Python does.

    Parts are many objects, live until their verdict, and have no cycles: as Python is set, a sixth of a run is spent in
    looking at them.
    """
    before = gc.get_threshold()
    if 0 < before[0] < YOUNG:
        gc.set_threshold(YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many verdicts of each kind."""
    return dict(Counter(v.shown for v in verdicts))


__all__ = ["Forget", "Outcomes", "Runner", "Settings", "Sink", "counts"]
