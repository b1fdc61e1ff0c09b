from __future__ import annotations

import io
import json
import re
from dataclasses import asdict, replace
from importlib.resources import files
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from rich.console import Console

from conformance.model import UsageError
from conformance.report import REPORTS, against, junit, report_named, terminal
from conformance.report.json_result import schema
from tests.report.streams import CASES, HOSTILE, KNOWN, R, good, mixed


def record_of(run, name):
    return next(r for r in run.verdicts if r.verdict.case.endswith(name))


# Plain text


def test_plain_lines_begin_with_the_scope_and_bring_the_gravest_first(run):
    lines = list(terminal.plain(run))
    assert lines[0].startswith("Example Server 1.2.3: profile full: 13 of 20 cases in scope")
    marks = [line.split()[1] for line in lines if line[0] in "✸◆⧗✗△"]
    assert marks == ["crash", "leak", "hang", "fail", "warn"]
    assert "    conformance run --implementation example --seed 7 --again example/server/tag-flipped" in lines
    assert (
        "    rfc0001 §4.10 MUST (EX-001): A request whose tag is wrong is refused before its content is used" in lines
    )
    assert lines[-1] == f"run: {run.path}"


def test_a_case_stands_once_with_the_number_of_its_variants(tmp_path):
    lines = list(terminal.plain(mixed(tmp_path / "run.ndjson", variants=8)))
    assert [line for line in lines if line.startswith("✗")] == ["✗ fail  example/server/tag-flipped (8 variants)"]
    assert [line for line in lines if line.startswith("?")] == [
        "? inconclusive  example/server/shaky (8 variants): its twin was not accepted, twice"
    ]


def test_what_a_lie_took_is_told_once(tmp_path):
    text = "\n".join(terminal.plain(mixed(tmp_path / "run.ndjson", void="it lied")))
    assert "not counted" not in text.partition("warning: ")[0]
    assert "warning: The adapter lies: 4 verdicts" in text
    junit_ = ET.fromstring(junit.report([mixed(tmp_path / "again.ndjson", void="it lied")], [], {}))
    found = junit_.find(".//testcase[@name='example/server/nonce [http=1]']/error")
    assert found.get("message").startswith("not counted: it lied (it was pass")


def test_known_failures_are_told_by_their_reason_and_not_one_by_one(tmp_path):
    bad = ["tag-flipped", "cut-short", "silence", "telling"]
    known = mixed(tmp_path / "run.ndjson", known=bad, verdicts={"ours": "pass"})
    text = "\n".join(terminal.plain(known))
    assert "✗" not in text
    assert "known to expected.toml:" in text
    assert "1 crash, 1 leak, 1 hang, 1 fail: never looked at (https://example.net/issues/7, until 2030-01-01)" in text
    assert "exit 0: 4 failures, all known" in text
    markdown = REPORTS["markdown"]([known], [], {}).decode()
    assert "| ✗" not in markdown
    assert "| 1 crash, 1 leak, 1 hang, 1 fail | never looked at" in markdown


def test_what_the_shim_decides_does_not_speak_against_the_implementation(tmp_path):
    run = mixed(tmp_path / "run.ndjson")
    record = record_of(run, "tag-flipped")
    aside = replace(
        record, verdict=replace(record.verdict, shown="pass", requirements={R[0]: "not-applicable", R[1]: "pass"})
    )
    told = "not counted (the shim and not the implementation decides this): the request"
    assert told in "\n".join(terminal.explain(run, aside))
    assert "violation: the request was accepted" in "\n".join(terminal.explain(run, record))


def test_the_same_finding_is_told_once_and_what_is_only_recorded_is_no_violation(run):
    record = record_of(run, "tag-flipped")
    (finding,) = record.verdict.findings
    many = replace(record.verdict, shown="tolerated", findings=(finding,) * 5, requirements={R[0]: "tolerated"})
    text = "\n".join(terminal.explain(run, replace(record, verdict=many)))
    assert text.count("the request was accepted although its tag was wrong (seen)") == 1
    assert "  recorded: the request" in text
    assert "violation" not in text


