"""Runs a plan against a subject: lanes, controls, suspects, fresh starts, verdicts. Knows no protocol.

First all cases run in lanes, side by side. What stands by itself there (controls held, nothing bad seen) is decided.
Everything else runs again alone, on a fresh start: a death, a hang or a failing twin belongs to a case only when that
case shows it without company.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from conformance.bench import Ask, CaseRun, Setup
from conformance.engine.judge import Seen, Weigh, judge, judge_watch, look
from conformance.engine.plan import NotRun, Plan, Planned
from conformance.engine.stream import VerdictRecord
from conformance.model import (
    ACCEPTED,
    BAD,
    HEALTH,
    TWIN,
    Absent,
    AdapterError,
    Case,
    Change,
    ConformanceError,
    Ended,
    Finding,
    Part,
    Transcript,
    Verdict,
    variant_name,
)
from conformance.wire import DecodeError

GROUP_SIZE = 24
"""How many cases with the same twin a lane takes at once."""


class Sink(Protocol):
    """Where parts and verdicts go."""

    def part(self, part: Part) -> int:
        """Take a part; its number."""

    def verdict(self, record: VerdictRecord) -> None:
        """Take a verdict."""

    def note(self, text: str, **more: Any) -> None:
        """Take a remark."""


class Forget:
    """A sink that keeps verdicts only."""

    def part(self, part: Part) -> int:
        """Forget it."""
        del part
        return 0

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


@dataclass(slots=True)
class Outcomes:
    """What a run came to."""

    verdicts: list[Verdict] = field(default_factory=list)
    void: list[str] = field(default_factory=list)
    dead: str = ""
    interrupted: bool = False


@dataclass(slots=True)
class _Attempt:
    """A case on its way to a verdict: its rounds so far."""

    planned: Planned
    rounds: list[list[Part]] = field(default_factory=list)
    started: float = 0.0

    def transcript(self) -> Transcript:
        parts = tuple(p for parts in self.rounds for p in parts)
        return Transcript(self.planned.case.id, self.planned.variant, parts)


class Runner:
    """One run of a plan."""

    def __init__(self, setup: Setup, plan: Plan, weigh: Weigh, settings: Settings, sink: Sink) -> None:
        self.setup = setup
        self.plan = plan
        self.weigh = weigh
        self.settings = settings
        self.sink = sink
        self.outcomes = Outcomes()
        self._again: list[_Attempt] = []
        self._trouble = False
        self._watched: dict[str, list[Finding]] = {w.id: [] for w in plan.watches}
        self._watched_parts: Counter[str] = Counter()
        self._next_slot = 0.0

    async def run(self) -> Outcomes:
        """Run everything; what was seen is decided and kept also when it is cancelled in the middle."""
        for skipped in self.plan.not_run:
            self._skip(skipped)
        try:
            await self._start()
            await self._side_by_side()
            await self._alone()
            await self._tribunal("at the end")
        except asyncio.CancelledError:
            self.outcomes.interrupted = True
        finally:
            await self._finish()
        return self.outcomes

    async def _start(self) -> None:
        await self.setup.subject.start()
        self.setup.memory.clear()
        await self._tribunal("at the start")

    async def _finish(self) -> None:
        decided = {(v.case, variant_name(v.variant)) for v in self.outcomes.verdicts}
        for planned in self.plan.run:
            if (planned.case.id, variant_name(planned.variant)) not in decided:
                reason = self.outcomes.dead or "the run was interrupted before"
                self._skip(NotRun(planned.case, planned.variant, "inconclusive", reason))
        for watch in self.plan.watches:
            findings = self._watched[watch.id]
            self._emit(judge_watch(watch, findings, self._watched_parts[watch.id], self.weigh), ())
        await self.setup.subject.stop()

    # side by side

    async def _side_by_side(self) -> None:
        groups = deque(_groups([p for p in self.plan.run if "alone" not in p.case.needs]))
        for planned in self.plan.run:
            if "alone" in planned.case.needs:
                self._again.append(_Attempt(planned))
        while groups and not self._over():
            self._trouble = False
            async with asyncio.TaskGroup() as lanes:
                for _ in range(min(self.settings.lanes, len(groups))):
                    lanes.create_task(self._lane(groups))
            if self._trouble:
                await self._fresh_start()

    async def _lane(self, groups: deque[list[Planned]]) -> None:
        while groups and self._going():
            group = groups.popleft()
            before: Part | None = None
            while group and self._going():
                before = await self._first(group.pop(0), before)
            if group:
                groups.append(group)

    def _going(self) -> bool:
        return not self._trouble and not self._over()

    async def _first(self, planned: Planned, before: Part | None) -> Part | None:
        """Run a case in company; gives the health that can be the next case's twin."""
        attempt = _Attempt(planned, started=self.setup.clock())
        parts = await self._round(planned, 1, before)
        attempt.rounds.append(parts)
        seen = look(planned.case, attempt.transcript())
        last = parts[-1]
        dead = bool(self.setup.subject.died())
        self._trouble = self._trouble or dead or seen.healthy is False or not seen.twin
        if self._trouble and (dead or not seen.clean):
            for part in parts:
                part.round = 0
            self._again.append(attempt)
            return None
        if seen.clean or not self._wants_retry(attempt):
            self._decide(attempt)
        else:
            self._again.append(attempt)
        return last if last.name == HEALTH and last.scope == "subject" else None

    def _wants_retry(self, attempt: _Attempt) -> bool:
        verdict = judge(attempt.planned.case, attempt.transcript(), self.weigh)
        bad = verdict.shown in {*BAD, "warn", "inconclusive"}
        return self.settings.retry and bad and not self.settings.known(verdict)

    # alone

    async def _alone(self) -> None:
        """Each case that needs it, by itself, in the order in which they came."""
        dirty = False
        for attempt in self._again:
            if self._over():
                break
            if not attempt.rounds or attempt.rounds[-1][0].round == 0:
                if dirty or attempt.rounds:
                    await self._fresh_start()
                attempt.started = attempt.started or self.setup.clock()
                attempt.rounds.append(await self._round(attempt.planned, 1))
            seen = self._seen(attempt)
            if not seen.clean and (self._wants_retry(attempt) or seen.healthy is False or not seen.twin):
                await self._fresh_start()
                attempt.rounds.append(await self._round(attempt.planned, 2, singly=True))
                seen = self._seen(attempt)
            dirty = not seen.clean
            self._decide(attempt)
            if not self.setup.subject.ours and not seen.twin and attempt.rounds[0]:
                await self._still_there(attempt)
        if dirty and not self._over():
            await self._fresh_start()

    def _seen(self, attempt: _Attempt) -> Seen:
        return look(attempt.planned.case, Transcript("", {}, tuple(attempt.rounds[-1])))

    async def _still_there(self, attempt: _Attempt) -> None:
        """After a twin failed on a target that is not ours to start: see whether to go on."""
        parts = await self._round(attempt.planned, 1, only_twin=True)
        if attempt.planned.case.exchange.outcome(parts[-1]) != ACCEPTED:
            self.outcomes.dead = f"the target serves nobody since {attempt.planned.key}"

    async def _fresh_start(self) -> None:
        self.setup.memory.clear()
        if not self.setup.subject.ours:
            return
        await self.setup.subject.restart()
        await self._tribunal("after a restart")

    async def _tribunal(self, when: str) -> None:
        """Ask for what no one can do; `ok` is a lie, and all that the adapter said is worth nothing."""
        for ask in self.settings.impossible:
            try:
                reply = await self.setup.subject.do(ask.op, ask.given, self.setup.patience)
            except Ended:
                continue
            if "ok" in reply:
                lie = f"{when} the adapter of {self.setup.subject.hello.name} answered ok to {ask.op}: {ask.why}"
                self.outcomes.void.append(lie)
                self.sink.note(lie, void=True)

    # one round

    async def _round(
        self,
        planned: Planned,
        number: int,
        before: Part | None = None,
        *,
        singly: bool = False,
        only_twin: bool = False,
    ) -> list[Part]:
        """Twin, tested parts, health: one round of a case."""
        case = planned.case
        seed = f"{self.settings.seed}/{planned.key}/{number}"
        run = CaseRun(self.setup, planned.variant, random.Random(seed), number)
        controls = _Controls(run, case)
        async with run.stack:
            if before is not None and before.generation == self.setup.subject.generation:
                run.parts.append(before)
            elif not await self._paced(controls.twin()) or only_twin:
                return run.parts
            if case.scripted:
                await self._scripted(controls, case)
            else:
                for n, (label, changes) in enumerate(case.attempts()):
                    if singly and n and not await controls.twin():
                        return run.parts
                    live = await self._paced(controls.changed(label, changes))
                    await controls.health_in(live)
                    if singly and case.each and not await controls.health():
                        return run.parts
            if not (singly and case.each):
                await self._paced(controls.health())
        return run.parts

    async def _scripted(self, controls: _Controls, case: Case) -> None:
        for turn in range(1, case.repeat + 1):
            await self._paced(controls.script(turn))
            if controls.ended:
                break

    async def _paced(self, step: Any) -> Any:
        """Keep to the rate that the user set: so many exchanges a second."""
        if self.settings.rate:
            now = self.setup.clock()
            self._next_slot = max(self._next_slot, now) + 1 / self.settings.rate
            await asyncio.sleep(self._next_slot - 1 / self.settings.rate - now)
        return await step

    # decisions

    def _decide(self, attempt: _Attempt) -> None:
        verdict = judge(attempt.planned.case, attempt.transcript(), self.weigh)
        self._emit(verdict, [p for parts in attempt.rounds for p in parts], self.setup.clock() - attempt.started)

    def _emit(self, verdict: Verdict, parts: Iterable[Part], seconds: float = 0.0) -> None:
        numbers = tuple(part.number or self._stored(part) for part in parts)
        self.outcomes.verdicts.append(verdict)
        self.sink.verdict(VerdictRecord(verdict, numbers, seconds))
        self.settings.progress(verdict)

    def _stored(self, part: Part) -> int:
        for watch in self.plan.watches:
            if all(part.variant.get(axis) in values for axis, values in watch.where.items()):
                self._watched_parts[watch.id] += 1
                self._watched[watch.id] += watch.look(part)
        return self.sink.part(part)

    def _skip(self, skipped: NotRun) -> None:
        decided = dict.fromkeys(skipped.case.decides, skipped.shown)
        self._emit(Verdict(skipped.case.id, skipped.variant, skipped.shown, skipped.reason, (), decided), ())

    def _over(self) -> bool:
        if self.outcomes.dead:
            return True
        failed = sum(v.shown in BAD for v in self.outcomes.verdicts)
        if self.settings.fail_fast and failed >= self.settings.fail_fast:
            self.outcomes.dead = f"the run was stopped after {failed} failures, as --fail-fast asks"
            return True
        return False


