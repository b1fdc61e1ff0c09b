"""The parts of one round of a case: twin, tested parts, health (design, section 3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from conformance.bench import Bench, CaseRun
from conformance.model import (
    ACCEPTED,
    HEALTH,
    TWIN,
    Absent,
    AdapterError,
    Case,
    Change,
    ConformanceError,
    Ended,
    Part,
)
from conformance.wire import DecodeError

Pace = Callable[[int], Awaitable[None]]
"""Wait until so many exchanges may begin."""


class Controls:
    """Runs the parts of one round, each recorded, one after the other."""

    def __init__(self, run: CaseRun, case: Case, pace: Pace) -> None:
        self.run = run
        self.case = case
        self.pace = pace

    async def round(self, before: Part | None, *, singly: bool = False) -> None:
        """Twin (`before` is the health of the case before, where that can stand for it), tested parts, health.

        With `singly` health is tried anew after each attempt, so that a death belongs to one of them.
        """
        if before is not None:
            self.run.parts.append(before)
        elif not await self.control(TWIN):
            return
        singly = singly and bool(self.case.each)
        if self.case.scripted:
            await self._scripts()
        else:
            for label, changes in self._attempts():
                await self._attempt(label, changes)
                if singly and not await self.control(HEALTH):
                    return
        if not singly:
            await self.control(HEALTH)

    async def control(self, name: str) -> bool:
        """The exchange without a change; whether it was accepted, and the subject alive behind it."""
        await self._part(name)
        if not self._accepted(self.run.parts[-1]):
            return False
        if name == HEALTH and self.run.setup.subject.died():  # with its last words: seen only by whoever comes next
            await self._part(name)
            return self._accepted(self.run.parts[-1])
        return True

    def _attempts(self) -> Iterator[tuple[str, tuple[Change, ...]]]:
        """Labels and changes; where making one fails, a part that says so."""
        try:
            yield from self.case.attempts()
        except Exception as why:  # noqa: BLE001 - a case's body is code of a protocol: one case, not the run
            _blame(self.run.bench("changed", exchange=self.case.exchange.name), why)

    async def _attempt(self, label: str, changes: tuple[Change, ...]) -> None:
        """The exchange with the change, and health in what it left open, if anything."""
        live, bench = await self._part(label, changes)
        if live is None and bench.live is not None and self._lives_on(bench.record):
            live = bench.live
        if live is not None and getattr(live, "open", False):
            await self._part(HEALTH, scope=getattr(live, "scope", "session"), live=live)

    def _lives_on(self, part: Part) -> bool:
        """Whether a part that gave nothing back ended in an outcome after which more than the subject must live on."""
        try:
            outcome = self.case.exchange.ended(part)
        except Exception:  # noqa: BLE001 - the judge will find the same, and say so
            return False
        allowed = next((o for o in self.case.allowed(part.name) or () if o.allows(outcome)), None)
        return allowed is not None and allowed.survives != "subject"

    async def _scripts(self) -> None:
        """The case's own composition of exchanges, as often as it says, until one turn ends early."""
        for turn in range(1, self.case.repeat + 1):
            already = len(self.run.parts)
            await self.pace(1)
            bench = self.run.bench("script", exchange=self.case.exchange.name)
            _, whole = await _driven(bench, lambda bench=bench: self.case.body(bench))  # type: ignore[misc]
            parts = self.run.parts[already:]
            for part in parts:
                part.turn = turn
            if len(parts) > 1:
                # What ended the script, ended its last step: an answer of that step could not be read, mostly.
                self.run.parts.remove(bench.record)
                parts[-1].events.extend(bench.record.events)
            elif not bench.record.events:
                self.run.parts.remove(bench.record)
            await self.pace(max(0, len(parts) - 2))  # the script itself is none, its first step is paid for
            if not whole:
                break

    def _accepted(self, part: Part) -> bool:
        try:
            return self.case.exchange.ended(part) == ACCEPTED
        except Exception:  # noqa: BLE001 - the judge will find the same, and say so
            return False

    async def _part(
        self, name: str, changes: tuple[Change, ...] = (), scope: str = "subject", live: Any = None
    ) -> tuple[Any, Bench]:
        await self.pace(1)
        bench = self.run.bench(name, changes, scope, self.case.exchange.name)
        left, _ = await _driven(bench, lambda: self.case.exchange(bench, live, **self.case.settings))
        return left, bench


async def _driven(bench: Bench, step: Callable[[], Awaitable[Any]]) -> tuple[Any, bool]:
    """What a step gives, and whether it came to its end.

    Whose fault is it: what the subject ended or spoiled is recorded, an adapter's fault and ours are told apart.
    """
    try:
        return await step(), True
    except (Ended, Absent):
        pass
    except DecodeError as why:
        bench.saw("undecodable", detail=str(why))
    except AdapterError as why:
        bench.saw("adapter-error", detail=why.what, step=why.step)
    except ConformanceError:
        raise
    except Exception as why:  # noqa: BLE001 - any other exception out of an exchange is ours, and is shown as that
        _blame(bench, why)
    return None, False


def _blame(bench: Bench, why: Exception) -> None:
    import traceback

    trace = "".join(traceback.format_exception(why, limit=-6))
    bench.saw("suite-error", detail=f"{type(why).__name__}: {why}", trace=trace)
