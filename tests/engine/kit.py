"""Runs cases of the toy protocol against a subject, with a clock that counts."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

from conformance.bench import Setup
from conformance.engine.judge import weigher
from conformance.engine.plan import Plan, Planned
from conformance.engine.run import Forget, Outcomes, Runner, Settings
from conformance.model import Case, Change, Transcript, Verdict
from conformance.subjects import ObjectSubject
from tests.engine import toy

PATIENCE = 0.02
NO = {"refused": {"class": "no"}}


class Kept(Forget):
    """A sink that keeps everything."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []
        self.records: list[Any] = []
        self.notes: list[str] = []

    def part(self, part: Any) -> int:
        self.kept.append(part)
        return super().part(part)

    def verdict(self, record: Any) -> None:
        self.records.append(record)

    def note(self, text: str, **more: Any) -> None:
        self.notes.append(text)

    def of(self, case: str) -> list[Any]:
        """All parts on which the verdict of a case rests."""
        return [self.kept[n - 1] for r in self.records if r.verdict.case == case for n in r.parts]

    def told(self, case: str) -> list[str]:
        """The same in short: round, generation, name."""
        return [f"{p.round}.{p.generation} {p.name}" for p in self.of(case)]

    def transcript(self, record: Any) -> Transcript:
        return Transcript(record.verdict.case, record.verdict.variant, tuple(self.kept[n - 1] for n in record.parts))


def made(name: str, *changes: Change, exchange: Any = toy.decode, body: Any = None, **more: Any) -> Case:
    """A case of the library, unless another exchange is named; refusal is right unless `expect` says otherwise."""
    more.setdefault("expect", [toy.REFUSED])
    requirements = more.pop("requirements", ("toy/1/length-holds",))
    return Case(name, name, exchange, requirements, body or (lambda *_: changes), **more)


def longer(n: int) -> Change:
    """The length says n: the message is refused, and subjects can be told to mind that n."""
    return Change("message", "length", "put", (n,))


def length(octets: bytes) -> int:
    """What the length of a message says."""
    return int.from_bytes(octets[:2], "big")


def runner(
    cases: list[Case], subject: Any, sink: Any = None, *, watches: Any = (), setup: Any = None, **how: Any
) -> Runner:
    subject = ObjectSubject(subject, name="toy") if isinstance(subject, type) else subject
    counting = itertools.count()
    setup = setup or Setup(subject, toy.DECODER, lambda: next(counting) / 1000, patience=PATIENCE)
    how.setdefault("lanes", 1)
    variant = how.pop("variant", {})
    plan = Plan([Planned(c, variant) for c in cases], list(watches), how.pop("not_run", []))
    return Runner(setup, plan, weigher({}), Settings(**how), sink or Kept())


async def run(cases: list[Case], subject: Any, sink: Any = None, **how: Any) -> Outcomes:
    return await runner(cases, subject, sink, **how).run()


def shown(outcomes: Outcomes) -> dict[str, str]:
    """The verdict on each case: each has one."""
    assert max(Counter(v.case for v in outcomes.verdicts).values(), default=1) == 1
    return {v.case: v.shown for v in outcomes.verdicts}


def verdict(outcomes: Outcomes, case: str) -> Verdict:
    return next(v for v in outcomes.verdicts if v.case == case)


def several(n: int, **more: Any) -> list[Case]:
    """Cases that every right subject passes, one after the other."""
    return [made(f"case {k}", longer(100 + k), **more) for k in range(n)]


def raises(*lengths: int) -> Any:
    """A subject that dies of messages which say one of these lengths."""

    def bend(self, octets):
        if length(octets) in lengths:
            raise IndexError(length(octets))

    return bend


def standing(bend: Any) -> toy.Standing:
    """A subject that is not ours to start."""
    return toy.Standing(toy.bent(bend), name="toy")
