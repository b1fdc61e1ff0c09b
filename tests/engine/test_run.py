from __future__ import annotations

import asyncio
import gc
import itertools

import pytest

from conformance.bench import Ask, Setup
from conformance.engine.attempts import groups_of
from conformance.engine.plan import NotRun, Planned
from conformance.engine.run import BREAKS, HOPELESS, Forget, counts
from conformance.engine.stream import Header, StreamWriter, read_run
from conformance.model import (
    ACCEPTED,
    STREAM_ERROR,
    AdapterError,
    Change,
    Ended,
    EnvironmentProblem,
    Exchange,
    Finding,
    Part,
    UsageError,
    Watch,
)
from conformance.subjects import AnsweredError, ObjectSubject
from conformance.wire import DecodeError
from tests.engine import toy
from tests.engine.kit import PATIENCE, Kept, length, longer, made, run, runner, shown, verdict

NO = {"refused": {"class": "no"}}


def several(n, **more):
    return [made(f"case {k}", longer(100 + k), **more) for k in range(n)]


def watching():
    seen = []

    def look(part):
        seen.append(id(part))
        yield Finding("as-expected", "fine")

    return seen, Watch("watch", "", toy.DECODER, ("toy/2/no-secrets",), look)


# ── lanes and twins ──


async def test_health_of_one_case_is_the_twin_of_the_next_and_is_stored_once(tmp_path):
    asked = []
    subject = toy.bent(lambda self, octets: asked.append(length(octets)))
    writer = StreamWriter(tmp_path / "events.ndjson")
    writer.header(Header(seed=1))
    outcomes = await run(several(3), subject, writer)
    writer.close()

    assert set(shown(outcomes).values()) == {"pass"}
    assert asked == [5, 100, 5, 101, 5, 102, 5], "one twin, then a change and health for each"
    stored = read_run(tmp_path / "events.ndjson")
    assert [r.parts for r in stored.verdicts] == [(1, 2, 3), (3, 4, 5), (5, 6, 7)]
    assert [p.name for p in stored.transcript(stored.verdicts[1]).parts] == ["health", "changed", "health"]


async def test_other_settings_have_a_twin_of_their_own():
    sink = Kept()
    cases = [made("a", longer(9)), made("b", longer(9), settings={"value": b"other"}), made("c", longer(9))]
    await run(cases, toy.Decoder, sink)

    assert [sink.told(c)[0] for c in "abc"] == ["1.1 twin"] * 3


async def test_lanes_run_side_by_side_and_no_more_than_were_asked_for():
    most = now = 0

    async def bend(self, octets):
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    outcomes = await run(several(80), toy.bent(bend), lanes=3)

    assert most == 3
    assert counts(outcomes.verdicts) == {"pass": 80}


@pytest.mark.parametrize("store", [True, False])
async def test_a_watch_sees_each_part_once(tmp_path, store):
    seen, watch = watching()
    sink = Kept() if store else Forget()
    outcomes = await run(several(5), toy.Decoder, sink, watches=[watch], lanes=2)

    assert len(seen) == sink.parts == 5 * 2 + 2
    assert verdict(outcomes, "watch").shown == "pass"
    assert sink.note("it says") is sink.verdict(None) is None


async def test_what_is_not_run_has_a_verdict_with_its_reason():
    case = made("far", longer(9))
    outcomes = await run([], toy.Decoder, not_run=[NotRun(case, {}, "unsupported", "it lacks that")])

    assert (verdict(outcomes, "far").shown, verdict(outcomes, "far").reason) == ("unsupported", "it lacks that")


async def test_parts_of_decided_cases_are_let_go():
    most = count = 0

    def progress(_):
        nonlocal most, count
        count += 1
        if count % 20:
            return
        gc.collect()
        most = max(most, sum(isinstance(o, Part) for o in gc.get_objects()))

    gc.collect()
    before = sum(isinstance(o, Part) for o in gc.get_objects())
    cases = [*several(100), *[made(f"wrong {k}", longer(5), expect=[toy.REFUSED]) for k in range(3)]]
    outcomes = await run(cases, toy.Decoder, Forget(), progress=progress, lanes=2, retry=False)

    assert counts(outcomes.verdicts) == {"pass": 100, "fail": 3}
    assert most - before < 20


