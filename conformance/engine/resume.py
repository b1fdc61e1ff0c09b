"""Going on with a run that was cut short: what it had decided is taken over, the rest is run."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.engine.stream import Header, Run, StreamWriter, VerdictRecord
from conformance.model import Part, UsageError, Verdict, variant_name

Key = tuple[str, str]
"""A case and the name of its variant."""

_OPEN = ("inconclusive", "error")
_SAME = ("command", "include", "level", "strict", "ours")


def key_of(verdict: Verdict) -> Key:
    """What a verdict is about."""
    return verdict.case, variant_name(verdict.variant)


def check_resumable(run: Run, header: Header) -> None:
    """UsageError unless a stored run was cut short and was one of the same subject on the same terms."""
    if run.footer is not None and not run.footer.interrupted:
        raise UsageError(f"{run.path} is whole: nothing of it is left to run", hint="leave --resume away to run anew")
    told = {
        "the seed": (run.header.seed, header.seed),
        "the suite": (run.header.suite.get("version"), header.suite.get("version")),
        "what was built": (run.header.subject.get("digest"), header.subject.get("digest")),
        "the subject's version": (run.header.subject.get("version"), header.subject.get("version")),
        **{f"the option {name}": (run.header.scope.get(name), header.scope.get(name)) for name in _SAME},
    }
    for what, (then, now) in told.items():
        if then != now:
            raise UsageError(
                f"{run.path} cannot be gone on with: {what} was {then!r} and is {now!r}",
                hint="run it anew, or with the options of then",
            )


@dataclass(slots=True)
class Kept:
    """What a stored run had decided of a plan: its verdicts, and the parts that its watches saw."""

    run: Run
    records: list[VerdictRecord] = field(default_factory=list)
    keys: frozenset[Key] = frozenset()
    """What need not run again."""

    @classmethod
    def of(cls, run: Run, planned: Container[Key]) -> Kept:
        """The verdicts that rest on parts and are not open: what was inconclusive may have been cut short itself."""
        records = [
            record
            for record in run.verdicts
            if record.parts
            and record.written is None
            and record.verdict.shown not in _OPEN
            and key_of(record.verdict) in planned
        ]
        return cls(run, records, frozenset(key_of(record.verdict) for record in records))

    def copy(self, writer: StreamWriter | None, watch: Callable[[VerdictRecord, Part], Any]) -> None:
        """Write all of it into a new stream, under new numbers, and let the watches see what they had seen."""
        numbers: dict[int, int] = {}
        for record in self.records:
            for old in record.parts:
                if old not in numbers:  # a twin that cases share stands once
                    part = self.run.part(old)
                    watch(record, part)
                    numbers[old] = writer.part(part) if writer else old
            if writer:
                writer.verdict(replace(record, parts=tuple(numbers[old] for old in record.parts)))
