"""What all reports say in the same words: names, signs, gravity, sections in order, reproduction commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec

from conformance.engine.stream import Known, Run, VerdictRecord
from conformance.model import ANYWAY, BAD, WRONG, Finding, Requirement, Verdict, variant_name

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
NOT_COUNTED = "not counted"
SHIM = "the shim and not the implementation decides this"

EXITS: Mapping[int, str] = {
    0: "all that was required passed",
    1: "a case failed, crashed, hung or leaked",
    2: "usage or configuration",
    3: "incomplete: something required was inconclusive or could not run",
    4: "the suite, the adapter or the environment is at fault",
    5: "the baseline is stale or expired, or an expected failure passed",
    130: "interrupted",
}
"""The exit codes in words (design, section 4)."""

MEANINGS: Mapping[str, str] = {
    ANYWAY.name: "accepted anyway (it took what our strict reader refuses, as if it were right)",
    WRONG.name: "a wrong answer (neither the right one nor a refusal)",
}
"""Outcomes whose names alone say too little."""


@dataclass(frozen=True, slots=True)
class AbsentRun:
    """An implementation that could not be run: its folder name, its title, why in a phrase, and the end of the log.

    `roles` are those that it would have played; without any it is absent from everything.
    """

    name: str
    title: str
    reason: str
    detail: str = ""
    roles: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Group:
    """One case in those of its variants in which the same was shown."""

    case: str
    shown: str
    records: tuple[VerdictRecord, ...]

    @property
    def variants(self) -> str:
        """Which variants these are, or how many."""
        names = [name for r in self.records if (name := variant_name(r.verdict.variant))]
        return ", ".join(names) if len(names) == 1 else f"{len(self.records)} variants" if names else ""

    @property
    def name(self) -> str:
        """Id and variants: `example/server/request/short [http=1]`, `… (8 variants)`."""
        if not self.variants:
            return self.case
        return f"{self.case} [{self.variants}]" if len(self.records) == 1 else f"{self.case} ({self.variants})"

    @property
    def reasons(self) -> list[str]:
        """What was seen, each once, the commonest first; beyond three only how many more there are."""
        said: dict[str, int] = {}
        for record in self.records:
            said[plainly(record)] = said.get(plainly(record), 0) + 1
        told = sorted(said, key=lambda reason: -said[reason])
        return told if len(told) <= 3 else [*told[:2], f"and {len(told) - 2} other reasons"]


def by_case(records: Iterable[VerdictRecord]) -> list[Group]:
    """The records of each case that show the same, together, in the order of the first of each."""
    groups: dict[tuple[str, str], list[VerdictRecord]] = {}
    for record in records:
        groups.setdefault((record.verdict.case, record.verdict.shown), []).append(record)
    return [Group(case, shown, tuple(own)) for (case, shown), own in groups.items()]


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """What a baseline gives one reason for."""

    known: Known
    records: tuple[VerdictRecord, ...]

    @property
    def number(self) -> int:
        """How many verdicts these are."""
        return len(self.records)

    @property
    def why(self) -> str:
        """Reason, link and expiry date on one line."""
        known = self.known
        more = [line(known.link)] if known.link else []
        more += [f"until {known.expires}"] if known.expires else []
        return line(known.reason) + (f" ({', '.join(more)})" if more else "")

    @property
    def counted(self) -> str:
        """How many verdicts of each kind."""
        words = sorted((r.verdict.shown for r in self.records), key=gravity)
        return ", ".join(f"{len(list(same))} {word}" for word, same in groupby(words))

    @property
    def cases(self) -> list[str]:
        """The ids, each once."""
        return sorted({r.verdict.case for r in self.records})


def known_groups(run: Run) -> list[KnownGroup]:
    """What the baseline knows of a run, by its reasons, the most frequent first."""
    groups: dict[Known, list[VerdictRecord]] = {}
    for record in run.verdicts:
        if record.known is not None:
            groups.setdefault(record.known, []).append(record)
    return [KnownGroup(k, tuple(own)) for k, own in sorted(groups.items(), key=lambda i: -len(i[1]))]


def news(records: Iterable[VerdictRecord]) -> list[VerdictRecord]:
    """Those that no baseline knows."""
    return [r for r in records if r.known is None]


def tally(run: Run) -> str:
    """How many failures there are and how many of them are known; empty where no baseline knows any."""
    bad = [r for r in run.verdicts if r.verdict.shown in BAD]
    known = len(bad) - len(news(bad))
    if not any(r.known for r in run.verdicts):
        return ""
    if not bad:
        return "no failures"
    failures = f"{len(bad)} failure{'s' if len(bad) > 1 else ''}"
    return f"{failures}, all known" if known == len(bad) else f"{failures}, {known} known, {len(bad) - known} new"


def plainly(record: VerdictRecord) -> str:
    """The reason of a verdict as a sentence for somebody who does not know the engine's words."""
    return plain_reason(record.verdict.reason, [f.part for f in record.verdict.findings])


