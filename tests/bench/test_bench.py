"""The bench: points record and change, operations are recorded and end, steps run together, and nothing stays open."""

import asyncio
import itertools
import random

import pytest

from conformance.bench import Bench, CaseRun, Hello, Lab, Peer, Served, Setup, Subject, TargetAnswer
from conformance.model import IN_LEAVING, Absent, Change, Ended, Part, Span
from conformance.net import Route, serve
from conformance.wire import Many, Message, Sealed, UInt
from conformance.wire.http import request, response

RECIPE = Message(
    kind=UInt(7, 2),
    length=lambda get: UInt(len(get("value")), 1),
    value=b"value",
    secret=Sealed(b"secret"),
    list=Sealed(Many([b"a", b"b"])),
    tag=lambda get: get("secret")[-1:] + get("list"),
)


class Scripted(Subject):
    """Answers from a list; what is an exception is raised."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []
        self.served = []
        self.url = "http://127.0.0.1:9"
        self.generation = 3

    async def start(self):
        self.generation += 1

    async def stop(self):
        pass

    async def do(self, op, given, patience=None):
        self.asked.append((op, given, patience))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def serve(self, role, options):
        self.served.append((role, options))
        return Served(self.url)

    def died(self):
        return ""


def clock():
    ticks = itertools.count()
    return lambda: float(next(ticks))


def case_run(*replies, variant=(), subject=None, **setup):
    subject = subject or Scripted(*replies)
    return CaseRun(Setup(subject, "toy.server", clock(), **setup), dict(variant), random.Random(7), number=2)


def bench(*changes, replies=(), **setup):
    return case_run(*replies, **setup).bench("changed", changes, exchange="fetch")


def told(bench):
    return [(e.what, e.name) for e in bench.record.events]


# Parts


def test_a_bench_is_a_part_of_its_case():
    change = Change("p", "value", "drop")
    run = case_run(variant={"http": 2}, vantages=["127.0.0.2"], patience=0.5)
    bench = run.bench("changed", (change,), "session", "fetch")
    assert run.parts == [Part("changed", {"http": 2}, 3, "session", (change,), [], round=2, exchange="fetch")]
    assert bench.record is run.parts[0]
    assert (bench.subject, bench.variant, bench.rng) == (run.setup.subject, {"http": 2}, run.rng)
    assert (bench.vantages, bench.memory, bench.patience, bench.via) == (["127.0.0.2"], {}, 0.5, None)
    assert bench.memory is run.setup.memory
    assert (bench.lab, bench.barrier, bench.live) == (None, None, None)


def test_a_step_is_a_part_of_its_own():
    first = bench()
    change = Change("p", "value", "drop")
    step = first.part("second", change, via="127.0.0.2")
    assert first.run.parts == [first.record, step.record]
    assert (step.record.name, step.record.changes, step.record.exchange) == ("second", (change,), "fetch")
    assert (step.via, first.part("third").via) == ("127.0.0.2", None)
    step.point("p", RECIPE)
    assert (told(first), first.record.applied, step.record.applied) == ([], set(), {0})


def test_what_was_seen_is_recorded_in_order_with_its_time():
    one = bench()
    one.saw("received", "answer", where="target", octets=b"ab", spans=[Span("a", 0, 1)], changed=True, status=200)
    one.saw("note")
    first, second = one.record.events
    assert (first.at, first.where, first.what, first.name, first.octets) == (0.0, "target", "received", "answer", b"ab")
    assert (first.spans, first.changed, first.value) == ((Span("a", 0, 1),), True, {"status": 200})
    assert (second.at, second.where, second.name, second.octets, second.spans, second.value) == (
        1.0,
        "",
        "",
        b"",
        (),
        {},
    )


# Points


def test_a_point_records_what_leaves_with_its_fields():
    one = bench()
    built = one.point("request", RECIPE)
    assert built == RECIPE.build()
    assert told(one) == [("sent", "request"), ("sealed", "request.secret"), ("sealed", "request.list")]
    assert one.record.sent("request").fields == built.fields
    assert not any(e.changed or e.value for e in one.record.events)


def test_a_point_applies_what_belongs_there_and_tells_which_were():
    changes = (
        Change("other", "value", "drop"),
        Change("request", "value", "put", (b"v",)),
        Change("request", "nothing", "drop"),
        Change("request", "secret", "put", (b"key",)),
        Change("", "", "given", (("size", 1),)),
    )
    one = bench(*changes)
    built = one.point("request", RECIPE)
    assert built.octets == b"\0\7\1vyab"
    sent, secret, items = one.record.events
    assert (sent.changed, sent.value) == (True, {"applied": [1, 3]})
    assert (secret.octets, secret.changed, items.changed) == (b"key", True, False)
    assert one.record.applied == {1, 3}


@pytest.mark.parametrize(("point", "which"), [("log", [0, 1, 2]), ("log[0]", [0]), ("log[2]", [2]), ("log[3]", [])])
def test_a_point_may_be_passed_several_times(point, which):
    one = bench(Change(point, "value", "put", (b"!",)))
    built = [one.point("log", RECIPE) for _ in range(3)]
    assert [n for n, b in enumerate(built) if b.changed] == which
    assert (one.record.applied == {0}) is bool(which)


@pytest.mark.parametrize("op", IN_LEAVING)
def test_a_change_of_leaving_is_applied_where_the_message_leaves(op):
    change = Change("request", "", op, (1,))
    one = bench(change, Change("request", "value", "cut", (9,)))
    built = one.point("request", RECIPE)
    assert (built.octets, built.leaving) == (RECIPE.encode(), (change,))
    assert (one.record.events[0].changed, one.record.applied) == (True, {0})


def test_given_changes_set_parameters_once_they_are_asked_for():
    one = bench(
        Change("", "", "given", (("size", 1), ("key", b"x"))),
        Change("p", "value", "drop"),
        Change("", "", "given", (("size", 2),)),
    )
    assert one.record.applied == set()
    assert one.given() == one.given() == {"size": 2, "key": b"x"}
    assert told(one) == [("given", ""), ("given", "")]
    assert one.record.events[0].value == {"applied": [0], "settings": {"size": "1", "key": "b'x'"}}
    assert one.record.applied == {0, 2}


# Operations


async def test_an_operation_is_recorded_with_its_answer():
    one = bench(replies=[{"ok": {"octets": "00"}}], patience=0.25)
    assert await one.do("toy.open", size=1) == {"ok": {"octets": "00"}}
    assert one.subject.asked == [("toy.open", {"size": 1}, 0.25)]
    asked, reply = one.record.events
    assert (asked.what, asked.name, asked.value, asked.at) == ("asked", "toy.open", {"size": 1}, 0.0)
    assert (reply.what, reply.name, reply.value, reply.at) == ("reply", "toy.open", {"ok": {"octets": "00"}}, 1.0)


async def test_what_is_asked_may_have_any_names():
    given = {"octets": "00", "name": "n", "where": "w", "what": "x", "changed": 1, "spans": 2, "op": "o", "self": "s"}
    one = bench(replies=[{"ok": {}}])
    await one.do("toy.open", **given)
    asked = one.record.events[0]
    assert (asked.value, asked.octets, asked.where) == (given, b"", "")
    assert one.subject.asked[0][1] == given


@pytest.mark.parametrize(
    ("died", "value"),
    [
        ({"status": 101, "signal": "", "stderr": "one\n two \n\n"}, {"code": "101", "detail": "two"}),
        ({"status": None, "signal": "SIGSEGV", "stderr": ""}, {"code": "SIGSEGV", "detail": ""}),
        ({"status": None, "signal": "", "stderr": "x" * 501}, {"code": "", "detail": "x" * 500}),
        ({"status": 0}, {"code": "0", "detail": ""}),
        ({}, {"code": "", "detail": ""}),
    ],
)
async def test_a_death_is_recorded_and_ends_the_exchange(died, value):
    one = bench(replies=[{"died": died}])
    with pytest.raises(Ended, match=r"crash: toy\.open"):
        await one.do("toy.open")
    assert told(one) == [("asked", "toy.open"), ("crash", "toy.open")]
    assert one.record.events[1].value == value
    assert one.record.ending().name == "crash"


async def test_silence_is_recorded_and_ends_the_exchange():
    one = bench(replies=[Ended("timeout", "2 s")])
    with pytest.raises(Ended, match="timeout"):
        await one.do("toy.open")
    assert told(one) == [("asked", "toy.open"), ("timeout", "toy.open")]
    assert one.record.detail() == "2 s"


def test_what_is_absent_ends_the_case():
    one = bench()
    with pytest.raises(Absent, match="it has no keys"):
        one.absent("it has no keys")
    assert (one.record.ending().name, one.record.detail()) == ("absent", "it has no keys")


# Serving, connections, targets


async def test_lanes_that_come_at_once_share_one_start():
    class Slow(Scripted):
        async def serve(self, role, options):
            await asyncio.sleep(0)
            return await super().serve(role, options)

    run = case_run(subject=Slow())
    first, *others = await asyncio.gather(*(run.bench(f"lane {n}").serving() for n in range(3)))
    assert all(other is first for other in others)
    assert len(run.setup.subject.served) == 1


async def test_a_role_is_served_once_a_life():
    one = bench()
    served = await one.serving()
    assert await one.part("again").serving() is served
    assert one.subject.served == [("toy.server", {})]
    one.memory.clear()  # a fresh start
    assert await one.serving() is not served


async def test_a_server_is_told_of_our_targets():
    lab = await Lab.start()
    try:
        one = bench(lab=lab)
        await one.serving()
        assert one.subject.served == [("toy.server", {"targets": [lab.url], "gateway": lab.gateway})]
        assert one.lab is lab
    finally:
        await lab.close()


class Other(Peer):
    """A peer in the counterpart's place, which greets at a point when it starts."""

    role = "toy.server"
    running = 0

    async def start(self):
        Other.running += 1
        built = self.bench.point("greeting", RECIPE)
        return Served("http://peer/", {"options": dict(self.options), "greeting": built.octets})

    async def stop(self):
        Other.running -= 1


