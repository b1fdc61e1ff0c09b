"""Exchanges, cases, watches and what is found of them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.model._changes import GIVEN, Change
from conformance.model._errors import AdapterError
from conformance.model._outcomes import ACCEPTED, ADAPTER, Outcome
from conformance.model._transcript import Part, Transcript

Drive = Callable[..., Awaitable[Any]]
OutcomeOf = Callable[[Part], Outcome]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A complete honest dialogue with a subject in one role, and the pure function that says how a part of it ended.

    `over` names the axes that the engine multiplies it by, `meets` the roles that our peers play in it, and other
    subjects in the cells of the matrix. `drive(bench, live, **settings)` gives what is still open.
    """

    name: str
    role: str
    drive: Drive
    outcome: OutcomeOf
    over: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    meets: tuple[str, ...] = ()

    async def __call__(self, bench: Any, live: Any = None, **settings: Any) -> Any:
        """Drive it; what the part's `given` changes set goes before what the caller sets."""
        return await self.drive(bench, live, **(settings | bench.given()))

    def ended(self, part: Part) -> Outcome:
        """How a part ended. The outcome function, which may have to read its messages, is asked once of what it holds.

        The result stays with the part: controls, judge and retries all ask, and nothing but a new event changes it.
        """
        outcome = self.outcome
        known = part.known
        if known is not None and known[0] is outcome and known[1] == len(part.events):
            return known[2]
        try:
            found = outcome(part)
        except AdapterError as why:  # its reply has another shape than the contract says
            found = ADAPTER.at(why.what)
        part.known = (outcome, len(part.events), found)
        return found


def exchange(
    role: str,
    outcome: OutcomeOf,
    over: Mapping[str, Sequence[Any]] | None = None,
    needs: Iterable[str] = (),
    meets: Iterable[str] = (),
) -> Callable[[Drive], Exchange]:
    """Make a coroutine function an exchange of a role."""

    def make(drive: Drive) -> Exchange:
        name = getattr(drive, "__name__", "exchange")
        return Exchange(name, role, drive, outcome, over or {}, frozenset(needs), tuple(meets))

    return make


OBSERVATIONS = ("as-expected", "tolerated", "violation", "crash", "hang", "leak")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a judge saw: an observation, why in a sentence, and under which requirement (empty: all of the case's)."""

    observation: str
    because: str
    requirement: str = ""
    part: str = ""
    measure: Mapping[str, Any] = field(default_factory=dict)


Judge = Callable[[Transcript], Iterable[Finding]]
Expectation = Sequence[Outcome] | Mapping[str, Sequence[Outcome]]


@dataclass(eq=False, slots=True)
class Case:
    """The smallest thing that gets a verdict: an exchange, a change, the outcomes allowed, the requirements decided.

    `settings` are parameters of the exchange in every part of the case, its controls included.
    """

    id: str
    doc: str
    exchange: Exchange
    requirements: tuple[str, ...]
    body: Callable[..., Any]
    expect: Expectation = ()
    also: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)
    each: Mapping[str, Any] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    where: Mapping[str, Any] = field(default_factory=dict)
    repeat: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    own_judge: Judge | None = None

    @property
    def role(self) -> str:
        """The role under test."""
        return self.exchange.role

    @property
    def scripted(self) -> bool:
        """Whether the body composes exchanges itself."""
        return inspect.iscoroutinefunction(self.body)

    @property
    def decides(self) -> tuple[str, ...]:
        """All requirements that this case decides."""
        return (*self.requirements, *self.also)

    @property
    def honest(self) -> bool:
        """Whether nothing of ours is changed in it, so that another subject can stand in the place of our peer."""
        if self.scripted or isinstance(self.expect, Mapping) or ACCEPTED not in self.expect:
            return False
        return all(change.op == GIVEN for _, made in self.attempts() for change in made)

    def attempts(self) -> Iterator[tuple[str, tuple[Change, ...]]]:
        """The changed parts of a case that is not scripted: label and changes."""
        for label, value in self.each.items() if self.each else (("changed", None),):
            made = self.body(value) if self.each else self.body()
            yield label, (made,) if isinstance(made, Change) else tuple(made or ())

    def allowed(self, part: str) -> Sequence[Outcome] | None:
        """The outcomes that a part may have, best first, or None where the case does not look at it."""
        if isinstance(self.expect, Mapping):
            return self.expect.get(part)
        return self.expect or None

    def judge(self, own: Judge) -> Judge:
        """Decorate the case's own judge."""
        self.own_judge = own
        return own


@dataclass(eq=False, slots=True)
class Watch:
    """A judge without a stimulus: it sees every part of every case of its role, and has a verdict like a case.

    `absent` says what was not there where it finds nothing at all, which then is not applicable; without it nothing
    found is right.
    """

    id: str
    doc: str
    role: str
    requirements: tuple[str, ...]
    look: Callable[[Part], Iterable[Finding]]
    where: Mapping[str, Any] = field(default_factory=dict)
    absent: str = ""

    @property
    def decides(self) -> tuple[str, ...]:
        """All requirements that this watch decides."""
        return self.requirements


VERDICTS = (
    "pass", "tolerated", "warn", "fail", "crash", "hang", "leak",
    "unsupported", "not-applicable", "inconclusive", "error",
)  # fmt: skip
BAD = ("fail", "crash", "hang", "leak")
NOT_RUN = ("unsupported", "not-applicable", "inconclusive", "error")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is shown of one case and variant, with its reason in a sentence, and per requirement."""

    case: str
    variant: Mapping[str, Any]
    shown: str
    reason: str
    findings: tuple[Finding, ...] = ()
    requirements: Mapping[str, str] = field(default_factory=dict)


def variant_name(variant: Mapping[str, Any]) -> str:
    """A variant as one word for tables and addresses: `http=1,suite=0020/0001/0001`."""
    return ",".join(f"{axis}={value}" for axis, value in sorted(variant.items()))
