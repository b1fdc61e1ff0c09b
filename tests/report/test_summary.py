from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.model import BAD, VERDICTS
from conformance.report import Summary
from conformance.report._words import (
    GRAVITY,
    MEANINGS,
    MET,
    SIGNS,
    citation,
    plain_reason,
    printable,
    section_order,
    worst,
)
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
    summary = Summary.of(run)
    assert summary.scope == "profile full: 13 of 20 cases in scope"
    assert summary.outside == ((4, "need a second vantage"), (3, "HTTP/3"))
    assert summary.whole_scope.endswith("; out of scope: need a second vantage (4); HTTP/3 (3)")


def test_what_a_baseline_knows_is_counted(tmp_path):
    def told(known):
        return Summary.of(mixed(tmp_path / "run.ndjson", known=known)).known

    assert [told(known) for known in ((), ["tag-flipped"], ["tag-flipped", "cut-short", "silence", "telling"])] == [
        "", "4 failures, 1 known, 3 new", "4 failures, all known",
    ]  # fmt: skip


def test_what_a_lying_adapter_passed_is_not_counted(tmp_path):
    lied = mixed(tmp_path / "run.ndjson", void="it answered ok to what no one can do")
    summary = Summary.of(lied)
    assert (summary.counts["pass"], summary.counts["tolerated"], summary.counts["error"]) == (0, 0, 5)
    assert (summary.counts["fail"], summary.passed) == (1, 0)
    assert any("4 verdicts that rest on its word are not counted" in w for w in summary.warnings)
    nonce = next(r for r in lied.verdicts if r.verdict.case.endswith("nonce"))
    assert nonce.verdict.reason == "not counted: it answered ok to what no one can do (it was pass: plain-4xx)"


@pytest.mark.parametrize(
    ("document", "section", "said"),
    [
        ("rfc9180", "9180 4.1, 5.1", "rfc9180 §4.1, 5.1"),
        ("rfc9292", "3.4; 9113 8.3.1", "rfc9292 §3.4; RFC 9113 §8.3.1"),
        ("rfc9577", "RFC 9110 15.5.2", "rfc9577, RFC 9110 §15.5.2"),
        ("http-layer", "9110 §9.3.6, 9112 §6", "http-layer, RFC 9110 §9.3.6, RFC 9112 §6"),
        ("profile", "audit", "profile audit"),
        ("rfc0001", "A", "rfc0001 §A"),
    ],
)
def test_a_section_is_named_as_people_write_it(document, section, said):
    assert citation(replace(REQUIREMENTS[0], document=document, section=section)) == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("changed: closed, where accepted is right", "with the change: closed, where accepted is right"),
        ("a space: closed, where accepted is right", "in “a space”: closed, where accepted is right"),
        (
            "changed: accepted-anyway, where refused is right",
            f"with the change: {MEANINGS['accepted-anyway']}, where refused is right",
        ),
        ("the request was not accepted-anyway-like", "the request was not accepted-anyway-like"),
    ],
)
def test_a_reason_is_told_in_words(reason, said):
    assert plain_reason(reason, ["a space"]) == said


@pytest.mark.parametrize(
    ("how", "said"), [("implementation", "Server 1.2 (Go)"), ("adapter", "Server 1.2 (Go) v1.2.0")]
)
def test_the_title_of_an_implementation_has_its_version(run, how, said):
    run.header.subject |= {"title": "Server 1.2 (Go)", "version": "v1.2.0", "how": how}
    assert Summary.of(run).subject == said


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