# ── suspects, deaths, fresh starts ──


async def test_a_failure_is_tried_again_alone_on_a_fresh_start():
    sink = Kept()
    outcomes = await run([made("wrong"), *several(2)], toy.Decoder, sink)

    assert shown(outcomes) == {"wrong": "fail", "case 0": "pass", "case 1": "pass"}
    assert sink.told("wrong") == [
        "1.1 twin", "1.1 changed", "1.1 health", "2.2 twin", "2.2 changed", "2.2 health",
    ]  # fmt: skip


@pytest.mark.parametrize("how", [{"retry": False}, {"known": lambda verdict: verdict.case == "wrong"}])
async def test_a_failure_that_is_known_or_not_to_be_retried_runs_once(how):
    sink = Kept()
    outcomes = await run([made("wrong")], toy.Decoder, sink, **how)

    assert shown(outcomes) == {"wrong": "fail"}
    assert len(sink.kept) == 3


async def test_a_subject_that_is_wrong_only_once_leaves_it_open_with_the_rate():
    def bend(self, octets):
        return {"ok": {"value": ""}} if length(octets) == 9 and self.lives == 1 else None

    outcomes = await run([made("flaky", longer(9))], toy.bent(bend))

    assert shown(outcomes) == {"flaky": "inconclusive"}
    assert "seen in 1 of 2 attempts: changed: accepted-anyway" in outcomes.verdicts[0].reason


def raises(*lengths):
    def bend(self, octets):
        if length(octets) in lengths:
            raise IndexError(length(octets))

    return bend


@pytest.mark.parametrize("lanes", [1, 4])
async def test_the_death_belongs_to_the_case_that_repeats_it(lanes):
    together = asyncio.Event()
    waiting = 0

    async def bend(self, octets):
        nonlocal waiting
        if self.lives == 1 and length(octets) >= 100 and lanes > 1:
            waiting += 1
            if waiting == lanes:
                together.set()
            await together.wait()
        return raises(102)(self, octets)

    sink = Kept()
    cases = several(6)
    for n, case in enumerate(cases):  # so that each lane has its own group
        case.settings = {"value": b"value%d" % (n % lanes)}
    outcomes = await run(cases, toy.bent(bend), sink, lanes=lanes)

    assert {c: s for c, s in shown(outcomes).items() if s != "pass"} == {"case 2": "crash"}
    assert [p.name for p in sink.of("case 2") if p.round == 2] == ["twin", "changed", "health"]
    in_company = [c.id for c in cases if any(p.round == 0 for p in sink.of(c.id))]
    assert ("case 2" in in_company) == (lanes > 1)
    assert not outcomes.unowned


async def test_a_death_that_nobody_repeats_alone_is_told():
    both = asyncio.Event()

    async def bend(self, octets):
        if self.lives == 1 and length(octets) >= 100:
            if length(octets) == 101:
                both.set()
            await both.wait()
            raise MemoryError("too much at once")

    sink = Kept()
    cases = several(2)
    cases[1].settings = {"value": b"other"}
    outcomes = await run(cases, toy.bent(bend), sink, lanes=2)

    assert set(shown(outcomes).values()) == {"pass"}
    (told,) = outcomes.unowned
    assert sink.notes == [told]
    assert "MemoryError: too much at once) while case" in told
    assert "case 0" in told
    assert "case 1" in told


async def test_health_that_fails_once_is_not_laid_to_the_change():
    def bend(self, octets):
        self.sick = getattr(self, "sick", False) or length(octets) == 100
        return NO if self.sick and self.lives == 1 and length(octets) == 5 else None

    outcomes = await run(several(2), toy.bent(bend))

    assert shown(outcomes) == {"case 0": "inconclusive", "case 1": "pass"}
    assert "health failed in 1 of 2 attempts" in verdict(outcomes, "case 0").reason


