"""Under which circumstances a run can see a fault: what all cases need that could tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from conformance.model import Case, Requirement, Watch

if TYPE_CHECKING:
    from conformance.bench import Fault

NEEDS: Mapping[str, str] = {
    "target": "only in the full profile: a target of ours within its reach (serve --target, run --listen)",
    "vantages": "only with a second vantage point (--vantage ADDRESS)",
    "bulk": "only on loopback, or with --i-own-this-target",
    "destructive": "only on loopback, or with --i-own-this-target",
}
"""What a run must be able to do, in words; other needs are features of the subject, which our peers have."""


def visibility(
    fault: Fault, cases: Iterable[Case | Watch], requirements: Mapping[str, Requirement] | None = None
) -> str:
    """Where a run sees a fault, in a phrase; empty where every run does.

    `requirements` is the catalogue: a fault against nothing but what a document leaves open is only recorded.
    """
    telling = [c for c in cases if c.role == fault.role and set(c.decides) & set(fault.breaks)]
    if not telling:
        return "by no case yet"
    needed = [set(c.needs | c.exchange.needs) if isinstance(c, Case) else set() for c in telling]
    told = list(dict.fromkeys(NEEDS[need] for need in sorted(set.intersection(*needed)) if need in NEEDS))
    rows = [requirements[r] for r in fault.breaks if r in requirements] if requirements else []
    if rows and all(row.weight == "tolerated" for row in rows):
        told.append(f"as tolerated, never as a failure: {', '.join(sorted({row.level for row in rows}))} only")
    return "; ".join(told)
