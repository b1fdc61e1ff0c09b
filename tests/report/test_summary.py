from __future__ import annotations

import pytest

from conformance.model import BAD, VERDICTS
from conformance.report import Summary
from conformance.report._words import GRAVITY, MET, SIGNS, printable, section_order, worst
from tests.report.streams import CASES, HOSTILE, REQUIREMENTS, R, good, mixed


def test_every_verdict_has_its_sign_and_its_gravity():
    assert set(SIGNS) == {*VERDICTS, ""} == set(GRAVITY)
    assert len(set(SIGNS.values())) == len(SIGNS)


@pytest.mark.parametrize("bad", [v for v in VERDICTS if v not in (*MET, "unsupported", "not-applicable")])
@pytest.mark.parametrize("met", MET)
def test_whatever_speaks_against_a_requirement_outweighs_its_passes(bad, met):
    assert worst([met, bad, met]) == bad


def test_a_word_that_is_not_known_is_never_better_than_a_known_one():
    assert worst(["pass", "from-a-later-version", "crash"]) == "from-a-later-version"


def test_counts_are_those_of_the_verdicts(run):
    counts = Summary.of(run).counts
    assert sum(counts.values()) == len(CASES)
    assert (counts["pass"], counts["fail"], counts["tolerated"]) == (3, 1, 1)


def test_the_denominator_holds_what_did_not_run_and_no_draft(run, tmp_path):
    summary = Summary.of(run)
    # Required: 1, 2, 4, 7, 8, 9. Not: a SHOULD, a MAY, an ambiguous row, the draft's.
    assert {s.requirement.id for s in summary.standings.values() if s.required} == {R[0], R[1], R[3], R[6], R[7], R[8]}
    assert (summary.required, summary.passed, summary.violated) == (6, 0, 2)
    without = Summary.of(mixed(tmp_path / "x.ndjson", strip=[n for n, *_ in CASES]))
    assert (without.required, without.passed) == (6, 0)
    assert Summary.of(good(tmp_path / "y.ndjson")).score == (
        "4 of 6 required passed, 0 violated, 2 not decided (1 of them no case can decide)."
    )


def test_a_requirement_that_nothing_decided_says_why(run, tmp_path):
    standings = Summary.of(run).standings
    assert (standings[R[6]].verdict, standings[R[6]].reason) == ("", "happens inside the implementation")
    assert standings[R[7]].reason == "no case yet"
    stripped = Summary.of(mixed(tmp_path / "x.ndjson", strip=["ours"])).standings[R[8]]
    assert stripped.reason == "its cases have no verdict"


def test_the_scope_line_says_how_many_of_how_many_and_why(run):
    assert Summary.of(run).scope == (
        "profile full: 13 of 20 cases in scope; out of scope: 4 need a second vantage, 3 HTTP/3"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"footer": False}, "truncated"),
        ({"scope": {"insecure": True}}, "--insecure"),
        ({"strip": ["nonce", "padding"]}, "2 planned cases have no verdict"),
        ({"strip": [n for n, *_ in CASES]}, "Nothing ran."),
    ],
)
def test_what_weakens_a_run_is_said(tmp_path, given, said):
    assert not any(said in w for w in Summary.of(good(tmp_path / "good.ndjson")).warnings)
    assert any(said in w for w in Summary.of(mixed(tmp_path / "run.ndjson", **given)).warnings)


def test_a_stream_that_was_altered_is_said_to_be_damaged(tmp_path):
    path = mixed(tmp_path / "run.ndjson").path
    path.write_bytes(path.read_bytes().replace(b'"shown":"fail"', b'"shown":"pass"'))
    from conformance.engine.stream import read_run

    assert any("damaged" in w for w in Summary.of(read_run(path)).warnings)


def test_without_a_footer_there_is_no_exit_code(tmp_path, run):
    assert Summary.of(run).exit == 4
    assert Summary.of(mixed(tmp_path / "cut.ndjson", footer=False)).exit is None


def test_notes_are_told_and_are_no_warnings(run):
    summary = Summary.of(run)
    assert summary.notes == ("the subject was started twice",)
    assert summary.warnings == ()


def test_control_and_direction_characters_are_escaped():
    safe = printable(HOSTILE)
    assert "\x1b" not in safe
    assert "\\x1b[31m\\x00\\x07 \\u202eevil" in safe


def test_sections_stand_in_the_order_of_the_document():
    order = [r.section for r in sorted(REQUIREMENTS[:9], key=section_order)]
    assert order == ["4.2", "4.2", "4.10", "5", "5", "6.1", "6.1", "A", "A"]


def test_bad_is_what_counts_as_violated():
    assert set(GRAVITY[:4]) == set(BAD)
