"""What a run came to: the fold that every report begins with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.engine.stream import Run
from conformance.model import BAD, VERDICTS, Requirement
from conformance.report._words import MET, NO_CASE, decided, line, subject_name, worst


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

    `exit` is the run's exit code, None where the stream has no footer.
    """

    subject: str
    scope: str
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
    out: Mapping[str, Any] = scope.get("out_of_scope") or {}
    if "in_scope" not in scope:
        return f"{profile}{len(run.cases)} cases planned; the run does not say how many there are"
    inside, outside = int(scope["in_scope"]), sum(int(n) for n in out.values())
    why = "; out of scope: " + ", ".join(f"{n} {line(reason)}" for reason, n in out.items()) if outside else ""
    return f"{profile}{inside} of {inside + outside} cases in scope{why}"


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
    return found
