"""Who met whom, how far they came, and who deviates: only what the runs with our peers tell."""

import json

import pytest

from conformance.engine.stream import Header, PlannedCase, VerdictRecord
from conformance.engine.stream import Run as Stored
from conformance.model import Finding, Requirement, Verdict
from conformance.report import REPORTS
from conformance.report.cells import is_cell, lines, tables

ROWS = {
    f"rfc1/1/{name}": Requirement(
        f"rfc1/1/{name}", f"R-{name}", "1", "MUST", ("x",), ("x",), f"{name} holds", document="rfc1"
    )
    for name in ("a", "b", "c")
}
CASES = {
    "toy/client/meets": PlannedCase("toy/client/meets", "They meet.", "toy.client", ("rfc1/1/a",)),
    "toy/client/other": PlannedCase("toy/client/other", "Another.", "toy.client", ("rfc1/1/b",)),
    "toy/server/own": PlannedCase("toy/server/own", "Alone.", "toy.server", ("rfc1/1/c",)),
}


def run(tmp_path, title, others=(), roles=("toy.client",), **shown):
    """A stored run whose cases came out so."""
    subject = {"name": title, "title": title, "roles": list(roles)}
    if others:
        subject["others"] = [{"role": role, "name": name, "title": name} for role, name in others]
    verdicts = []
    for name, word in shown.items():
        id_ = next(i for i in CASES if i.endswith(name))
        (asked,) = CASES[id_].requirements
        findings = () if word in {"pass", "not-applicable"} else (Finding("violation", "it did not", asked),)
        verdict = Verdict(id_, {"http": 1}, word, f"it came out as {word}", findings, {asked: word})
        verdicts.append(VerdictRecord(verdict, ()))
    header = Header(subject=subject, scope={"gating": ["rfc1"]})
    return Stored(tmp_path / f"{title}.ndjson", header, CASES, ROWS, verdicts, [], None, {})


@pytest.mark.parametrize(
    ("met", "client", "server", "word", "short", "side", "because"),
    [
        ({"meets": "pass", "other": "tolerated"}, {}, {}, "pass", "2/2", "", ""),
        ({"meets": "pass", "other": "fail"}, {"other": "fail"}, {"own": "fail"}, "mixed", "1/2", "C", "same exchange"),
        ({"meets": "inconclusive"}, {"other": "fail"}, {}, "fail", "0/1", "C", "it alone fails *rfc1/1/b"),
        ({"meets": "fail"}, {"meets": "pass"}, {"own": "crash"}, "fail", "0/1", "S", "it alone fails *rfc1/1/c"),
        ({"meets": "fail"}, {"other": "fail"}, {"own": "fail"}, "fail", "0/1", "", "more than one side"),
        ({"meets": "hang"}, {"meets": "pass"}, {"own": "pass"}, "fail", "0/1", "", "each side does what it should"),
        ({"meets": "error"}, {"meets": "pass"}, {"own": "fail"}, "fail", "0/1", "", "neither side"),
        ({"meets": "not-applicable"}, {}, {}, "not-applicable", "n/a", "", ""),
    ],
)
def test_a_cell_says_how_far_they_came_and_who_deviates(tmp_path, met, client, server, word, short, side, because):
    cell = run(tmp_path, "C", [("toy.server", "S")], **met)
    alone = [run(tmp_path, "C", **client), run(tmp_path, "S", roles=["toy.server"], **server)]
    (table,) = tables([*alone, cell])
    (meeting,) = table.meetings

    assert (table.roles, table.subjects, table.columns) == (("toy.client", "toy.server"), ["C"], [("S",)])
    assert (meeting.word, meeting.short, meeting.blame.side) == (word, short, side)
    for piece in because.split(" *"):
        assert piece in meeting.blame.because
    assert ("http 1" in meeting.agreed) == (meeting.passed > 0)
    assert bool(meeting.stage) == (word != "pass")
    assert table.cell("C", ("S",)) is meeting
    assert table.cell("S", ("C",)) is None


def test_who_was_not_run_alone_is_not_blamed(tmp_path):
    (table,) = tables([run(tmp_path, "C", [("toy.server", "S")], meets="fail")])
    assert (table.meetings[0].blame.side, table.meetings[0].blame.because) == (
        "", "it cannot be told: C and S did not run with our peers",
    )  # fmt: skip


@pytest.fixture
def met(tmp_path):
    return [
        run(tmp_path, "C", other="fail"),
        run(tmp_path, "S", roles=["toy.server"], own="pass"),
        run(tmp_path, "C", [("toy.server", "S")], meets="fail"),
        run(tmp_path, "C", [("toy.server", "T")], meets="pass"),
        run(tmp_path, "D", [("toy.server", "S")], meets="pass"),
    ]


def test_every_report_keeps_cells_apart_from_runs(met):
    assert [is_cell(r) for r in met] == [False, False, True, True, True]
    document = json.loads(REPORTS["json"](met, (), {}))
    assert [r["subject"]["title"] for r in document["results"]] == ["C", "S"]
    assert [(c["subject"], c["others"], c["verdict"]) for c in document["cells"]] == [
        ("C", ["S"], "fail"), ("C", ["T"], "pass"), ("D", ["S"], "pass"),
    ]  # fmt: skip
    assert document["cells"][0]["deviates"] == "C"
    told = list(lines(tables(met)))
    assert told[0] == "toy.client with toy.server: 2 pass, 1 fail"
    assert told[1].startswith("  C with S: 0/1; toy/client/meets")
    assert "C deviates: it alone fails" in told[2]
    assert "toy.client with toy.server" in REPORTS["markdown"](met, (), {}).decode()
    assert REPORTS["junit"](met, (), {}).count(b"<testsuite ") == 2


def test_the_page_shows_a_table_and_why_a_cell_fails(met):
    page = REPORTS["html"](met, (), {}).decode()
    assert 'href="#/interop"' in page
    assert "did not meet" in page, "D never met T"
    assert 'id="meeting-0-0-0"' in page
    assert "deviates: " in page
    assert REPORTS["html"](met[:2], (), {}).decode().count("#/interop") == 0
