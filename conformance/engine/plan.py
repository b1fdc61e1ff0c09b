"""What is run: cases times variants, and what is not, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from conformance.bench import RoleOffer
from conformance.model import Case, Exchange, Requirement, Watch, variant_name

FIRST = "first"
"""In `where`: only the subject's first value on that axis."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One case and variant to run."""

    case: Case
    variant: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Case and variant in one word."""
        return f"{self.case.id} {variant_name(self.variant)}".strip()

    @property
    def shares(self) -> tuple[Any, ...]:
        """Two cases whose `shares` are equal have the same twin."""
        settings = tuple(sorted((name, repr(value)) for name, value in self.case.settings.items()))
        return (self.case.exchange.name, variant_name(self.variant), settings)


@dataclass(frozen=True, slots=True)
class NotRun:
    """One case and variant that is not run: what is shown, and why."""

    case: Case | Watch
    variant: Mapping[str, Any]
    shown: str
    reason: str


@dataclass(slots=True)
class Plan:
    """All of it, in the order in which it is run."""

    run: list[Planned] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    not_run: list[NotRun] = field(default_factory=list)

    @property
    def cases(self) -> list[Case | Watch]:
        """Each case and watch once."""
        items = (*(p.case for p in self.run), *self.watches, *(n.case for n in self.not_run))
        return list({item.id: item for item in items}.values())


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what terms a plan is made.

    `offer` is what the subject says of the role, `has` the needs that this run can meet (features and controls of the
    subject, and what the run itself has: `target`, `vantages`, `alone`, …), `lacks` why others cannot be met, as
    (verdict, reason); `ours` are the requirements that the shim and not the implementation decides, as globs,
    `withheld` the cases that are not run against it. `include` are globs of ids, or `ID[LABEL]` for one attempt of a
    case.
    """

    offer: RoleOffer = field(default_factory=RoleOffer)
    has: frozenset[str] = frozenset()
    lacks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ours: Sequence[str] = ()
    withheld: Sequence[str] = ()
    include: Sequence[str] = ()
    only: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    level: str = ""
    base_only: bool = False


WITHHELD = "not run against this implementation: docs/decisions/withheld.md says why"


def ours_of(entries: Iterable[str], role: str) -> tuple[str, ...]:
    """The globs of requirements that the shim decides in a role; an entry `ROLE:GLOB` concerns that role only."""
    found = []
    for entry in entries:
        only, colon, glob = entry.rpartition(":")
        if not colon or only == role:
            found.append(glob)
    return tuple(found)


def make_plan(cases: Iterable[Case | Watch], requirements: Mapping[str, Requirement], terms: Terms) -> Plan:
    """Multiply the chosen cases by the variants that the subject offers."""
    plan = Plan()
    for known in cases:
        if (item := _chosen(known, requirements, terms)) is None:
            continue
        own = [r for r in item.decides if any(fnmatchcase(r, glob) for glob in terms.ours)]
        if len(own) == len(item.decides):
            reason = "the shim and not the implementation decides this"
            plan.not_run.append(NotRun(item, {}, "not-applicable", reason))
        elif any(fnmatchcase(item.id, glob) for glob in terms.withheld):
            plan.not_run.append(NotRun(item, {}, "not-applicable", WITHHELD))
        elif isinstance(item, Watch):
            plan.watches.append(item)
        elif (missing := _missing(item, terms)) is not None:
            plan.not_run.append(NotRun(item, {}, *missing))
        else:
            _multiply(plan, item, terms)
    # What waits long begins first, so that everything else passes beside it.
    plan.run.sort(key=lambda p: ("alone" in p.case.needs, "slow" not in p.case.needs, p.shares))
    return plan


def _chosen(item: Case | Watch, requirements: Mapping[str, Requirement], terms: Terms) -> Case | Watch | None:
    """The case or watch, if it is wanted; of a case only those attempts that are."""
    levels = {"must": ("fail",), "should": ("fail", "warn")}.get(terms.level)
    if levels is not None and not any(r in requirements and requirements[r].weight in levels for r in item.decides):
        return None
    if not terms.include or any(fnmatchcase(item.id, glob) for glob in terms.include):
        return item
    labels = [label for entry in terms.include if (label := _attempt(item, entry)) is not None]
    if isinstance(item, Case) and labels:
        return replace(item, each={label: value for label, value in item.each.items() if label in labels})
    return None


def _attempt(item: Case | Watch, entry: str) -> str | None:
    """The label in an entry `ID[LABEL]`, where it is one of the case's; a set of characters looks the same."""
    name, bracket, label = entry.partition("[")
    label = label.removesuffix("]")
    known = isinstance(item, Case) and label in item.each
    return label if bracket and entry.endswith("]") and known and fnmatchcase(item.id, name) else None


def _missing(case: Case, terms: Terms) -> tuple[str, str] | None:
    for need in sorted(case.needs | case.exchange.needs):
        if need not in terms.has and need != "alone":
            return terms.lacks.get(need, ("unsupported", f"the subject does not offer {need}"))
    return None


def _multiply(plan: Plan, case: Case, terms: Terms) -> None:
    found = list(variants(case.exchange, terms.offer.variants, case.where, terms.only))
    if none := [axis for axis in case.exchange.over if terms.offer.variants.get(axis) == ()]:
        plan.not_run.append(NotRun(case, {}, "not-applicable", f"there is no {none[0]} that all sides offer"))
    elif not found:
        plan.not_run.append(NotRun(case, {}, "not-applicable", _none_of(case, terms)))
    plan.run += [Planned(case, variant) for variant in (found[:1] if terms.base_only else found)]


def _none_of(case: Case, terms: Terms) -> str:
    """Which axis it is on which the subject offers nothing that a case can use, in words."""
    wanted = {axis: values for axis, values in case.where.items() if values != FIRST}
    offered = terms.offer.variants
    missing = [a for a, values in wanted.items() if not any(v in values for v in offered.get(a, values))]
    told = [f"{axis} {_listed(wanted[axis])}" for axis in missing or wanted]
    return f"the subject does not offer {' and '.join(told)}" if told else "no variant of it is wanted"


def _listed(values: Sequence[Any]) -> str:
    few = [str(value) for value in values]
    return " or ".join(few) if len(few) <= 3 else f"{few[0]} or {len(few) - 1} others"


def variants(
    exchange: Exchange,
    offered: Mapping[str, Sequence[Any]],
    where: Mapping[str, Any],
    only: Mapping[str, Sequence[Any]] | None = None,
) -> Iterator[dict[str, Any]]:
    """The variants of an exchange: each value of each axis once, with the first values on the others.

    A full product would multiply every case by all suites of all HTTP versions and find nothing more: what depends on
    two axes at once names both in `where`.
    """
    axes: dict[str, list[Any]] = {}
    for axis, known in exchange.over.items():
        values = [v for v in offered.get(axis, known[:1]) if v in known]
        if only and axis in only:
            values = [v for v in values if v in only[axis]]
        wanted = where.get(axis)
        if wanted == FIRST:
            values = values[:1]
        elif wanted is not None:
            values = [v for v in values if v in wanted]
        axes[axis] = values
    if not all(axes.values()):
        return
    base = {axis: values[0] for axis, values in axes.items()}
    yield base
    for axis, values in axes.items():
        for value in values[1:]:
            yield base | {axis: value}