def test_no_report_for_people_lets_control_characters_through(run, absent):
    for name in ("text", "markdown", "junit", "html"):
        text = REPORTS[name]([run], [absent], {"full": True}).decode()
        assert not {c for c in text if ord(c) < 32 and c not in "\n\t"} | ({"\u202e"} & set(text)), name


def test_a_case_is_explained_with_the_changed_octets_marked(run):
    text = "\n".join(terminal.explain(run, record_of(run, "tag-flipped")))
    marked = [line for line in text.splitlines() if ">>" in line]
    assert [line.split()[-1] for line in marked] == ["content", "path"]
    assert "62 61 64 21" in marked[0]
    assert "change: put(request.content, 62616421)" in text
    assert "twin, life 1: decoded answer" in text
    assert "health, anew, life 1: decoded answer" in text
    assert "← received answer (45 octets)" in text
    assert "expected: plain-4xx or accepted" in text


def test_the_table_carries_the_same_and_colour_only_where_it_is_wanted(run, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    out = io.StringIO()
    terminal.show(run, Console(file=out, width=240, force_terminal=True))
    text = out.getvalue()
    assert "\x1b[31m" not in text
    assert "fail" in text
    assert text.index("crash") < text.index("tag-flipped")
    bare = re.sub(r"\x1b\[[0-9;]*m|│", " ", text)
    assert "--again example/server/cut-short" in " ".join(bare.split())


# JSON


def test_the_shipped_schema_is_the_one_that_the_classes_make():
    shipped = json.loads((files("conformance.report") / "schema" / "result.schema.json").read_text("utf-8"))
    assert shipped == schema()


@pytest.mark.parametrize("several", [False, True])
def test_the_json_result_fits_its_schema(run, fine, absent, several):
    made = json.loads(REPORTS["json"]([run, fine] if several else [run], [absent] if several else [], {}))
    jsonschema.validate(made, schema())
    first = made["results"][0] if several else made
    assert first["format"] == "conformance-result/1"
    assert len(first["cases"]) == len(CASES) == sum(first["counts"].values())
    assert first["exit"] == 4
    flipped = next(c for c in first["cases"] if c["id"].endswith("tag-flipped"))
    assert flipped["requirements"] == [{"id": "rfc0001/4.10/1", "key": "EX-001", "level": "MUST", "verdict": "fail"}]
    if several:
        assert [a["reason"] for a in made["absent"]] == ["missing tool: cargo"]


def test_json_says_what_is_known(tmp_path):
    made = json.loads(REPORTS["json"]([mixed(tmp_path / "run.ndjson", known=["tag-flipped"])], [], {}))
    jsonschema.validate(made, schema())
    assert made["known"] == {"fail": 1}
    known = {c["id"]: c["known"] for c in made["cases"] if c["known"]}
    assert known == {"example/server/tag-flipped": {k: v for k, v in asdict(KNOWN).items() if k != "file"}}


def test_a_result_whose_verdicts_are_gone_does_not_fit_the_schema(run):
    made = json.loads(REPORTS["json"]([run], [], {}))
    del made["cases"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, schema())


# JUnit


@pytest.mark.parametrize(
    ("case", "tag"),
    [
        ("tag-flipped", "failure"), ("cut-short", "failure"), ("silence", "failure"), ("telling", "failure"),
        ("ours", "error"), ("shaky", "error"), ("needs-more", "skipped"), ("elsewhere", "skipped"),
        ("media-type", "system-out"), ("padding", "system-out"), ("nonce", None),
    ],
)  # fmt: skip
def test_junit_tells_whose_fault_it_is(run, case, tag):
    root = ET.fromstring(junit.report([run], [], {}))
    found = root.find(f".//testcase[@name='example/server/{case} [http=1]']")
    assert [child.tag for child in found if child.tag != "properties"] == ([tag] if tag else [])
    assert found.get("classname") == "example.server"


def test_junit_has_a_suite_for_each_role_with_its_counts(run):
    root = ET.fromstring(junit.report([run], [], {}))
    suites = {s.get("name"): {k: int(s.get(k)) for k in ("tests", "failures", "errors", "skipped")} for s in root}
    assert suites == {
        "example.server": {"tests": 12, "failures": 4, "errors": 2, "skipped": 2},
        "example.decoder": {"tests": 1, "failures": 0, "errors": 0, "skipped": 0},
    }


def test_junit_counts_a_warning_as_a_failure_when_strict(run):
    root = ET.fromstring(junit.report([run], [], {"strict": True}))
    assert root.find("testsuite").get("failures") == "5"


def test_junit_skips_what_is_known_and_says_why(tmp_path):
    known = mixed(tmp_path / "run.ndjson", known=["tag-flipped", "cut-short", "silence", "telling", "shaky"])
    root = ET.fromstring(junit.report([known], [], {}))
    suite = root.find("testsuite[@name='example.server']")
    assert {k: suite.get(k) for k in ("failures", "errors", "skipped")} == {
        "failures": "0", "errors": "1", "skipped": "7",
    }  # fmt: skip
    skipped = root.find(".//testcase[@name='example/server/tag-flipped [http=1]']/skipped")
    assert skipped.get("message") == "known fail: never looked at https://example.net/issues/7"


def test_junit_says_that_an_implementation_or_all_cases_are_missing(tmp_path, absent):
    empty = good(tmp_path / "empty.ndjson", strip=[n for n, *_ in CASES])
    root = ET.fromstring(junit.report([empty], [absent], {}))
    assert [s.find("testcase/error").get("message") for s in root] == ["Nothing ran.", "missing tool: cargo"]


# Markdown


def test_markdown_shows_hostile_text_as_text(run, absent, tmp_path):
    hostile = mixed(tmp_path / "h.ndjson", title=HOSTILE, verdicts={"ours": "fail"})
    text = REPORTS["markdown"]([hostile], [absent], {}).decode()
    assert "<img" not in text.replace("\\<img", "")
    rows = [line for line in text.splitlines() if line.startswith("| ✗")]
    assert len(rows) == 2
    for row in rows:
        assert row.replace("\\|", "").count("|") == 5
    assert "Missing Server was not run: missing tool: cargo" in text


# Comparison


def test_against_puts_each_difference_where_it_belongs(tmp_path):
    old = mixed(tmp_path / "old.ndjson")
    new = mixed(
        tmp_path / "new.ndjson",
        verdicts={
            "tag-flipped": "pass",
            "nonce": "fail",
            "pieces": "inconclusive",
            "media-type": "tolerated",
            "cut-short": "hang",
        },
        strip=["draft"],
    )
    seen = against(old, new)
    name = "example/server/{} [http=1]".format
    assert [d.case for d in seen.broken] == [name("nonce")]
    assert [d.case for d in seen.fixed] == [name("tag-flipped")]
    assert [d.case for d in seen.not_run] == [name("draft"), name("pieces")]
    assert [(d.old, d.new) for d in seen.changed] == [("crash", "hang"), ("warn", "tolerated")]
    assert seen.exit == 1
    assert "✗ example/server/nonce [http=1]  pass → fail: plain-4xx" in "\n".join(seen.lines())


def test_against_itself_nothing_differs(run):
    seen = against(run, run)
    assert (seen.broken, seen.not_run, seen.fixed, seen.changed, seen.unequal, seen.exit) == ((), (), (), (), (), 0)


def test_what_no_longer_runs_is_incomplete_and_not_fixed(tmp_path):
    seen = against(mixed(tmp_path / "old.ndjson"), mixed(tmp_path / "new.ndjson", strip=["tag-flipped"]))
    assert (seen.exit, [d.old for d in seen.not_run], seen.fixed) == (3, ["fail"], ())


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)])
def test_a_new_warning_breaks_only_when_strict(tmp_path, strict, code):
    old = good(tmp_path / "old.ndjson")
    warned = {n: "warn" if n == "nonce" else "pass" for n, *_ in CASES}
    new = mixed(tmp_path / "new.ndjson", title="Fine Server", verdicts=warned, scope={"strict": strict})
    assert against(old, new).exit == code


# Registration


def test_a_format_that_nobody_registered_is_a_usage_error():
    assert report_named("json") is REPORTS["json"]
    with pytest.raises(UsageError, match="sarif"):
        report_named("sarif")
