"""What changed from one run to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.engine.stream import Run
from conformance.model import BAD, NOT_RUN, variant_name
from conformance.report._words import SIGNS, gravity, is_strict, line, subject_name


@dataclass(frozen=True, slots=True)
class Difference:
    """One case and variant whose verdict is not what it was; an empty verdict: it has none in that run."""

    case: str
    old: str
    new: str
    reason: str

    def __str__(self) -> str:
        """The difference on one line."""
        old, new = self.old or "no verdict", self.new or "no verdict"
        reason = f": {line(self.reason)}" if self.reason else ""
        return f"{SIGNS.get(self.new, '!')} {line(self.case)}  {old} → {new}{reason}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, each in the first list that fits, and what makes the two runs hard to compare."""

    broken: tuple[Difference, ...]
    not_run: tuple[Difference, ...]
    fixed: tuple[Difference, ...]
    changed: tuple[Difference, ...]
    unequal: tuple[str, ...]

    @property
    def exit(self) -> int:
        """1 where something newly fails, 3 where something no longer runs, 0 otherwise (design, section 4)."""
        return 1 if self.broken else 3 if self.not_run else 0

    def lines(self) -> Iterator[str]:
        """The comparison as text, what needs attention first."""
        for what in self.unequal:
            yield f"warning: {what}"
        for title, found in (
            ("new failures", self.broken),
            ("newly not run", self.not_run),
            ("fixed", self.fixed),
            ("changed otherwise", self.changed),
        ):
            yield f"{title}: {len(found)}"
            for difference in found:
                yield f"  {difference}"


def against(old: Run, new: Run) -> Comparison:
    """Compare two runs case by case and variant by variant.

    A case that is only in the new run counts as a new failure when it fails; one that ran in the old run and has no
    verdict in the new one is newly not run. With `--strict` in the new run's scope a warning counts as a failure.
    """
    bad = (*BAD, "warn") if is_strict(new) else BAD
    before, after = _verdicts(old), _verdicts(new)
    broken, not_run, fixed, changed = [], [], [], []
    for key in sorted({**before, **after}):
        (was, _), (now, why) = before.get(key, ("", "")), after.get(key, ("", ""))
        if was == now:
            continue
        name = f"{key[0]} [{key[1]}]" if key[1] else key[0]
        difference = Difference(name, was, now, why)
        if now in bad and was not in bad:
            broken.append(difference)
        elif was and was not in NOT_RUN and (not now or now in NOT_RUN):
            not_run.append(difference)
        elif was in bad and now and now not in bad:
            fixed.append(difference)
        else:
            changed.append(difference)
    broken.sort(key=lambda d: (gravity(d.new), d.case))
    return Comparison(tuple(broken), tuple(not_run), tuple(fixed), tuple(changed), tuple(_unequal(old, new)))


def _verdicts(run: Run) -> dict[tuple[str, str], tuple[str, str]]:
    return {
        (r.verdict.case, variant_name(r.verdict.variant)): (r.verdict.shown, r.verdict.reason) for r in run.verdicts
    }


def _unequal(old: Run, new: Run) -> Iterator[str]:
    if subject_name(old) != subject_name(new):
        yield f"the subjects differ: {line(subject_name(old))}, now {line(subject_name(new))}"
    if old.header.suite.get("version") != new.header.suite.get("version"):
        yield f"the suites differ: {old.header.suite.get('version')}, now {new.header.suite.get('version')}"
    for document in sorted({**old.header.documents, **new.header.documents}):
        was, now = old.header.documents.get(document), new.header.documents.get(document)
        if was != now:
            yield f"{document} was read at {was or 'no revision'}, now at {now or 'no revision'}"
    for run, name in ((old, "old"), (new, "new")):
        if run.footer is None or not run.intact:
            yield f"the {name} run is truncated or damaged"