async def test_our_peer_plays_the_other_side_at_this_bench_until_the_case_ends():
    one = bench()
    async with one.run.stack:
        served = await one.counterpart("toy.server", Other, mood="honest")
        assert (served.url, served.more["options"]) == ("http://peer/", {"mood": "honest"})
        assert served.more["greeting"].endswith(b"b")
        assert ("sent", "greeting") in told(one)
        assert Other.running == 1
    assert Other.running == 0


async def test_in_a_cell_of_the_matrix_another_subject_plays_the_other_side():
    other = Scripted()
    other.hello = Hello(name="another", version="1.2")
    one = bench(counterparts={"toy.server": other})
    served = await one.counterpart("toy.server", Other, told={"behind": "here"}, mood="honest")
    assert (served.url, other.served) == (other.url, [("toy.server", {"behind": "here"})])
    assert one.record.last("counterpart").value == {"url": other.url, "by": "another", "version": "1.2"}
    assert Other.running == 0


@pytest.fixture
async def echo():
    """A server of ours in place of the subject's, and the ways that were asked for."""

    async def answer(exchange):
        asked = exchange.request
        await exchange.answer(response(200, (), asked.content, version=asked.version).build())

    server = await serve(answer)
    subject = Scripted()
    subject.url = f"http://{server.host}:{server.port}/base"
    yield subject
    await server.close()
    assert server.failures == []


