from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from conformance.engine.stream import FORMAT, Footer, Header, StreamWriter, VerdictRecord, planned, read_run
from conformance.model import (
    ACCEPTED,
    EnvironmentProblem,
    Event,
    Finding,
    Part,
    Requirement,
    UsageError,
    Verdict,
    Watch,
)
from tests.engine import toy
from tests.engine.kit import made

ROW = Requirement("toy/1/length-holds", "TOY-1", "1", "MUST", ("decoder",), ("library",), "it holds", document="toy")
VERDICT = Verdict(
    "case", {"http": 1}, "fail", "it did not", (Finding("violation", "it did not", "", "changed", {"n": 1}),),
    {"toy/1/length-holds": "fail"},
)  # fmt: skip
CASES = [
    made("case", also={"toy/1/other": [toy.REFUSED]}),
    made("steps", expect={"first": [ACCEPTED], "second": [toy.REFUSED, ACCEPTED]}),
    Watch("watch", "it watches", toy.DECODER, ("toy/2/x",), lambda _: ()),
]


def write(path, *, footer=True):
    writer = StreamWriter(path)
    writer.header(Header({"name": "x"}, {"toy": "first"}, {"name": "s"}, {"strict": True}, 7, "", {"python": "3"}))
    writer.plan(CASES, [ROW])
    parts = [
        Part(name, {"http": 1}, events=[Event(0.1, "", "sent", "m", {}, b"x" * 99)]) for name in ("twin", "changed")
    ]
    numbers = tuple(writer.part(part) for part in parts)
    writer.verdict(VerdictRecord(VERDICT, numbers, 0.25))
    writer.note("remember", void=True)
    if footer:
        writer.footer(Footer({"fail": 1}, 1))
    writer.close()
    return parts


def test_a_run_comes_back_as_it_was(tmp_path):
    path = tmp_path / "deep" / "events.ndjson"
    parts = write(path)
    run = read_run(path)

    assert (run.header.seed, run.header.scope, run.header.format) == (7, {"strict": True}, FORMAT)
    assert run.header.started
    assert [run.cases[c.id] for c in CASES] == [planned(c) for c in CASES]
    assert run.cases["steps"].expect == "first: accepted; second: refused or accepted"
    assert run.requirements == {ROW.id: ROW}
    assert run.verdicts == [VerdictRecord(VERDICT, (1, 2), 0.25)]
    assert run.transcript(run.verdicts[0]).parts == tuple(parts)
    assert run.notes == [{"text": "remember", "void": True}]
    assert run.footer is not None
    assert (run.footer.counts, run.footer.exit, run.intact) == ({"fail": 1}, 1, True)


def test_a_run_without_a_footer_is_recognised(tmp_path):
    write(tmp_path / "events.ndjson", footer=False)
    run = read_run(tmp_path / "events.ndjson")

    assert (run.footer, run.intact, len(run.verdicts)) == (None, True, 1)


def test_a_run_cut_short_anywhere_is_read_as_far_as_it_goes(tmp_path):
    path = tmp_path / "events.ndjson"
    write(path)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length < first:
            with pytest.raises(UsageError, match="is not a stored run"):
                read_run(path)
            continue
        run = read_run(path)
        assert run.footer is None
        assert run.intact == whole[:length].endswith(b"\n")
        for record in run.verdicts:
            assert len(run.transcript(record).parts) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [*lines[:2], lines[2].replace(b"78", b"79", 1), *lines[3:]],
        lambda lines: [*lines[:2], *lines[3:]],
        lambda lines: [*lines, b'{"type":"note","text":"added"}\n'],
        lambda lines: [*lines[:2], b"[]\n", *lines[2:]],
        lambda lines: [*lines[:2], b'{"kind":"note"}\n', *lines[2:]],
        lambda lines: [*lines[:2], b'{"type":"part","n":x,"name":""}\n', *lines[2:]],
        lambda lines: [*lines[:2], b'{"type":"part","n":7}\n', *lines[2:]],
        lambda lines: [*lines[:2], b'{"type":"verdict","parts":[],"seconds":0,"case":3}\n', *lines[2:]],
        lambda lines: [*lines[:2], b'{"type":"verdict","case":"x"}\n', *lines[2:]],
        lambda lines: [*lines[:2], b"\xff\n", *lines[2:]],
    ],
)
def test_a_run_that_was_changed_is_not_intact(tmp_path, spoil):
    path = tmp_path / "events.ndjson"
    write(path)
    path.write_bytes(b"".join(spoil(path.read_bytes().splitlines(keepends=True))))

    assert not read_run(path).intact


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello\n",
        b"{}\n",
        b'{"type":"note","text":"no header"}\n{"type":"note","text":"none"}\n',
        b'{"type":"header","seed":"x"}\n',
        b'{"type":"part","n":1,"name":"twin"}\n',
    ],
)
def test_what_is_no_run_is_told(tmp_path, content):
    path = tmp_path / "events.ndjson"
    path.write_bytes(content)

    with pytest.raises(UsageError, match="is not a stored run"):
        read_run(path)


def test_other_formats_and_unreadable_files_are_told(tmp_path):
    path = tmp_path / "events.ndjson"
    write(path)
    path.write_bytes(path.read_bytes().replace(FORMAT.encode(), b"conformance-stream/9"))
    with pytest.raises(UsageError, match=r"is written as 'conformance-stream/9', and this suite reads"):
        read_run(path)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_run(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_run(tmp_path)


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(EnvironmentProblem, match="cannot be written: ") as told:
        StreamWriter(tmp_path / "file" / "events.ndjson")
    assert "--out" in told.value.hint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_told():
    writer = StreamWriter(Path("/dev/full"))

    with pytest.raises(EnvironmentProblem, match="cannot be written any further: No space left"):
        writer.header(Header())
    writer.close()


def test_a_disk_that_fills_in_the_middle_of_a_line_leaves_what_was_there_before(tmp_path):
    path = tmp_path / "events.ndjson"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = StreamWriter(path)
    writer.header(Header())
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
        with pytest.raises(EnvironmentProblem, match="cannot be written any further"):
            writer.note("x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    writer.close()
    run = read_run(path)

    assert (run.intact, run.notes, run.footer) == (False, [], None)


def test_a_header_keeps_the_time_that_it_was_given(tmp_path):
    writer = StreamWriter(tmp_path / "events.ndjson")
    writer.header(Header(started="then"))
    writer.footer(Footer(ended="later"))
    lines = [json.loads(line) for line in (tmp_path / "events.ndjson").read_text().splitlines()]

    assert (lines[0]["started"], lines[1]["ended"]) == ("then", "later")
