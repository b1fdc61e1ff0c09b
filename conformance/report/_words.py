"""What all reports say in the same words: names, signs, gravity, sections in order, reproduction commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from conformance.engine.stream import Run, VerdictRecord
from conformance.model import BAD, Requirement, Verdict, variant_name

SIGNS: Mapping[str, str] = {
    "pass": "✓", "tolerated": "◇", "warn": "△", "fail": "✗", "crash": "✸", "hang": "⧗", "leak": "◆",
    "unsupported": "○", "not-applicable": "-", "inconclusive": "?", "error": "!", "": "·",
}  # fmt: skip
"""A shape for each verdict, so that colour never stands alone; the empty word is what did not run."""

GRAVITY = (
    "crash", "leak", "hang", "fail", "warn", "error", "inconclusive", "tolerated", "pass", "unsupported",
    "not-applicable", "",
)  # fmt: skip
"""Worst first. What could not be judged outweighs a pass: a requirement is met only where nothing speaks against it."""

MET = ("pass", "tolerated")
NO_CASE = "no case yet"


@dataclass(frozen=True, slots=True)
class AbsentRun:
    """An implementation that could not be run: its folder name, its title, why in a phrase, and the end of the log."""

    name: str
    title: str
    reason: str
    detail: str = ""


def gravity(verdict: str) -> int:
    """The place of a verdict, worst first; words of a later version count as the worst."""
    return GRAVITY.index(verdict) if verdict in GRAVITY else -1


def worst(verdicts: Iterable[str]) -> str:
    """The gravest of some verdicts; an empty word for none."""
    return min(verdicts, key=gravity, default="")


def is_strict(run: Run, options: Mapping[str, Any] | None = None) -> bool:
    """Whether a warning counts as a failure, by the run's scope or by the report's options."""
    return bool(run.header.scope.get("strict") or (options or {}).get("strict"))


def deviations(run: Run) -> list[VerdictRecord]:
    """The verdicts that are the subject's fault, warnings included, gravest first, then by id and variant."""
    seen = [r for r in run.verdicts if r.verdict.shown in (*BAD, "warn")]
    return sorted(seen, key=lambda r: (gravity(r.verdict.shown), case_name(r.verdict)))


def decided(run: Run, record: VerdictRecord) -> Mapping[str, str]:
    """The requirements that a verdict speaks about, each with its own verdict."""
    if record.verdict.requirements:
        return record.verdict.requirements
    case = run.cases.get(record.verdict.case)
    return dict.fromkeys((*case.requirements, *case.also), record.verdict.shown) if case else {}


def blamed(run: Run, record: VerdictRecord) -> list[Requirement]:
    """The catalogue rows that made a verdict what it is: those that are as bad as it, or else all it decides."""
    rows = decided(run, record)
    guilty = [r for r, verdict in rows.items() if verdict == record.verdict.shown] or list(rows)
    return [run.requirements[r] for r in guilty if r in run.requirements]


def citation(requirement: Requirement) -> str:
    """A requirement as a reader with the document open looks for it: `rfc9458 §4.3`."""
    section = requirement.section
    return f"{requirement.document} {'§' if section[:1].isalnum() else ''}{section}".strip()


def section_order(requirement: Requirement) -> tuple[Any, ...]:
    """A sort key: documents, then their sections, with numbers in the order of numbers, appendices last."""
    return (_numbered(requirement.document), _numbered(requirement.section), requirement.key)


def _numbered(text: str) -> list[tuple[int, int, str]]:
    return [(0, int(w), "") if w.isdigit() else (1, 0, w) for w in re.findall(r"[0-9]+|[A-Za-z]+", text)]


def case_name(verdict: Verdict) -> str:
    """Id and variant: `example/server/request/short [http=1]`."""
    variant = variant_name(verdict.variant)
    return f"{verdict.case} [{variant}]" if variant else verdict.case


def subject_name(run: Run) -> str:
    """Title (or name) and version of what was tested."""
    subject = run.header.subject
    name = str(subject.get("title") or subject.get("name") or subject.get("url") or "unnamed subject")
    version = str(subject.get("version") or "")
    return f"{name} {version}" if version and version not in name else name


def reproduction(run: Run, case: str) -> str:
    """The one-line command that runs a case again, with the target options and the seed of the run."""
    command = run.header.scope.get("command") or ""
    given = command if isinstance(command, str) else shlex.join(str(word) for word in command)
    words = [
        "conformance run",
        printable(given),
        f"--seed {run.header.seed}",
        f"--again {shlex.quote(printable(case))}",
    ]
    return " ".join(word for word in words if word)


_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


def printable(text: str) -> str:
    r"""Text of a stranger made safe to print: control and direction characters become escapes such as `\x1b`."""
    return _CONTROL.sub(lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", text)


def line(text: str, limit: int = 400) -> str:
    """Text of a stranger on one line, cut after `limit` characters."""
    flat = " ".join(printable(text).split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def compact(value: Any, limit: int = 400) -> str:
    """JSON data on one line, cut after `limit` characters; an empty value gives an empty string."""
    return line(msgspec.json.encode(value).decode(), limit) if value else ""
