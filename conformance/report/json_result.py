"""The JSON result of a run: one document, `conformance-result/1`, with a schema that is made from these classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from conformance.engine.stream import Run
from conformance.report._words import AbsentRun, decided, reproduction
from conformance.report.cells import Meeting, is_cell, tables
from conformance.report.summary import Summary, gating

FORMAT: Final = "conformance-result/1"
SEVERAL: Final = "conformance-results/1"


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """What a case says of one requirement; `key` is its short name in the catalogue."""

    id: str
    key: str
    level: str
    verdict: str


@dataclass(frozen=True, slots=True)
class KnownResult:
    """What the baseline says of a failure; `expires` is an ISO date, or empty."""

    reason: str
    link: str
    owner: str
    expires: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case in one variant. `seconds` is how long it took, controls included; `known` is null for what is new."""

    id: str
    variant: dict[str, Any]
    role: str
    verdict: str
    reason: str
    requirements: list[RequirementResult]
    seconds: float
    reproduce: str
    known: KnownResult | None


@dataclass(frozen=True, slots=True)
class RequirementStanding:
    """One requirement over all cases: its worst verdict, empty where nothing decided it, and then why not."""

    id: str
    key: str
    level: str
    document: str
    section: str
    verdict: str
    required: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """Passed of required at this revision; what did not run stays in `required`."""

    required: int
    passed: int
    violated: int


@dataclass(frozen=True, slots=True)
class Result:
    """The document.

    `exit` is null where the run did not end; `complete` tells whether the stream is whole; `known` says how many
    verdicts of which kind the baseline knows.
    """

    suite: dict[str, Any]
    documents: dict[str, str]
    subject: dict[str, Any]
    scope: dict[str, Any]
    seed: int
    started: str
    ended: str
    complete: bool
    interrupted: bool
    warnings: list[str]
    notes: list[str]
    cases: list[CaseResult]
    requirements: list[RequirementStanding]
    score: Score
    counts: dict[str, int]
    known: dict[str, int]
    exit: int | None
    format: Literal["conformance-result/1"] = FORMAT


@dataclass(frozen=True, slots=True)
class AbsentResult:
    """An implementation that could not be run."""

    name: str
    title: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class CellResult:
    """Who met whom: passed exchanges of all, in which variants, where it failed first, and who deviates."""

    roles: list[str]
    subject: str
    others: list[str]
    verdict: str
    passed: int
    of: int
    agreed: str
    stage: str
    deviates: str
    because: str


@dataclass(frozen=True, slots=True)
class Results:
    """Several runs in one document, and the cells in which they met."""

    results: list[Result]
    absent: list[AbsentResult] = field(default_factory=list)
    cells: list[CellResult] = field(default_factory=list)
    format: Literal["conformance-results/1"] = SEVERAL


def result(run: Run) -> Result:
    """The document of one run."""
    summary = Summary.of(run)
    header, footer = run.header, run.footer
    return Result(
        suite=header.suite,
        documents=header.documents,
        subject=header.subject,
        scope=header.scope,
        seed=header.seed,
        started=header.started,
        ended=footer.ended if footer else "",
        complete=footer is not None and run.intact and not footer.interrupted,
        interrupted=footer.interrupted if footer else True,
        warnings=list(summary.warnings),
        notes=list(summary.notes),
        cases=_cases(run),
        requirements=[
            RequirementStanding(
                id=s.requirement.id,
                key=s.requirement.key,
                level=s.requirement.level,
                document=s.requirement.document,
                section=s.requirement.section,
                verdict=s.verdict,
                required=gating(run, s.requirement),
                reason=s.reason,
            )
            for s in summary.standings.values()
        ],
        score=Score(summary.required, summary.passed, summary.violated),
        counts=dict(summary.counts),
        known=dict(Counter(r.verdict.shown for r in run.verdicts if r.known)),
        exit=summary.exit,
    )


def _cases(run: Run) -> list[CaseResult]:
    rows = run.requirements
    return [
        CaseResult(
            id=record.verdict.case,
            variant=dict(record.verdict.variant),
            role=run.cases[record.verdict.case].role if record.verdict.case in run.cases else "",
            verdict=record.verdict.shown,
            reason=record.verdict.reason,
            requirements=[
                RequirementResult(r, rows[r].key if r in rows else "", rows[r].level if r in rows else "", verdict)
                for r, verdict in decided(run, record).items()
            ],
            seconds=record.seconds,
            reproduce=reproduction(run, record.verdict.case),
            known=KnownResult(k.reason, k.link, k.owner, k.expires) if (k := record.known) else None,
        )
        for record in run.verdicts
    ]


def _cell(met: Meeting) -> CellResult:
    told = met.blame
    return CellResult(
        roles=list(met.roles),
        subject=met.subject,
        others=list(met.others),
        verdict=met.word,
        passed=met.passed,
        of=len(met.met),
        agreed=met.agreed,
        stage=met.stage,
        deviates=told.side,
        because=told.because,
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of the document, for one run or several."""
    made, components = msgspec.json.schema_components((Result, Results), ref_template="#/$defs/{name}")
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, "title": FORMAT, "anyOf": list(made), "$defs": components}


def report(runs: Sequence[Run], absent: Sequence[AbsentRun], options: Mapping[str, Any]) -> bytes:  # noqa: ARG001
    """One run gives one result; several, or one that is absent, give a document that holds them all."""
    if len(runs) == 1 and not absent:
        made: Result | Results = result(runs[0])
    else:
        made = Results(
            [result(run) for run in runs if not is_cell(run)],
            [AbsentResult(a.name, a.title, a.reason, a.detail) for a in absent],
            [_cell(meeting) for table in tables(runs) for meeting in table.meetings],
        )
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"