@pytest.mark.parametrize("version", [1, 2])
async def test_connections_are_of_the_variant_and_close_with_the_case(echo, version):
    ways = []

    def route(url, source):
        ways.append((url, source))
        return Route.of(url, source=source)

    run = case_run(subject=echo, variant={"http": version}, route=route)
    one = run.bench("changed")
    connection = await one.connect()
    other = await one.part("there", via="127.0.0.1").connect(echo.url + "/other")
    assert ways == [(echo.url, None), (echo.url + "/other", "127.0.0.1")]
    assert one.live is connection
    assert connection.version == other.version == version
    built = one.point("outer", request(b"POST", b"/", b"h", (), b"hello", version=version))
    pending = await connection.request(one, built, "outer")
    assert (await pending.answer()).content == b"hello"
    assert ("sent", "outer") in told(one)
    await run.stack.aclose()
    with pytest.raises(Ended):
        await (await connection.request(one, built, "outer")).answer()


async def test_a_target_of_ours_knows_its_part():
    lab = await Lab.start()
    try:
        run = case_run(lab=lab)
        one = run.bench("changed")
        token = one.target(TargetAnswer(status=201))
        assert one.target() != token
        assert case_run(lab=lab).bench("twin").target() == token  # the random source is seeded
        route = run.setup.route(lab.url, None)
        assert (route.host, route.port) == ("127.0.0.1", int(lab.url.rpartition(":")[2]))
        connection = await one.connect(lab.url)
        asked = request(b"GET", b"/" + token.encode(), lab.authority.encode()).build()
        assert (await (await connection.request(one, asked)).answer()).status == 200
        await run.stack.aclose()
        assert lab.strays == 0
    finally:
        await lab.close()


