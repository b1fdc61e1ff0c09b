from __future__ import annotations

import asyncio

import pytest

from conformance.bench import Ask
from conformance.engine.run import BREAKS, counts
from conformance.model import (
    AdapterError,
    Change,
    EnvironmentProblem,
    Exchange,
    UsageError,
)
from conformance.subjects import AnsweredError, ObjectSubject
from conformance.wire import DecodeError
from tests.engine import toy
from tests.engine.kit import (
    PATIENCE,
    Kept,
    length,
    longer,
    made,
    run,
    several,
    shown,
    standing,
    verdict,
)


async def test_a_case_whose_body_fails_is_an_error_and_the_run_goes_on():
    def body():
        raise LookupError("no such vector")

    outcomes = await run([made("broken", body=body), *several(1)], toy.Decoder)

    assert shown(outcomes) == {"broken": "error", "case 0": "pass"}
    assert "LookupError: no such vector" in verdict(outcomes, "broken").reason


async def test_an_outcome_function_that_fails_is_an_error_and_the_run_goes_on():
    def ended(part):
        sent = part.sent("message")
        return {"lost": 1}[part.name] if length(sent.event.octets) == 100 else toy.ended(part)

    exchange = Exchange("decode", toy.DECODER, toy.decode.drive, ended)

    async def opened(bench, live=None):
        bench.live = toy.Session(1)
        await toy.decode.drive(bench)

    loose = Exchange("opened", toy.DECODER, opened, ended)
    cases = [
        made("broken", longer(100), exchange=exchange),
        made("right", longer(101), exchange=exchange),
        made("open", longer(100), exchange=loose),
        made("twin", longer(9), exchange=Exchange("none", toy.DECODER, toy.decode.drive, lambda p: p.nothing)),
    ]
    outcomes = await run(cases, toy.Decoder)

    assert shown(outcomes) == {"broken": "error", "right": "pass", "open": "error", "twin": "error"}
    assert "KeyError: 'changed'" in verdict(outcomes, "broken").reason


async def test_an_exchange_that_fails_is_an_error_and_one_that_cannot_decode_is_judged():
    async def drive(bench, live=None, fail=None):
        await toy.decode.drive(bench)
        if fail is not None:
            raise fail

    def ended(part):
        return part.ending() if part.last("undecodable") else toy.ended(part)

    exchange = Exchange("decode", toy.DECODER, drive, ended)
    ours, theirs = ZeroDivisionError("one by none"), DecodeError("answer.length", 3, "is missing")
    cases = [
        made("ours", Change("", "", "given", (("fail", ours),)), exchange=exchange),
        made("theirs", Change("", "", "given", (("fail", theirs),)), exchange=exchange),
    ]
    outcomes = await run(cases, toy.Decoder)

    assert shown(outcomes) == {"ours": "error", "theirs": "fail"}
    assert "undecodable: answer.length" in verdict(outcomes, "theirs").reason


async def test_what_the_environment_lacks_ends_the_run_as_what_it_is():
    class Full(Kept):
        def part(self, part):
            raise EnvironmentProblem("the disk is full")

    subject = ObjectSubject(toy.Decoder)
    with pytest.raises(EnvironmentProblem, match="the disk is full"):
        await run(several(9), subject, Full(), lanes=3)
    with pytest.raises(AdapterError, match="is not running"):
        await subject.do("ping", {})


async def test_what_an_exchange_says_of_the_users_wishes_ends_the_run():
    async def drive(bench, live=None):
        raise UsageError("that is no URL")

    with pytest.raises(UsageError, match="that is no URL"):
        await run([made("any", exchange=Exchange("any", toy.DECODER, drive, toy.ended))], toy.Decoder)


class Failing(ObjectSubject):
    """An adapter that breaks: in every answer from the `first` on, or only when asked for messages of one length."""

    def __init__(self, first=0, only=None, *, kind=AdapterError, restarts=True):
        super().__init__(toy.Decoder, name="failing")
        self.first, self.only, self.kind, self.restarts = first, only, kind, restarts
        self.count = 0
        self.broken = False

    async def start(self):
        if self.generation and not self.restarts:
            raise AdapterError("failing: cannot be started again")
        self.broken = False
        await super().start()

    async def do(self, op, given, patience=None):
        self.count += op == "bhttp.decode"
        wrong = length(bytes.fromhex(given.get("message", ""))) == self.only
        if wrong or (self.first and self.count >= self.first):
            self.broken = self.kind is AdapterError
            raise self.kind("failing: wrote no JSON", step=op)
        if self.broken:
            raise AdapterError("failing: wrote no JSON", step=op)
        return await super().do(op, given, patience)