async def test_silence_after_a_change_is_a_hang():
    async def bend(self, octets):
        self.stuck = getattr(self, "stuck", False) or length(octets) == 100
        if self.stuck and length(octets) == 5:
            await asyncio.Event().wait()

    sink = Kept()
    outcomes = await run(several(2), toy.bent(bend), sink)

    assert shown(outcomes) == {"case 0": "hang", "case 1": "pass"}
    assert {p.generation for p in sink.of("case 1")} == {3}, "after the hang there was a fresh start"


async def test_a_subject_that_serves_only_so_often_has_crashed_in_no_case():
    def bend(self, octets):
        if self.count > 4:
            raise BrokenPipeError("enough for today")

    outcomes = await run(several(6), toy.bent(bend))

    assert set(shown(outcomes).values()) == {"pass", "inconclusive"}


class Falling(ObjectSubject):
    """Answers, and then is dead, behind the answer to a message of that length."""

    def __init__(self, make, lengths, lives):
        super().__init__(make)
        self.lengths, self.lives = lengths, lives

    async def do(self, op, given, patience=None):
        reply = await super().do(op, given, patience)
        self.asked = (*getattr(self, "asked", ()), length(bytes.fromhex(given.get("message", ""))))
        if self.generation <= self.lives and self.asked[-2:] == self.lengths:
            self._death = "fell over"
        return reply


@pytest.mark.parametrize(("lives", "what"), [(9, "crash"), (1, "inconclusive")])
async def test_death_behind_a_healthy_answer_is_seen(lives, what):
    outcomes = await run(several(3), Falling(toy.Decoder, (101, 5), lives))

    assert shown(outcomes) == {"case 0": "pass", "case 1": what, "case 2": "pass"}


async def test_twin_not_accepted_twice_leaves_open_all_cases_of_that_twin_without_asking_again():
    asked = []

    def bend(self, octets):
        asked.append(length(octets))
        return NO

    outcomes = await run(several(50), toy.bent(bend))

    assert asked == [5, 5], "on the first start, and on a fresh one"
    assert set(shown(outcomes).values()) == {"inconclusive"}
    assert verdict(outcomes, "case 0").reason == "the twin was not accepted, twice: refused"
    assert verdict(outcomes, "case 49").reason == "the twin was not accepted, as for case 0: refused"


async def test_twins_that_fail_in_company_are_tried_alone_and_then_left_open():
    asked = []

    async def bend(self, octets):
        asked.append(length(octets))
        await asyncio.sleep(0)
        return NO

    outcomes = await run([*several(60), made("alone", longer(9), needs={"alone"})], toy.bent(bend), lanes=2)

    assert len(asked) == 4
    assert set(shown(outcomes).values()) == {"inconclusive"}


async def test_a_twin_that_fails_once_runs_again_and_so_does_the_case_before():
    def bend(self, octets):
        self.seen = [*getattr(self, "seen", []), length(octets)]
        return NO if self.lives == 1 and 100 in self.seen and length(octets) == 6 else None

    sink = Kept()
    before, after = made("before", longer(100)), made("next", longer(101), settings={"value": b"second"})
    outcomes = await run([before, after], toy.bent(bend), sink)

    assert shown(outcomes) == {"before": "pass", "next": "pass"}
    assert sink.told("before") == ["0.1 twin", "0.1 changed", "0.1 health", "1.2 twin", "1.2 changed", "1.2 health"]
    assert sink.told("next") == ["1.1 twin", "2.3 twin", "2.3 changed", "2.3 health"]


async def test_what_is_shared_stays_with_the_case_before():
    """A case that runs into trouble is set aside without the part that it has of the case before."""
    sink = Kept()
    outcomes = await run([made("wrong"), made("deadly", longer(102))], toy.bent(raises(102)), sink)

    assert shown(outcomes) == {"wrong": "fail", "deadly": "crash"}
    assert [p.round for p in sink.of("wrong")] == [1, 1, 1, 2, 2, 2]
    assert sink.told("deadly")[0] == "1.1 health"


