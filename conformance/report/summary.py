"""What a run came to: the fold that every report begins with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.engine.stream import Run
from conformance.model import BAD, VERDICTS, Requirement
from conformance.report._words import MET, NO_CASE, decided, line, subject_name, tally, worst


@dataclass(frozen=True, slots=True)
class Standing:
    """One requirement in one run: its worst verdict (empty: nothing decided it) and the records that decided it.

    `records` are places in `Run.verdicts`, the gravest first. `required` tells whether the score counts it.
    """

    requirement: Requirement
    verdict: str
    records: tuple[int, ...]
    required: bool
    reason: str = ""

    @property
    def met(self) -> bool:
        """Whether it was seen to hold: passed or tolerated, with nothing against it."""
        return self.verdict in MET


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts per case and variant, standings per requirement, and what a reader must know before believing either.

    `scope` says how many cases of how many, `outside` how many are out of scope for which reason. `known` says how many
    failures the baseline knows, and is empty where it knows none. `exit` is the run's exit code, None where the stream
    has no footer.
    """

    subject: str
    scope: str
    outside: tuple[tuple[int, str], ...]
    known: str
    counts: Mapping[str, int]
    standings: Mapping[str, Standing]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    exit: int | None

    @classmethod
    def of(cls, run: Run) -> Summary:
        """Fold a stored run."""
        shown = Counter(record.verdict.shown for record in run.verdicts)
        words = (*VERDICTS, *sorted(set(shown) - set(VERDICTS)))
        return cls(
            subject=line(subject_name(run)),
            scope=_scope_line(run),
            outside=_outside(run),
            known=tally(run),
            counts={word: shown[word] for word in words},
            standings=_standings(run),
            warnings=tuple(_warnings(run)),
            notes=tuple(line(str(note["text"])) for note in run.notes if note.get("text")),
            exit=run.footer.exit if run.footer else None,
        )

    @property
    def total(self) -> int:
        """All verdicts."""
        return sum(self.counts.values())

    @property
    def required(self) -> int:
        """How many requirements the score counts, whether they were decided or not."""
        return sum(s.required for s in self.standings.values())

    @property
    def passed(self) -> int:
        """How many of the required ones hold."""
        return sum(s.required and s.met for s in self.standings.values())

    @property
    def violated(self) -> int:
        """How many of the required ones were seen broken."""
        return sum(s.required and s.verdict in BAD for s in self.standings.values())

    @property
    def score(self) -> str:
        """The score in a sentence: what was not decided stays in the denominator."""
        if not self.required:
            return "No requirement of a gating document was planned."
        open_ = self.required - self.passed - self.violated
        unseen = sum(s.required and not s.verdict and bool(s.requirement.unseen) for s in self.standings.values())
        rest = f", {open_} not decided" if open_ else ""
        known = f" ({unseen} of them no case can decide)" if unseen else ""
        return f"{self.passed} of {self.required} required passed, {self.violated} violated{rest}{known}."

    @property
    def whole_scope(self) -> str:
        """The scope and what is out of it, on one line."""
        out = "; ".join(f"{reason} ({n})" for n, reason in self.outside)
        return f"{self.scope}{'; out of scope: ' if out else ''}{out}"

    @property
    def counted(self) -> str:
        """The counts that are not zero, on one line."""
        return ", ".join(f"{n} {word}" for word, n in self.counts.items() if n) or "nothing ran"


def gating(run: Run, requirement: Requirement) -> bool:
    """Whether a requirement counts in the score: its level fails and its document gates (`scope.gating`; else all)."""
    documents = run.header.scope.get("gating")
    return requirement.weight == "fail" and (documents is None or requirement.document in documents)


def _standings(run: Run) -> dict[str, Standing]:
    places: dict[str, list[tuple[str, int]]] = {r: [] for r in run.requirements}
    for place, record in enumerate(run.verdicts):
        for requirement, verdict in decided(run, record).items():
            places.setdefault(requirement, []).append((verdict, place))
    planned = {r for case in run.cases.values() for r in (*case.requirements, *case.also)}
    standings = {}
    for id_, seen in places.items():
        row = run.requirements.get(id_)
        if row is None:
            continue
        verdict = worst(v for v, _ in seen)
        records = [place for v, place in seen if v == verdict] + [place for v, place in seen if v != verdict]
        reason = "" if seen else row.unseen or ("its cases have no verdict" if id_ in planned else NO_CASE)
        standings[id_] = Standing(row, verdict, tuple(records), gating(run, row), reason)
    return standings


def _scope_line(run: Run) -> str:
    scope = run.header.scope
    profile = f"profile {line(str(scope['profile']))}: " if scope.get("profile") else ""
    if "in_scope" not in scope:
        return f"{profile}{len(run.cases)} cases planned; the run does not say how many there are"
    inside = int(scope["in_scope"])
    return f"{profile}{inside} of {inside + sum(n for n, _ in _outside(run))} cases in scope"


def _outside(run: Run) -> tuple[tuple[int, str], ...]:
    out: Mapping[str, Any] = run.header.scope.get("out_of_scope") or {}
    return tuple(sorted(((int(n), line(reason)) for reason, n in out.items()), key=lambda item: -item[0]))


def _warnings(run: Run) -> list[str]:
    found = []
    if run.footer is None:
        found.append("The stream is truncated: it has no footer, and what came after its last line is not known.")
    elif run.footer.interrupted:
        found.append("The run was interrupted.")
    if not run.intact:
        found.append("The stream is damaged: its content does not fit its digest, or a line cannot be read.")
    if run.header.scope.get("insecure"):
        found.append("Certificates were not verified (--insecure): these results may be another host's.")
    silent = set(run.cases) - {r.verdict.case for r in run.verdicts}
    if silent:
        named = ", ".join(sorted(silent)[:3]) + (", …" if len(silent) > 3 else "")
        found.append(f"{len(silent)} planned cases have no verdict: {line(named)}.")
    if not run.verdicts:
        found.append("Nothing ran.")
    taken = sum(r.written is not None for r in run.verdicts)
    if taken:
        found.append(f"The adapter lies: {taken} verdicts that rest on its word are not counted, and shown as errors.")
    return found
