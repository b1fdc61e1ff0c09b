"""What the pages of the HTML report show, worked out before a template sees it."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import msgspec

from conformance.engine.stream import PlannedCase, Run
from conformance.model import BAD, Requirement, variant_name
from conformance.report._words import (
    MET,
    NO_CASE,
    SIGNS,
    AbsentRun,
    KnownGroup,
    blamed,
    citation,
    closer_look,
    compact,
    decided,
    findings,
    gravity,
    known_groups,
    line,
    plain_reason,
    plainly,
    printable,
    reproduction,
    section_name,
    section_order,
    worst,
)
from conformance.report.cells import Table
from conformance.report.html._evidence import Evidence
from conformance.report.summary import Standing, Summary

CODES = {word: chr(ord("a") + place) for place, word in enumerate(SIGNS)}
"""One letter for each verdict, in the attributes that the script colours by."""

SHORT = {
    "not-applicable": "n/a",
    "unsupported": "unsupp.",
    "inconclusive": "inconcl.",
    "tolerated": "toler.",
    "": "not run",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A case of a run in those variants that show the same; `key` is run and record of the first, as in its address."""

    key: str
    shown: str
    case: str
    variant: str
    run: int
    role: str
    reason: str
    requirements: tuple[Requirement, ...]
    known: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one run says of one requirement; `key` is the gravest case's, empty where there is none."""

    verdict: str
    short: str
    key: str
    why: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One requirement over all runs: its row in the matrix and its place in the heat map.

    `all` is the verdict over all runs (or `mixed`), `met` of `asked` runs satisfy it, `codes` a letter for each run.
    """

    requirement: Requirement
    cells: tuple[Cell, ...]
    all: str
    met: int
    asked: int
    codes: str
    reason: str
    differs: bool
    deviates: bool


@dataclass(frozen=True, slots=True)
class ProtocolPage:
    """A protocol: its documents, the one that asks most first, and who was tested in it (places of runs)."""

    name: str
    title: str
    documents: tuple[DocumentPage, ...]
    places: tuple[int, ...]
    absent: tuple[AbsentRun, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The requirements of one section of a document."""

    name: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A document at its revision."""

    id: str
    title: str
    revision: str
    sections: tuple[Section, ...]

    @property
    def marks(self) -> list[Mark]:
        """All its requirements in section order."""
        return [mark for section in self.sections for mark in section.marks]


@dataclass(frozen=True, slots=True)
class Reading:
    """A requirement that can be read in more than one way, and what was seen of each implementation."""

    requirement: Requirement
    seen: tuple[tuple[int, Row, str], ...]


class Pages:
    """All pages over some runs."""

    def __init__(self, runs: Sequence[Run], absent: Sequence[AbsentRun], tables: Sequence[Table] = ()) -> None:
        self.runs = runs
        self.absent = absent
        self.tables = tables
        self.summaries = [Summary.of(run) for run in runs]
        self.names = [summary.subject for summary in self.summaries]

    @property
    def several(self) -> bool:
        """Whether there is anything to compare."""
        return len(self.runs) + len(self.absent) > 1

    @property
    def heading(self) -> str:
        """The report's title."""
        return self.names[0] if len(self.runs) == 1 and not self.absent else f"{len(self.runs)} implementations"

    @cached_property
    def requirements(self) -> dict[str, Requirement]:
        """The catalogue: the rows of all runs, the newest run's text where they differ."""
        rows: dict[str, Requirement] = {}
        for run in sorted(self.runs, key=lambda r: r.header.started):
            rows |= run.requirements
        asked = Counter(row.document for row in rows.values())
        return dict(sorted(rows.items(), key=lambda i: (-asked[i[1].document], i[1].document, section_order(i[1]))))

    @cached_property
    def protocols(self) -> list[ProtocolPage]:
        """The protocols that the runs name, each with its documents; runs that name none are all in one."""
        named: dict[str, dict[str, Any]] = {}
        for run in self.runs:
            for name, told in (run.header.scope.get("protocols") or {}).items():
                known = named.setdefault(name, {"title": told.get("title", name), "documents": {}})
                known["documents"] |= told.get("documents") or {}
        left = [p for p in self.documents if not any(p.id in told["documents"] for told in named.values())]
        pages = [self._protocol(name, told["title"], told["documents"]) for name, told in named.items()]
        if left:
            pages.append(self._protocol("", "Other documents" if pages else "", [page.id for page in left]))
        return [page for page in pages if page.documents]

    def _protocol(self, name: str, title: str, documents: Container[str]) -> ProtocolPage:
        own = tuple(page for page in self.documents if page.id in documents)
        places = tuple(
            n for n, run in enumerate(self.runs) if any(row.document in documents for row in run.requirements.values())
        )
        roles = {case.role for id_, case in self.cases.items() if id_.startswith(f"{name}/")}
        absent = tuple(a for a in self.absent if not a.roles or not name or roles & set(a.roles))
        return ProtocolPage(name, line(str(title)), own, places, absent)

    def plays(self, place: int) -> str:
        """The protocols of a run, by their titles."""
        return ", ".join(p.title for p in self.protocols if place in p.places and p.title)

    @cached_property
    def cases(self) -> dict[str, PlannedCase]:
        """The cases of all runs."""
        cases: dict[str, PlannedCase] = {}
        for run in sorted(self.runs, key=lambda r: r.header.started):
            cases |= run.cases
        return cases

    @cached_property
    def rows(self) -> list[Row]:
        """All cases of all runs, the gravest first, what is known behind what is new."""
        made = [row for place in range(len(self.runs)) for row in self._rows(place)]
        return sorted(made, key=lambda r: (gravity(r.shown), bool(r.known), r.case, r.run))

    def _rows(self, place: int, only: Container[int] | None = None) -> list[Row]:
        """A row for each case of a run and what was shown of it, its variants in one."""
        groups: dict[tuple[Any, ...], list[int]] = {}
        for number, record in enumerate(self.runs[place].verdicts):
            if only is None or number in only:
                groups.setdefault((record.verdict.case, record.verdict.shown, record.known), []).append(number)
        return [self._row(place, numbers) for numbers in groups.values()]

    def _row(self, place: int, numbers: Sequence[int]) -> Row:
        run = self.runs[place]
        records = [run.verdicts[number] for number in numbers]
        first = records[0]
        verdict, case = first.verdict, run.cases.get(first.verdict.case)
        variants = [name for r in records if (name := variant_name(r.verdict.variant))]
        return Row(
            key=f"{place}.{numbers[0]}",
            shown=verdict.shown,
            case=line(verdict.case),
            variant=line(variants[0] if len(variants) == 1 else f"{len(numbers)} variants" if variants else ""),
            run=place,
            role=line(case.role) if case else "",
            reason=line(plainly(first), 240),
            requirements=tuple(blamed(run, first)),
            known=line(f"{first.known.reason} {first.known.link}".rstrip()) if first.known else "",
        )

    def worst_of(self, place: int) -> list[Row]:
        """A run's deviations that no baseline knows, gravest first."""
        numbers = {
            number
            for number, record in enumerate(self.runs[place].verdicts)
            if record.verdict.shown in (*BAD, "warn") and record.known is None
        }
        return sorted(self._rows(place, numbers), key=lambda r: (gravity(r.shown), r.case))

    @property
    def knows(self) -> bool:
        """Whether a baseline knows anything."""
        return any(record.known for run in self.runs for record in run.verdicts)

    def known_of(self, place: int) -> list[KnownGroup]:
        """What the baseline knows of a run, by its reasons."""
        return known_groups(self.runs[place])

    @property
    def roles(self) -> list[str]:
        """All roles that have cases here."""
        return sorted({row.role for row in self.rows if row.role})

    def counts(self) -> dict[str, int]:
        """Verdicts over all runs, those that occur."""
        total: dict[str, int] = {}
        for summary in self.summaries:
            for word, n in summary.counts.items():
                total[word] = total.get(word, 0) + n
        return {word: n for word, n in sorted(total.items(), key=lambda item: gravity(item[0])) if n}

    @cached_property
    def documents(self) -> list[DocumentPage]:
        """Every document with its requirements in section order."""
        revisions: dict[str, str] = {}
        titles: dict[str, str] = {}
        for run in self.runs:
            revisions |= run.header.documents
            for told in (run.header.scope.get("protocols") or {}).values():
                titles |= told.get("documents") or {}
        pages = []
        for document, rows in groupby(self.requirements.values(), key=lambda r: r.document):
            sections = tuple(
                Section(line(section), tuple(self._mark(row) for row in marked))
                for section, marked in groupby(rows, key=section_name)
            )
            title = line(str(titles.get(document, "")))
            pages.append(DocumentPage(document, title, line(revisions.get(document, "")), sections))
        return pages

    def _mark(self, row: Requirement) -> Mark:
        standings = [summary.standings.get(row.id) for summary in self.summaries]
        cells = tuple(self._cell(place, standing) for place, standing in enumerate(standings))
        words = [cell.verdict for cell in cells]
        asked = [word for word in words if word not in {"", "unsupported", "not-applicable"}]
        met = sum(word in MET for word in asked)
        over_all = worst(asked or words)
        if met and met < len(asked):
            over_all = "mixed"
        reason = "" if any(words) else row.unseen or next((cell.why for cell in cells if cell.why), NO_CASE)
        return Mark(
            requirement=row,
            cells=cells,
            all=over_all,
            met=met,
            asked=len(asked),
            codes="".join(CODES.get(word, "z") for word in words),
            reason=line(reason),
            differs=len(set(words)) > 1,
            deviates=any(0 <= gravity(word) <= gravity("warn") for word in words),
        )

    def _cell(self, place: int, standing: Standing | None) -> Cell:
        if standing is None:
            return Cell("", SHORT[""], "", "not in this run's plan")
        verdict = standing.verdict
        if not standing.records:
            return Cell(verdict, SHORT[""], "", line(standing.reason))
        first = standing.records[0]
        why = line(plainly(self.runs[place].verdicts[first]), 160)
        return Cell(verdict, SHORT.get(verdict, verdict), f"{place}.{first}", why)

    @cached_property
    def readings(self) -> list[Reading]:
        """Every ambiguous requirement of the catalogue, and what each implementation made of it."""
        rows = [row for row in self.requirements.values() if row.ambiguous]
        return [Reading(row, tuple(self._seen(row.id))) for row in rows]

    def _seen(self, wanted: str) -> list[tuple[int, Row, str]]:
        found = []
        for place, run in enumerate(self.runs):
            for number, record in enumerate(run.verdicts):
                if wanted not in decided(run, record):
                    continue
                said = [plain_reason(f.because, [f.part]) for f in record.verdict.findings if f.requirement == wanted]
                found.append((place, self._row(place, [number]), line("; ".join(said) or plainly(record))))
        return found

    def facts(self, place: int) -> list[tuple[str, str]]:
        """What a run was made of, as names and values."""
        run = self.runs[place]
        header, footer = run.header, run.footer
        pairs = [
            ("suite", compact(header.suite)),
            ("subject", compact({k: v for k, v in header.subject.items() if k != "roles"}, 600)),
            ("roles", compact(header.subject.get("roles"), 600)),
            ("environment", compact(header.environment, 600)),
            ("seed", str(header.seed)),
            ("started", line(header.started)),
            ("ended", line(footer.ended) if footer else ""),
            ("command", reproduction(run, "ID")),
            ("run", printable(str(run.path))),
        ]
        return [(name, value) for name, value in pairs if value]

    def data(self, evidence: Sequence[Evidence]) -> bytes:
        """The JSON that the script works on, but for the evidence itself."""
        runs = []
        for place, run in enumerate(self.runs):
            again = reproduction(run, "ID").removesuffix("ID")
            closer = closer_look(run).removesuffix("ID")
            records = [self._record(place, number, evidence[place]) for number in range(len(run.verdicts))]
            left = evidence[place].left_out
            runs.append({"name": self.names[place], "again": again, "look": closer, "left": left, "r": records})
        marks = {mark.requirement.id: mark for page in self.documents for mark in page.marks}
        return msgspec.json.encode(
            {
                "runs": runs,
                "absent": [[line(a.title), line(a.reason)] for a in self.absent],
                "codes": {code: word for word, code in CODES.items()},
                "requirements": {
                    printable(id_): {
                        "key": line(row.key),
                        "cite": line(citation(row)),
                        "level": line(row.level),
                        "roles": [line(role) for role in row.roles],
                        "text": line(row.text, 2000),
                        "ambiguous": row.ambiguous,
                        "reason": marks[id_].reason,
                        "cells": [[c.verdict, c.key, c.why] for c in marks[id_].cells],
                    }
                    for id_, row in self.requirements.items()
                },
                "cases": {
                    printable(id_): {
                        "doc": line(case.doc, 4000),
                        "role": line(case.role),
                        "exchange": line(case.exchange),
                        "expect": line(case.expect),
                        "quoted": shlex.quote(printable(id_)),
                    }
                    for id_, case in self.cases.items()
                },
                "rows": [[r.key, r.variant, [row.key for row in r.requirements], r.reason, r.known] for r in self.rows],
            }
        )

    def _record(self, place: int, number: int, evidence: Evidence) -> dict[str, Any]:
        run, record = self.runs[place], self.runs[place].verdicts[number]
        verdict = record.verdict
        made: dict[str, Any] = {
            "id": printable(verdict.case),
            "variant": line(variant_name(verdict.variant)),
            "shown": verdict.shown,
            "why": line(plainly(record), 2000),
            "asks": {printable(r): v for r, v in decided(run, record).items()},
            "s": round(record.seconds, 3),
        }
        found = [
            [word, line(plain_reason(f.because, [f.part]), 1000), printable(f.requirement), compact(f.measure)]
            for word, f in findings(run, record)
        ]
        if found:
            made["found"] = found
        if record.known:
            known = record.known
            made["known"] = [line(known.reason, 2000), line(known.link), line(known.owner), known.expires]
        parts = evidence.of(number)
        return made if parts is None else made | {"parts": parts}
