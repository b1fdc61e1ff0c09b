"""Going on with a run that was cut short, by interruption or in the middle of a line."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from conformance.engine.again import judge_again
from conformance.engine.catalogue import load_cases, load_catalogue
from conformance.engine.resume import Kept, key_of
from conformance.engine.session import Request, run_session
from conformance.engine.stream import StreamWriter, read_run
from conformance.model import EnvironmentProblem, UsageError, variant_name
from conformance.subjects import ObjectSubject, SeveralSubject
from tests.engine import toy
from tests.engine.kit import PATIENCE, length
from tests.report.streams import mixed


def request(decoder=toy.Decoder, **more):
    subject = SeveralSubject("both", [ObjectSubject(decoder), ObjectSubject(toy.Server)], "1.0")
    return Request(subject, [toy.PROTOCOL], title="toy", patience=PATIENCE, **more)


async def run(asked, events=None, **how):
    _, result = await run_session(asked, events, **how)
    return result


def shown(verdicts):
    return {(v.case, variant_name(v.variant)): v.shown for v in verdicts}


async def interrupted(events):
    """A run that was stopped in the middle of a case."""
    reached = asyncio.Event()

    async def bend(self, octets):
        if length(octets) == 9:
            reached.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(run(replace(request(toy.bent(bend)), patience=60), events))
    await reached.wait()
    task.cancel()
    await task
    return read_run(events)


def recorded(decoder=toy.Decoder):
    """A decoder, and how often it was asked."""
    asked = []

    def bend(self, octets):
        asked.append(octets)

    return toy.bent(bend), asked


async def test_an_interrupted_run_is_gone_on_with_and_comes_to_the_same(tmp_path):
    before = await interrupted(tmp_path / "events.ndjson")
    whole = await run(request(), tmp_path / "whole.ndjson")
    decoder, asked = recorded()
    said = []
    result = await run(request(decoder), tmp_path / "events.ndjson", before=before, say=said.append)
    stored = read_run(tmp_path / "events.ndjson")

    assert shown(result.verdicts) == shown(whole.verdicts) == shown(r.verdict for r in stored.verdicts)
    assert result.exit == whole.exit
    assert (stored.intact, stored.footer.interrupted) == (True, False)
    assert not (tmp_path / "events.ndjson.resumed").exists()
    taken = int(next(s for s in said if "taken over" in s).split()[0])
    assert 0 < taken < len(stored.verdicts)
    judged = list(
        judge_again(stored, {c.id: c for c in load_cases(toy.PROTOCOL)}, load_catalogue([toy.PROTOCOL]).requirements)
    )
    assert all(r.same for r in judged), "watches saw the parts of then as well"

    fresh, all_asked = recorded()
    await run(request(fresh), None)
    assert len(asked) < len(all_asked), "what was decided is not asked again"


async def test_a_stream_that_was_cut_in_a_line_is_gone_on_with(tmp_path):
    events = tmp_path / "events.ndjson"
    whole = await run(request(), events)
    lines = events.read_bytes().splitlines(keepends=True)
    events.write_bytes(b"".join(lines[: len(lines) // 2]) + lines[len(lines) // 2][:20])
    before = read_run(events)
    assert before.footer is None
    result = await run(request(), events, before=before)

    assert shown(result.verdicts) == shown(whole.verdicts)
    assert read_run(events).intact


def test_a_part_that_cases_share_stands_once_in_the_new_stream_too(tmp_path):
    old = mixed(tmp_path / "old.ndjson", void="it lied")
    kept = Kept.of(old, {key_of(r.verdict) for r in old.verdicts})
    writer, seen = StreamWriter(tmp_path / "new.ndjson"), []
    writer.header(old.header)
    kept.copy(writer, lambda record, part: seen.append((record.verdict.case, part.name)))
    writer.close()
    new = read_run(tmp_path / "new.ndjson")

    assert {r.verdict.shown for r in new.verdicts} == {"fail", "crash", "warn", "hang", "leak"}, "no lie, nothing open"
    assert len(new.places) == len(seen) < sum(len(r.parts) for r in new.verdicts)
    for was, now in zip(kept.records, new.verdicts, strict=True):
        assert [p.events for p in new.transcript(now).parts] == [p.events for p in old.transcript(was).parts]


async def test_without_a_stream_of_its_own_the_verdicts_are_taken_over_all_the_same(tmp_path):
    before = await interrupted(tmp_path / "events.ndjson")
    result = await run(request(), before=before)
    assert shown(result.verdicts) == shown((await run(request())).verdicts)
    assert read_run(tmp_path / "events.ndjson").footer.interrupted, "nothing was written"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"seed": 1}, "the seed was 0 and is 1"),
        ({"digest": "00"}, "what was built"),
        ({"strict": True}, "option strict"),
    ],
)
async def test_another_run_is_not_gone_on_with(tmp_path, more, said):
    before = await interrupted(tmp_path / "events.ndjson")
    with pytest.raises(UsageError, match=said):
        await run(replace(request(), **more), tmp_path / "events.ndjson", before=before)
    assert read_run(tmp_path / "events.ndjson").footer.interrupted


async def test_what_is_whole_is_not_gone_on_with(tmp_path):
    await run(request(), tmp_path / "events.ndjson")
    with pytest.raises(UsageError, match="nothing of it is left to run"):
        await run(request(), tmp_path / "events.ndjson", before=read_run(tmp_path / "events.ndjson"))


async def test_a_stream_that_cannot_be_replaced_is_said(tmp_path, monkeypatch):
    before = await interrupted(tmp_path / "events.ndjson")

    def replaced(self, target):
        raise PermissionError(13, "not allowed")

    monkeypatch.setattr("pathlib.Path.replace", replaced)
    with pytest.raises(EnvironmentProblem, match="cannot be replaced: not allowed"):
        await run(request(), tmp_path / "events.ndjson", before=before)
