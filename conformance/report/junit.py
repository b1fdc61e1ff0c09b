"""The JUnit report: a test suite for each role, for the dashboards that read nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from conformance.engine.stream import Run, VerdictRecord
from conformance.model import BAD
from conformance.report._words import (
    AbsentRun,
    case_name,
    citation,
    closer_look,
    decided,
    is_strict,
    plainly,
    printable,
    reproduction,
    subject_name,
)
from conformance.report.cells import is_cell
from conformance.report.summary import Summary

SKIPPED = ("unsupported", "not-applicable")
OURS = ("error", "inconclusive")
"""Not the subject's fault, or not known to be: JUnit's `error`, where a deviation is a `failure`."""


def report(runs: Sequence[Run], absent: Sequence[AbsentRun], options: Mapping[str, Any]) -> bytes:
    """All runs in one document; an implementation that could not be run is a suite with one error."""
    root = ET.Element("testsuites", name="conformance")
    for run in [run for run in runs if not is_cell(run)]:
        several = len(runs) + len(absent) > 1
        for role in dict.fromkeys(_role(run, record) for record in run.verdicts):
            _suite(root, run, role, options, several=several)
        if not run.verdicts:
            _broken(root, printable(subject_name(run)), "Nothing ran.", " ".join(Summary.of(run).warnings))
    for missing in absent:
        _broken(root, printable(missing.title), printable(missing.reason), printable(missing.detail))
    ET.indent(root, " ")
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _role(run: Run, record: VerdictRecord) -> str:
    case = run.cases.get(record.verdict.case)
    return printable(case.role) if case else "unknown"


def _suite(root: ET.Element, run: Run, role: str, options: Mapping[str, Any], *, several: bool) -> None:
    records = [r for r in run.verdicts if _role(run, r) == role]
    subject, summary = printable(subject_name(run)), Summary.of(run)
    suite = ET.SubElement(root, "testsuite", name=f"{subject}: {role}" if several else role)
    _properties(
        suite,
        [
            ("subject", subject),
            ("scope", summary.whole_scope),
            ("score", summary.score),
            ("seed", str(run.header.seed)),
            *(("warning", warning) for warning in summary.warnings),
            *(("note", note) for note in summary.notes),
        ],
    )
    failures = errors = skipped = 0
    for record in records:
        case = ET.SubElement(suite, "testcase", classname=role, name=printable(case_name(record.verdict)))
        case.set("time", f"{record.seconds:.3f}")
        _properties(case, [("subject", subject), *_requirements(run, record)])
        shown, reason = record.verdict.shown, printable(plainly(record))
        if record.known is not None:
            skipped += 1
            known = printable(f"{record.known.reason} {record.known.link}".rstrip())
            ET.SubElement(case, "skipped", message=f"known {shown}: {known}").text = printable(plainly(record))
        elif shown in BAD or (shown == "warn" and is_strict(run, options)):
            failures += 1
            _explained(case, "failure", shown, run, record)
        elif shown in OURS:
            errors += 1
            _explained(case, "error", shown, run, record)
        elif shown in SKIPPED:
            skipped += 1
            ET.SubElement(case, "skipped", message=f"{shown}: {reason}")
        elif shown in {"warn", "tolerated"}:
            ET.SubElement(case, "system-out").text = f"{shown}: {reason}"
    suite.set("tests", str(len(records)))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    suite.set("skipped", str(skipped))
    suite.set("time", f"{sum(r.seconds for r in records):.3f}")
    if run.header.started:
        suite.set("timestamp", printable(run.header.started))


def _requirements(run: Run, record: VerdictRecord) -> list[tuple[str, str]]:
    found = [("verdict", record.verdict.shown)]
    if record.known is not None:
        found.append(("known", printable(record.known.reason)))
    for id_, verdict in decided(run, record).items():
        row = run.requirements.get(id_)
        found.append(("requirement", printable(id_)))
        if row is not None:
            found.append(("level", row.level))
            found.append(("section", citation(row)))
        if verdict == "warn":
            found.append(("warning", printable(id_)))
    return found


def _explained(case: ET.Element, tag: str, shown: str, run: Run, record: VerdictRecord) -> None:
    reason = printable(plainly(record))
    lines = [reason]
    for id_ in decided(run, record):
        row = run.requirements.get(id_)
        if row is not None:
            lines.append(f"{citation(row)} {row.level}: {printable(row.text)}")
    lines += [reproduction(run, record.verdict.case), closer_look(run, record.verdict.case)]
    ET.SubElement(case, tag, type=shown, message=reason).text = "\n".join(lines)


def _properties(parent: ET.Element, pairs: Sequence[tuple[str, str]]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in pairs:
        ET.SubElement(properties, "property", name=name, value=printable(value))


def _broken(root: ET.Element, name: str, reason: str, detail: str) -> None:
    suite = ET.SubElement(root, "testsuite", name=name, tests="1", failures="0", errors="1", skipped="0")
    case = ET.SubElement(suite, "testcase", classname=name, name="run")
    ET.SubElement(case, "error", type="not-run", message=reason).text = detail