async def test_the_run_gives_up_when_no_twin_is_accepted_at_all():
    asked = []

    def bend(self, octets):
        asked.append(octets)
        return NO

    cases = several(40)
    for n, case in enumerate(cases):
        case.settings = {"value": b"%d" % n}
    outcomes = await run(cases, toy.bent(bend))

    assert len(asked) == 2 * HOPELESS
    assert "no exchange was accepted even without a change" in verdict(outcomes, "case 39").reason


async def test_cases_that_need_it_run_alone():
    now = set()
    met = []

    async def bend(self, octets):
        now.add(length(octets))
        await asyncio.sleep(0)
        met.append(sorted(now))
        now.discard(length(octets))

    cases = [*several(6), made("alone", longer(666), needs={"alone"})]
    outcomes = await run(cases, toy.bent(bend), lanes=3)

    assert [together for together in met if 666 in together] == [[666]]
    assert set(shown(outcomes).values()) == {"pass"}


async def test_attempts_are_told_apart_after_a_death():
    sink = Kept()
    each = {"mild": 100, "deadly": 102, "other": 103}
    case = made("each", body=longer, each=each)
    outcomes = await run([case, *several(1)], toy.bent(raises(102)), sink)

    assert shown(outcomes) == {"each": "crash", "case 0": "pass"}
    assert verdict(outcomes, "each").findings[-1].because.startswith("after the attempt deadly the subject serves")
    assert [p.name for p in sink.of("each") if p.round == 2] == ["twin", "mild", "health", "deadly", "health"]


async def test_attempts_after_a_violation_run_to_the_end_once_more():
    sink = Kept()
    case = made("each", body=longer, each={"right": 5, "wrong": 100}, expect=[ACCEPTED])
    outcomes = await run([case], toy.Decoder, sink)

    assert shown(outcomes) == {"each": "fail"}
    assert [p.name for p in sink.kept[4:]] == ["twin", "right", "health", "wrong", "health"]


# ── what is not ours to start ──


def standing(bend):
    return toy.Standing(toy.bent(bend), name="toy")


async def test_a_target_that_stays_dead_crashed_unrepeated_and_the_rest_is_left_open():
    subject = standing(raises(102))
    outcomes = await run(several(9), subject)

    told = shown(outcomes)
    assert [told[f"case {n}"] for n in range(9)] == ["pass", "pass", "crash", *["inconclusive"] * 6]
    assert "not repeated" in verdict(outcomes, "case 2").findings[-1].because
    assert verdict(outcomes, "case 8").reason == "the target serves nobody since case 2"
    assert subject.generation == 1


async def test_a_target_that_dies_in_company_leaves_all_of_them_open():
    async def bend(self, octets):
        await asyncio.sleep(0)
        raises(102)(self, octets)

    outcomes = await run(several(60), standing(bend), lanes=3)

    told = shown(outcomes)
    assert told["case 2"] == "inconclusive"
    assert "crash" not in told.values()
    assert "serves nobody since" in verdict(outcomes, "case 59").reason


async def test_one_exchange_that_a_target_lacks_does_not_end_the_run():
    def bend(self, octets):
        return NO if octets[2:] == b"lacking" else None

    lacking = [made(f"lacking {n}", longer(9), settings={"value": b"lacking"}) for n in range(3)]
    outcomes = await run([*several(2), *lacking, made("last", longer(9), settings={"value": b"fine"})], standing(bend))

    told = shown(outcomes)
    assert {told.pop(c.id) for c in lacking} == {"inconclusive"}
    assert set(told.values()) == {"pass"}


# ── stopping early ──


async def test_fail_fast_stops_and_says_why():
    cases = [*several(2), made("wrong"), *[made(f"later {n}", longer(9), settings={"value": b"x"}) for n in range(3)]]
    outcomes = await run([*cases, made("too", settings={"value": b"x"})], toy.Decoder, fail_fast=1)

    told = shown(outcomes)
    assert told["wrong"] == "fail"
    assert outcomes.dead == "the run was stopped after 1 failures, as --fail-fast asks"
    assert told["too"] == "inconclusive"