def test_without_a_lab_there_is_no_target():
    assert bench().target() is None


# Steps that run together


async def test_what_is_held_back_leaves_when_all_have_got_so_far():
    one = bench()
    order = []

    async def step(name, turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        order.append(f"{name} is there")
        await one.barrier()
        order.append(f"{name} goes on")

    await one.together([step("a", 0), step("b", 3), step("c", 1)])
    assert order[:3] == ["a is there", "c is there", "b is there"]
    assert sorted(order[3:]) == ["a goes on", "b goes on", "c goes on"]
    assert one.barrier is None


@pytest.mark.parametrize("early", [1, 2])
async def test_nobody_waits_for_a_step_that_ended(early):
    one = bench()
    went_on = []

    async def held(name):
        await one.barrier()
        went_on.append(name)
        await one.barrier()  # it is open now

    async def ends():
        await asyncio.sleep(0)
        raise Ended("reset")

    async with asyncio.timeout(5):
        await one.together([held("a"), *(ends() for _ in range(early)), held("b")])
    assert sorted(went_on) == ["a", "b"]


async def test_a_step_that_holds_nothing_back_is_not_waited_for():
    one = bench()
    went_on = []

    async def held():
        await one.barrier()
        went_on.append("held")

    async with asyncio.timeout(5):
        await one.together([held(), asyncio.sleep(0)])
    assert went_on == ["held"]


async def test_a_failure_of_ours_leaves_together():
    one = bench()

    async def fails():
        raise ValueError("ours")

    async def ends():
        raise Ended("closed")

    with pytest.raises(ValueError, match="ours"):
        await one.together([ends(), fails()])
    assert one.barrier is None
    await one.together([ends()])
    await one.together([])


def test_a_bench_of_its_own_counts_arrivals_anew():
    one = bench(Change("log[1]", "value", "drop"))
    one.point("log", RECIPE)
    assert not Bench(one.run, one.record).point("log", RECIPE).changed
    assert one.point("log", RECIPE).changed


def test_a_subject_s_own_certificate_is_trusted_unless_the_user_says_otherwise():
    served = Served("https://h/", {"certificate": "PEM"})
    assert served.trusted(Route.of("https://h/")).ca_data == "PEM"
    assert served.trusted(Route.of("https://h/", ca_file="x")).ca_data is None
    assert Served("https://h/").trusted(Route.of("https://h/")).ca_data is None
