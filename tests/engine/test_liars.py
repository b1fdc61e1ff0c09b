"""Adapters that break the contract, run as subjects: no run of theirs passes, none hangs, each is named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.engine.again import judge_again
from conformance.engine.catalogue import load_cases, load_catalogue
from conformance.engine.session import Request, run_session
from conformance.engine.stream import read_run
from conformance.subjects import Limits, ProcessSubject
from tests.engine import toy

LIARS = Path(__file__).parents[1] / "subjects" / "liars.py"
TABLE = [
    ("always-ok", (), 4, "liar lies: at the start it answered ok to bhttp.decode"),
    ("always-refuses", (), 3, "the twin was not accepted, twice: refused"),
    ("echoes", (), 4, "liars.py echoes: wrote an answer that is none"),
    ("random", (), 4, "liar"),
    ("pollutes", (), 4, "liars.py pollutes: wrote"),
    ("wrong-id", (), 4, "liars.py wrong-id: answered with the id"),
    ("truncates", (), 4, "liars.py truncates: ended in the middle of a line"),
    ("hangs", (), 3, "the twin was not accepted, twice: timeout: no answer to bhttp.decode"),
    ("dies", ("1",), 3, "the twin was not accepted, twice: crash (101)"),
    ("floods", (), 4, "liars.py floods: wrote"),
]


@pytest.mark.parametrize(("behaviour", "more", "code", "told"), TABLE)
@pytest.mark.timeout(60)
async def test_no_liar_passes(tmp_path, behaviour, more, code, told):
    limits = Limits(line=1 << 20, output=4 << 20)
    subject = ProcessSubject(
        [sys.executable, str(LIARS), behaviour, *more], patience=0.2, starting=30, grace=0.1, limits=limits
    )
    asked = Request(subject, [toy.PROTOCOL], title="liar", how="adapter", roles=[toy.DECODER], patience=0.2)
    _, result = await run_session(asked, tmp_path / "events.ndjson")
    texts = [*result.notes, *(v.reason for v in result.verdicts)]

    assert result.exit == code, texts
    assert any(told in text for text in texts), texts
    assert not {v.shown for v in result.verdicts} & {"pass", "tolerated"}, texts
    stored = read_run(tmp_path / "events.ndjson")
    assert stored.intact
    cases = {c.id: c for c in load_cases(toy.PROTOCOL)}
    rows = load_catalogue([toy.PROTOCOL]).requirements
    assert all(r.same for r in judge_again(stored, cases, rows))