class _Controls:
    """The parts of one round of a case."""

    def __init__(self, run: CaseRun, case: Case) -> None:
        self.run = run
        self.case = case
        self.ended = False

    async def twin(self) -> bool:
        """The exchange without the change."""
        await self._part(TWIN)
        return self._accepted()

    async def changed(self, label: str, changes: tuple[Change, ...]) -> Any:
        """The exchange with the change; gives what is still open."""
        return await self._part(label, changes)

    async def health(self) -> bool:
        """The exchange again, anew."""
        await self._part(HEALTH)
        return self._accepted()

    async def health_in(self, live: Any) -> None:
        """The exchange again in what the changed one left open, if anything."""
        if live is not None and getattr(live, "open", False):
            await self._part(HEALTH, scope=getattr(live, "scope", "session"), live=live)

    async def script(self, turn: int) -> None:
        """The case's own composition of exchanges."""
        already = len(self.run.parts)
        bench = self.run.bench("script", exchange=self.case.exchange.name)
        await _driven(bench, lambda: self.case.body(bench))
        parts = self.run.parts[already:]
        for part in parts:
            part.turn = turn
        if not bench.record.events:
            self.run.parts.remove(bench.record)
        elif len(parts) > 1:
            self.run.parts.remove(bench.record)
            parts[-1].events.extend(bench.record.events)
            self.ended = True

    def _accepted(self) -> bool:
        return self.case.exchange.outcome(self.run.parts[-1]) == ACCEPTED

    async def _part(self, name: str, changes: tuple[Change, ...] = (), scope: str = "subject", live: Any = None) -> Any:
        bench = self.run.bench(name, changes, scope, self.case.exchange.name)
        return await _driven(bench, lambda: self.case.exchange(bench, live, **self.case.settings))


async def _driven(bench: Any, step: Callable[[], Any]) -> Any:
    """Whose fault is it: what the subject ended or spoiled is recorded, an adapter's fault and ours are told apart."""
    try:
        return await step()
    except (Ended, Absent):
        return None
    except DecodeError as why:
        bench.saw("undecodable", detail=str(why))
    except AdapterError as why:
        bench.saw("adapter-error", detail=why.what, step=why.step)
    except ConformanceError:
        raise
    except Exception as why:  # noqa: BLE001 - any other exception out of an exchange is ours, and is shown as that
        bench.saw("suite-error", detail=f"{type(why).__name__}: {why}", trace=_trace(why))
    return None


def _trace(why: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(why, limit=-6))


def _groups(planned: Sequence[Planned]) -> list[list[Planned]]:
    """Runs of cases with the same twin, none longer than a lane should take at once."""
    groups: list[list[Planned]] = []
    for item in planned:
        if groups and groups[-1][0].shares == item.shares and len(groups[-1]) < GROUP_SIZE:
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many verdicts of each kind."""
    return dict(Counter(v.shown for v in verdicts))


__all__ = ["Forget", "Outcomes", "Runner", "Settings", "Sink", "counts"]