def plain_reason(reason: str, parts: Sequence[str] = ()) -> str:
    """What was seen, with the part that showed it named in words, and outcomes that say too little explained."""
    for part in dict.fromkeys((*parts, "changed")):
        if part and reason.startswith(f"{part}: "):
            rest = reason[len(part) + 2 :]
            reason = f"with the change: {rest}" if part == "changed" else f"in “{part}”: {rest}"
            break
    for name, meaning in MEANINGS.items():
        reason = re.sub(rf"(?<![\w-]){name}(?![\w-])", meaning, reason, count=1)
    return reason


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
    section = section_name(requirement)
    mark = "§" if re.match(r"[0-9]|[A-Z](?![A-Za-z])", section) else ""
    return f"{requirement.document}{',' if section.startswith('RFC ') else ''} {mark}{section}".strip()


_OTHER = re.compile(r"(?<![0-9.])(?:RFC )?([0-9]{4,5})(?![0-9.])(?: (?:§|(?=[0-9A-Z]))| ?$|(?=[;,]))")


def section_name(requirement: Requirement) -> str:
    """The section as people write it: a number of four digits is another RFC (`3.4; RFC 9113 §8.3.1`)."""
    section = requirement.section
    own = requirement.document.removeprefix("rfc")
    if own and section.startswith(f"{own} "):
        section = section.removeprefix(f"{own} ")
    return _OTHER.sub(lambda m: f"RFC {m[1]}" + (" §" if m[0].rstrip("§")[-1:] == " " else ""), section).rstrip(" §")


def section_order(requirement: Requirement) -> tuple[Any, ...]:
    """A sort key: documents, then their sections, with numbers in the order of numbers, appendices last."""
    return (_numbered(requirement.document), _numbered(requirement.section), requirement.key)


def _numbered(text: str) -> list[tuple[int, int, str]]:
    return [(0, int(w), "") if w.isdigit() else (1, 0, w) for w in re.findall(r"[0-9]+|[A-Za-z]+", text)]


def case_name(verdict: Verdict) -> str:
    """Id and variant: `example/server/request/short [http=1]`."""
    variant = variant_name(verdict.variant)
    return f"{verdict.case} [{variant}]" if variant else verdict.case


def findings(run: Run, record: VerdictRecord) -> list[tuple[str, Finding]]:
    """What was seen, each once, with a word for what it means here; what was as expected is left out.

    `not counted` is what the shim decides and not the implementation, `recorded` what a document leaves open.
    """
    rows = decided(run, record)
    case = run.cases.get(record.verdict.case)
    found: dict[tuple[str, ...], tuple[str, Finding]] = {}
    for finding in record.verdict.findings:
        if finding.observation == "as-expected":
            continue
        own = (finding.requirement,) if finding.requirement else case.requirements if case else tuple(rows)
        shown = {rows.get(row) for row in own}
        word = finding.observation
        if own and shown == {"not-applicable"}:
            word = NOT_COUNTED
        elif word == "violation" and own and shown <= {"pass", "tolerated"}:
            word = "recorded"
        found.setdefault((word, finding.because, finding.requirement), (word, finding))
    return list(found.values())


def subject_name(run: Run) -> str:
    """Title (or name) and version of what was tested. The title of an implementation of ours has its version in it."""
    subject = run.header.subject
    name = str(subject.get("title") or subject.get("name") or subject.get("url") or "unnamed subject")
    version = str(subject.get("version") or "")
    complete = subject.get("how") == "implementation" and subject.get("title")
    return f"{name} {version}" if version and version not in name and not complete else name


def stored_at(run: Run) -> str:
    """Where a run is stored, as `conformance report` takes it: the folder, where the file has its usual name."""
    place = run.path.parent if run.path.name == "events.ndjson" else run.path
    return shlex.quote(printable(str(place)))


def closer_look(run: Run, case: str = "") -> str:
    """The one-line command that shows what was sent and what came back in a case (or in `ID`)."""
    return f"conformance report {stored_at(run)} --case {shlex.quote(printable(case)) if case else 'ID'}"


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
