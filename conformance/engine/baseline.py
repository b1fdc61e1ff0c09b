"""The failures of a subject that are known: each with reason, link, owner and expiry date.

    [[expected]]
    case = "ohttp/gateway/bhttp/crlf-in-a-value"     # a glob
    variant = "http=1*"                              # a glob over `axis=value,…`; all when missing
    verdict = "fail"                                 # what is expected: one word, or several
    reason = "field values are not checked"
    link = "https://…"
    owner = "…"
    expires = 2027-06-30

An entry that matches nothing that ran, has expired, or whose case passed makes the run stale: a baseline must shrink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from conformance.engine.stream import Known
from conformance.model import BAD, VERDICTS, UsageError, Verdict, variant_name

_RAN_WELL = ("pass", "tolerated", "warn")
_MARKED = (*BAD, "warn", "inconclusive")
"""What a reader would look into, if it were not known."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One entry."""

    case: str
    reason: str
    verdict: str | tuple[str, ...] = "fail"
    variant: str = "*"
    link: str = ""
    owner: str = ""
    expires: date | None = None

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What is expected to be shown."""
        return (self.verdict,) if isinstance(self.verdict, str) else self.verdict

    def names(self, verdict: Verdict) -> bool:
        """Whether this entry is about a case."""
        return fnmatchcase(verdict.case, self.case)

    def concerns(self, verdict: Verdict) -> bool:
        """Whether this entry is about a case and variant."""
        return self.names(verdict) and fnmatchcase(variant_name(verdict.variant), self.variant)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    expected: list[Expected] = msgspec.field(default_factory=list)


_KEYS = {f.name for f in fields(Expected)}


@dataclass(slots=True)
class Baseline:
    """A baseline file, and the day on which it is looked at."""

    path: Path
    entries: list[Expected] = field(default_factory=list)
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    @classmethod
    def read(cls, path: Path, today: date | None = None) -> Baseline:
        """Read a baseline; UsageError says which entry is wrong and how."""
        try:
            octets = path.read_bytes()
            file = msgspec.toml.decode(octets, type=_File)
        except OSError as why:
            raise UsageError(f"the baseline {path} cannot be read: {why.strerror}") from why
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            raise UsageError(f"the baseline {path}: {why}", hint="docs/guide.md shows how an entry looks") from why
        for entry, keys in zip(file.expected, msgspec.toml.decode(octets).get("expected", ()), strict=True):
            if unknown := sorted(set(keys) - _KEYS):
                raise UsageError(
                    f"the baseline {path}: the entry for {entry.case} has an unknown key {unknown[0]!r}",
                    hint=f"keys are {', '.join(sorted(_KEYS))}",
                )
            if not entry.reason.strip():
                raise UsageError(f"the baseline {path}: the entry for {entry.case} gives no reason")
            if unknown := sorted(set(entry.verdicts) - set(VERDICTS)):
                raise UsageError(
                    f"the baseline {path}: the entry for {entry.case} expects {unknown[0]!r}, which is no verdict",
                    hint=f"verdicts are {', '.join(VERDICTS)}",
                )
        return cls(path, file.expected, today or datetime.now(UTC).date())

    def expects(self, verdict: Verdict) -> bool:
        """Whether the verdict is known and its entry still holds."""
        return self._entry_of(verdict) is not None

    def known(self, verdict: Verdict) -> Known | None:
        """What is known of a verdict that a reader would otherwise look into, as reports show it."""
        entry = self._entry_of(verdict) if verdict.shown in _MARKED else None
        if entry is None:
            return None
        expires = entry.expires.isoformat() if entry.expires else ""
        return Known(entry.reason, entry.link, entry.owner, expires, self.path.name)

    def _entry_of(self, verdict: Verdict) -> Expected | None:
        """The first entry that holds and expects this verdict."""
        holding = (e for e in self.entries if e.concerns(verdict) and verdict.shown in e.verdicts)
        return next((e for e in holding if not self._expired(e)), None)

    def _expired(self, entry: Expected) -> bool:
        return entry.expires is not None and entry.expires < self.today

    def stale(self, verdicts: Sequence[Verdict]) -> list[str]:
        """What is wrong with the entries, in sentences: expired, without effect, or passed after all."""
        told = []
        for entry in self.entries:
            concerned = [v for v in verdicts if entry.concerns(v)]
            place = f"{self.path.name}: {entry.case}" + (f" [{entry.variant}]" if entry.variant != "*" else "")
            if self._expired(entry):
                told.append(f"{place} expired on {entry.expires}")
            elif concerned and all(v.shown in _RAN_WELL and v.shown not in entry.verdicts for v in concerned):
                shown = max((v.shown for v in concerned), key=_RAN_WELL.index)
                told.append(f"{place} {'passed: the entry can go' if shown == 'pass' else f'is {shown} by now'}")
        return told

    def unmatched(self, verdicts: Sequence[Verdict], protocols: Sequence[str]) -> list[str]:
        """Entries that concern nothing at all in a run of everything of these protocols: they are left over."""
        told = []
        for entry in self.entries:
            protocol = entry.case.partition("/")[0]
            ran = protocol in protocols or not protocol.isidentifier()
            if ran and not any(entry.concerns(v) or (not v.variant and entry.names(v)) for v in verdicts):
                told.append(f"{self.path.name}: {entry.case} [{entry.variant}] matches nothing")
        return told


def write_baseline(path: Path, verdicts: Sequence[Verdict], old: Baseline | None) -> int:
    """Write a baseline of the bad verdicts; entries of the old one stay where they still hold. Gives their number."""
    kept = [e for e in (old.entries if old else ()) if any(e.concerns(v) and v.shown in e.verdicts for v in verdicts)]
    covered = Baseline(path, kept)
    fresh: dict[tuple[str, str], Verdict] = {}
    for verdict in verdicts:
        if verdict.shown in (*BAD, "warn") and not any(e.concerns(verdict) for e in covered.entries):
            fresh.setdefault((verdict.case, verdict.shown), verdict)
    lines = ["# Known failures. Each entry needs a reason of its own, a link and an owner; docs/guide.md tells more.\n"]
    lines += [_entry(entry) for entry in kept]
    lines += [_entry(Expected(v.case, f"to be looked into: {v.reason}", v.shown)) for v in fresh.values()]
    path.write_text("\n".join(lines), encoding="utf-8")
    return len(kept) + len(fresh)


def _entry(entry: Expected) -> str:
    words = {
        "case": entry.case,
        "variant": "" if entry.variant == "*" else entry.variant,
        "verdict": entry.verdict,
        "reason": entry.reason,
        "link": entry.link,
        "owner": entry.owner,
    }
    lines = ["[[expected]]"]
    # TOML takes strings and lists as JSON writes them, but for one character.
    lines += [f"{k} = {msgspec.json.encode(v).decode()}".replace("\x7f", "\\u007F") for k, v in words.items() if v]
    if entry.expires is not None:
        lines.append(f"expires = {entry.expires.isoformat()}")
    return "\n".join(lines) + "\n"