async def test_fail_fast_leaves_open_what_did_not_run():
    cases = [made("known"), made("wrong"), *several(30)]
    how = {"fail_fast": 1, "retry": False, "known": lambda v: v.case == "known"}
    outcomes = await run(cases, toy.Decoder, **how)

    assert counts(outcomes.verdicts) == {"fail": 2, "inconclusive": 30}
    assert "--fail-fast" in verdict(outcomes, "case 29").reason


async def test_cancellation_keeps_what_was_seen_and_leaves_open_the_rest():
    reached = asyncio.Event()

    async def bend(self, octets):
        if length(octets) == 103:
            reached.set()
            await asyncio.Event().wait()

    sink = Kept()
    cases = [made("wrong"), *several(6)]
    subject = ObjectSubject(toy.bent(bend))
    setup = Setup(subject, toy.DECODER, lambda: 0.0, patience=60)
    task = asyncio.create_task(run(cases, subject, sink, setup=setup))
    await reached.wait()
    task.cancel()
    outcomes = await task

    assert outcomes.interrupted
    told = shown(outcomes)
    assert [told[f"case {n}"] for n in range(6)] == ["pass", "pass", "pass", *["inconclusive"] * 3]
    assert told["wrong"] == "fail", "seen once, and kept"
    assert verdict(outcomes, "case 5").reason == "the run was interrupted before"
    assert not task.cancelling()
    with pytest.raises(AdapterError, match="is not running"):
        await subject.do("ping", {})


async def test_a_run_can_be_left_before_it_began():
    _, watch = watching()
    case = made("far", longer(9))
    leaving = runner(several(2), toy.Decoder, watches=[watch], not_run=[NotRun(case, {}, "unsupported", "no")])
    outcomes = await leaving.leave("there is no time")

    assert shown(outcomes) == dict.fromkeys(("case 0", "case 1", "watch"), "inconclusive") | {"far": "unsupported"}
    assert outcomes.interrupted


@pytest.mark.parametrize("script", [False, True])
async def test_the_rate_is_kept_by_every_exchange(script):
    now = 0.0
    begun = []

    async def sleep(seconds):
        nonlocal now
        now += seconds
        await asyncio.sleep(0)

    async def three(bench):
        for n in range(3):
            await toy.decode(bench.part(f"step {n}"))

    def clock():
        return now

    subject = ObjectSubject(toy.bent(lambda self, octets: begun.append(now)))
    setup = Setup(subject, toy.DECODER, clock, patience=PATIENCE)
    cases = [made("script", body=three, expect={}, own_judge=lambda _: ())] * 2 if script else several(5)
    how = {"setup": setup, "rate": 4, "sleep": sleep}
    await run(cases[:1] if script else cases, subject, **how)

    assert len(begun) == (5 if script else 11)
    assert all(sum(start <= t < start + 1 for t in begun) <= (6 if script else 4) for start in begun)
    assert now == pytest.approx((len(begun) - 1) / 4)


# ── whose fault ──


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


# ── what is left open, and scripts ──


class Leaving:
    """What the server of `sessions` has still open."""

    def __init__(self, *, scope="session", opened=True):
        self.scope, self.open = scope, opened


async def test_health_is_tried_in_what_the_change_left_open():
    def bend(self, octets):
        return {"ok": {"value": octets[2:].hex(), "leaves": True}} if octets[2:] == b"bye" else None

    sink = Kept()
    subject = ObjectSubject(toy.bent(bend, toy.Server))
    setup = Setup(subject, toy.SERVED, lambda: 0.0, patience=PATIENCE)
    bye = made("bye", Change("message", "value", "put", (b"bye",)), exchange=toy.ask, expect=[ACCEPTED])
    cases = [made("stays", longer(9), exchange=toy.ask), bye]
    outcomes = await run(cases, subject, sink, setup=setup, variant={"http": 1})

    assert set(shown(outcomes).values()) == {"pass"}
    assert [(p.name, p.scope) for p in sink.of("stays")][2:] == [("health", "session"), ("health", "subject")]
    assert [(p.name, p.scope) for p in sink.of("bye")][2:] == [("health", "subject")]