async def test_an_adapter_that_breaks_once_is_started_again():
    subject = Failing(only=101)
    outcomes = await run(several(4), subject)

    assert shown(outcomes) == {"case 0": "pass", "case 1": "error", "case 2": "pass", "case 3": "pass"}
    assert verdict(outcomes, "case 1").reason == "the adapter failed in the part changed: failing: wrote no JSON"
    assert subject.generation == 2


async def test_an_adapter_that_says_error_is_not_started_again():
    subject = Failing(only=101, kind=AnsweredError)
    outcomes = await run(several(4), subject)

    assert list(shown(outcomes).values()).count("error") == 1
    assert subject.generation == 1


async def test_health_that_was_not_accepted_is_no_twin():
    sink = Kept()
    subject = Failing(kind=AnsweredError)
    cases = [made("first", longer(101)), made("second", longer(102))]

    async def do(op, given, patience=None, ask=subject.do):
        subject.only = 5 if subject.count == 2 else None
        return await ask(op, given, patience)

    subject.do = do
    outcomes = await run(cases, subject, sink)

    assert shown(outcomes) == {"first": "error", "second": "pass"}
    assert [p.name for p in sink.of("second")] == ["twin", "changed", "health"]


async def test_an_adapter_that_knows_no_ping_lives():
    class Old(ObjectSubject):
        async def do(self, op, given, patience=None):
            if op == "ping":
                raise AnsweredError("what is ping?", step=op)
            return await super().do(op, given, patience)

    subject = Old(toy.Decoder)
    outcomes = await run(several(1), subject)

    assert (shown(outcomes), subject.generation) == ({"case 0": "pass"}, 1)


async def test_an_adapter_that_is_broken_in_case_after_case_ends_the_run():
    subject = Failing(first=8)
    outcomes = await run(several(60), subject)

    assert counts(outcomes.verdicts) == {"pass": 3, "error": BREAKS, "inconclusive": 57 - BREAKS}
    assert outcomes.dead == f"{BREAKS} cases in a row: the adapter failed in the part twin: failing: wrote no JSON"


async def test_an_adapter_that_does_not_start_again_ends_the_run():
    sink = Kept()
    outcomes = await run([made("wrong"), *several(2)], Failing(restarts=False), sink, not_run=[])

    assert shown(outcomes) == {"wrong": "fail", "case 0": "pass", "case 1": "pass"}
    assert outcomes.void == sink.notes == ["failing: cannot be started again"]
    assert outcomes.dead == "the adapter failed: failing: cannot be started again"


async def test_an_adapter_that_does_not_start_leaves_everything_open():
    def make():
        raise OSError("no such library")

    outcomes = await run(several(2), ObjectSubject(make, name="gone"))

    assert set(shown(outcomes).values()) == {"inconclusive"}
    assert "no such library" in verdict(outcomes, "case 0").reason
    assert outcomes.void


# ── the tribunal ──

IMPOSSIBLE = (Ask("bhttp.decode", {"message": ""}, "an empty message has no length"),)


async def test_who_does_what_no_one_can_do_lies_and_is_not_asked_again():
    def bend(self, octets):
        return None if octets else {"ok": {"value": ""}}

    sink = Kept()
    outcomes = await run([made("wrong")], toy.bent(bend), sink, impossible=IMPOSSIBLE)

    (told,) = outcomes.void
    assert told == sink.notes[0]
    assert (
        told.startswith("Bent lies: at the start it answered ok to bhttp.decode with {'message': ''}") or "lies" in told
    )
    assert "an empty message has no length" in told


@pytest.mark.parametrize("how", ["dies", "hangs"])
async def test_who_falls_over_what_no_one_can_do_is_started_anew_for_the_cases(how):
    class Stuck(toy.Decoder):
        stuck = False

        async def ping(self):
            if self.stuck:
                await asyncio.Event().wait()
            return {"ok": {}}

    async def bend(self, octets):
        if not octets and how == "dies":
            raise IndexError
        if not octets:
            self.stuck = True
            await asyncio.Event().wait()

    class Bent(toy.bent(bend)):
        stuck = False
        ping = Stuck.ping

    subject = ObjectSubject(Bent, patience=PATIENCE)
    outcomes = await run(several(2), subject, impossible=IMPOSSIBLE)

    assert set(shown(outcomes).values()) == {"pass"}
    assert not outcomes.void
    assert subject.generation == 3, "made anew after it was asked, at the start and at the end"


async def test_who_breaks_the_contract_there_is_named():
    outcomes = await run(several(1), Failing(only=0), impossible=IMPOSSIBLE)

    assert outcomes.void == ["failing: wrote no JSON"]
    assert shown(outcomes) == {"case 0": "pass"}


async def test_no_one_asks_a_target_that_is_not_ours():
    asked = []
    await run(several(1), standing(lambda self, octets: asked.append(octets)), impossible=IMPOSSIBLE)

    assert b"" not in asked