@pytest.mark.parametrize(
    ("outcome", "tried"), [(STREAM_ERROR, True), (STREAM_ERROR.at("9"), False), (toy.REFUSED, False)]
)
@pytest.mark.parametrize("opened", [True, False])
async def test_health_is_tried_in_a_connection_that_outlives_the_allowed_end_of_its_stream(outcome, tried, opened):
    async def drive(bench, live=None):
        bench.live = live or Leaving(opened=opened)
        built = bench.point("message", toy.message(b"hello"))
        if toy.lawful(built.octets) is None:
            bench.saw("stream-error", code="1")
            raise Ended("stream-error")
        await bench.do("bhttp.decode", message=built.octets.hex())

    sink = Kept()
    exchange = Exchange("stream", toy.DECODER, drive, toy.ended)
    await run([made("cut", longer(9), exchange=exchange, expect=[outcome])], toy.Decoder, sink)

    assert [p.scope for p in sink.kept[:4]].count("session") == (tried and opened)


async def test_a_script_is_its_steps():
    async def steps(bench):
        await toy.decode(bench.part("first", longer(9)))
        await toy.decode(bench.part("second"))

    sink = Kept()
    case = made("script", body=steps, expect={"first": [toy.REFUSED], "second": [ACCEPTED]}, repeat=2)
    outcomes = await run([case], toy.Decoder, sink)

    assert shown(outcomes) == {"script": "pass"}
    assert [(p.name, p.turn) for p in sink.kept] == [
        ("twin", 1), ("first", 1), ("second", 1), ("first", 2), ("second", 2), ("health", 1),
    ]  # fmt: skip


async def test_a_script_that_is_its_own_only_step():
    async def direct(bench):
        await toy.decode(bench)

    sink = Kept()
    outcomes = await run([made("script", body=direct, expect=[ACCEPTED])], toy.Decoder, sink)

    assert shown(outcomes) == {"script": "pass"}
    assert [p.name for p in sink.kept] == ["twin", "script", "health"]


async def test_a_script_without_a_step_reaches_none():
    async def nothing(bench):
        return

    sink = Kept()
    outcomes = await run([made("script", body=nothing, expect={"first": [ACCEPTED]})], toy.Decoder, sink)

    assert shown(outcomes) == {"script": "inconclusive"}
    assert [p.name for p in sink.kept] == ["twin", "health"]


@pytest.mark.parametrize(
    ("why", "what"),
    [(DecodeError("answer", 0, "is odd"), "fail"), (ValueError("ours"), "error"), (None, "not-applicable")],
)
async def test_what_ends_a_script_is_seen_at_its_last_step_and_ends_the_repetitions(why, what):
    async def steps(bench):
        first = bench.part("first")
        first.saw("opened")
        if why is None:
            bench.absent("nobody offers that")
        raise why

    sink = Kept()
    case = made("script", body=steps, expect={"first": [ACCEPTED]}, repeat=5)
    outcomes = await run([case], toy.Decoder, sink, retry=False)

    assert shown(outcomes) == {"script": what}
    assert [p.name for p in sink.kept] == ["twin", "first", "health"]


async def test_seeds_make_a_run_repeatable():
    async def drive(bench, live=None):
        bench.saw("drawn", number=bench.rng.random())
        await toy.decode.drive(bench)

    async def drawn(seed):
        sink = Kept()
        exchange = Exchange("drawn", toy.DECODER, drive, toy.ended)
        await run([made("any", longer(9), exchange=exchange)], toy.Decoder, sink, seed=seed)
        return [p.last("drawn").value["number"] for p in sink.kept]

    assert await drawn(1) == await drawn(1)
    assert await drawn(1) != await drawn(2)


def test_groups_are_of_one_twin_and_not_too_long():
    planned = [Planned(case, {}) for case in several(60)]

    assert [len(g) for g in groups_of(planned, 1)] == [24, 24, 12]
    assert [len(g) for g in groups_of(planned, 10)] == [6] * 10
    assert list(itertools.chain(*groups_of(planned, 7))) == planned
