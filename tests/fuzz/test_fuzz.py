"""The fuzzer: what it learns of an exchange, what it holds against whom, what it finds, and how that is kept."""

import itertools
import json

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import vectors
from conformance.cli import cli
from conformance.engine.catalogue import load_cases
from conformance.engine.mutants import subject_for
from conformance.engine.plan import Planned
from conformance.engine.session import Request, Session
from conformance.fuzz import Campaign, read_finding, replay, sites, vector_of, write_finding
from conformance.fuzz.campaign import in_turns
from conformance.fuzz.grammar import changes, weighted
from conformance.fuzz.oracle import Knowledge, general, look
from conformance.model import (
    ACCEPTED,
    ANYWAY,
    CLOSED,
    HEALTH,
    TWIN,
    AdapterError,
    Case,
    Change,
    Event,
    Exchange,
    Outcome,
    Part,
    UsageError,
)
from conformance.protocols.ohttp import PROTOCOL
from conformance.protocols.ohttp.faults import FAULTS
from conformance.wire import Many, Message, Sealed, UInt

RECIPE = Message(
    kind=UInt(7, 2),
    items=Many([Message(name=b"a", value=b"1"), Message(name=b"b", value=b"22")]),
    inside=Sealed(Message(secret=b"secret", list=Many([b"x", b"y"]))),
    sealed=lambda get: get("inside")[::-1],
)


def passed(*changed):
    """A part in which the recipe left at the point `m`."""
    built = RECIPE.build(changed)
    events = [Event(0.0, "", "sent", "m", {}, built.octets, built.spans, built.changed)]
    events += [Event(0.0, "", "sealed", f"m.{p}", {}, o, s, c) for p, o, s, c in built.sealed]
    return Part("twin", events=events)


# What can be changed


def test_every_part_of_a_message_is_a_site_sealed_ones_included():
    found = {(site.path, site.kind, site.items) for site in sites(passed())}
    assert {
        ("", "whole", 0), ("kind", "field", 0), ("items", "list", 2), ("items[0]", "item", 0),
        ("items[1].value", "field", 0), ("inside", "field", 0), ("inside.secret", "field", 0),
        ("inside.list", "list", 2), ("inside.list[1]", "item", 0), ("sealed", "field", 0),
    } <= found  # fmt: skip
    assert {site.point for site in sites(passed())} == {"m"}
    assert next(s.length for s in sites(passed()) if s.path == "items[1].value") == 2


def test_a_short_field_is_not_lost_among_many():
    own = weighted(sites(passed()))
    assert {site.path for site in own} == {site.path for site in sites(passed())}
    header, deep = (sum(site.path == path for site in own) for path in ("kind", "items[0].name"))
    assert header > 2 * deep


@settings(max_examples=400, deadline=None, database=None)
@given(changes(sites(passed())))
def test_what_is_drawn_can_mostly_be_done(change):
    if change.op in {"split", "close", "reset"}:
        assert change.path == ""
        return
    built = RECIPE.build([change])
    assert built.applied <= {0}
    assert change.op in {"cut", "extend", "flip", "put", "drop", "insert", "repeat", "swap", "widen"}


def test_enough_of_what_is_drawn_is_done():
    done = []

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(changes(sites(passed())))
    def draw(change):
        if change.op not in {"split", "close", "reset"}:
            done.append(bool(RECIPE.build([change]).applied))

    draw()
    assert sum(done) > len(done) * 0.7


# What is held against whom

NEVER = (Outcome("error", "500"),)


def ended(part):
    return part.events[-1].value["outcome"]


EXCHANGE = Exchange("x", "toy.role", None, ended)


def part(name, outcome, *changed, applied=True, scope="subject"):
    value = {"outcome": outcome} | ({"applied": list(range(len(changed)))} if changed and applied else {})
    return Part(name, changes=changed, scope=scope, events=[Event(0.0, "", "seen", value=value)])


CHANGE, CLOSING = Change("m", "kind", "flip", (0, 1)), Change("m", "", "close")
OK = part(HEALTH, ACCEPTED)


@pytest.mark.parametrize(
    ("parts", "observation"),
    [
        ([part(TWIN, ACCEPTED), part("step 1", Outcome("refused"), CHANGE), OK], ""),
        ([part(TWIN, CLOSED), OK], "open"),
        ([part(TWIN, ACCEPTED), part("step 1", ACCEPTED, CHANGE, applied=False), OK], "rejected"),
        ([part(TWIN, ACCEPTED), part("step 1", Outcome("suite-error"), CHANGE), OK], "rejected"),
        ([part(TWIN, ACCEPTED), part("step 1", ANYWAY, CHANGE), OK], "accepted-anyway"),
        ([part(TWIN, ACCEPTED), part("step 1", Outcome("error", "500"), CHANGE), OK], "forbidden"),
        ([part(TWIN, ACCEPTED), part("step 1", Outcome("error", "501"), CHANGE), OK], ""),
        ([part(TWIN, ACCEPTED), part("step 1", CLOSED, CHANGE), OK], "unanswered"),
        ([part(TWIN, ACCEPTED), part("step 1", CLOSED, CHANGE, CLOSING), OK], ""),
        ([part(TWIN, ACCEPTED), part("step 1", Outcome("crash"), CHANGE), part(HEALTH, CLOSED)], "crash"),
        ([part(TWIN, ACCEPTED), part("step 1", ANYWAY, CHANGE), part(HEALTH, CLOSED)], "hang"),
        ([part(TWIN, ACCEPTED), part("step 1", ACCEPTED, CHANGE), part(HEALTH, Outcome("crash"))], "crash"),
        # what was open need not live on; the health of the example before may be the twin
        ([part(TWIN, ACCEPTED), part("step 1", CLOSED, CLOSING), part(HEALTH, CLOSED, scope="session"), OK], ""),
        ([part(HEALTH, ACCEPTED), part("step 1", ANYWAY, CHANGE), OK], "accepted-anyway"),
    ],
)
def test_what_no_input_justifies(parts, observation):
    assert look(EXCHANGE, parts, NEVER).observation == observation


def case(name, change, *expect):
    return Case(name, "", EXCHANGE, (f"doc/1/{name}",), lambda: change, expect)


def test_cases_say_what_a_change_is_about_and_what_is_tolerated():
    refused = Outcome("refused")
    known = Knowledge([
        case("kind", Change("m", "kind", "put", (1,)), refused),
        case("first", Change("m", "items[0].name", "put", (b"",)), refused, ANYWAY.per("doc/1/lax")),
    ])  # fmt: skip
    assert known.about([Change("m", "kind", "flip", (0, 1))]) == ("doc/1/kind",)
    assert known.about([Change("m", "items[7].name", "cut", (1,))]) == ("doc/1/first",)
    assert known.about([Change("elsewhere", "kind", "drop")]) == ()
    assert known.tolerated([Change("m", "items[3].name", "drop")], ANYWAY)
    assert not known.tolerated([Change("m", "kind", "drop")], ANYWAY)
    assert known.forbidden([Change("m", "kind", "drop")], CLOSED)
    assert not known.forbidden([Change("m", "kind", "drop")], refused)
    assert not known.forbidden([Change("m", "other", "drop")], CLOSED), "no case speaks of it"
    assert general("log[12].entry[-1].x") == "log[].entry[].x"


# What is found


async def searched(fault, ticks, role="bhttp.decoder", include=("ohttp/bhttp/truncation/*",), **more):
    """A campaign against a mutant of ours, by a clock that ticks at each look."""
    make = next(f.make for f in FAULTS if f.name == fault) if fault else PROTOCOL.peers()[role]
    request = Request(
        subject_for(make), [PROTOCOL], title=fault, how="reference", roles=[role], only={"http": [1]},
        base_only=True, patience=0.25, include=include,
    )  # fmt: skip
    session = Session(request)
    try:
        await session.prepare()
        clock = map(float, itertools.count())
        campaign = Campaign(session.runs[0], seed=1, seconds=ticks, clock=lambda: next(clock), **more)
        report = await campaign.search()
        again = [
            await replay(Campaign(session.runs[0], seed=1, seconds=0, clock=lambda: 0.0), f) for f in report.findings
        ]
    finally:
        await session.close()
    return report, again


async def test_the_reference_shows_nothing():
    report, _ = await searched("", 150)
    assert report.findings == []
    assert report.unsteady == []
    assert report.examples > 40
    assert report.rejected < report.examples / 2


@pytest.mark.parametrize(
    ("fault", "observation"),
    [("short-content-taken", "accepted-anyway"), ("crashes-on-odd-padding", "crash")],
)
async def test_a_planted_fault_is_found_shrunk_and_repeated(tmp_path, fault, observation):
    report, again = await searched(fault, 500, shrinking=60)
    assert observation in {f.observation for f in report.findings}
    found = next(f for f in report.findings if f.observation == observation)
    assert found.rate == (3, 3)
    assert all(place.startswith("message") for place in found.fields)
    assert len(found.steps) == 1, "shrunk to one exchange"
    assert again[report.findings.index(found)][0] == 3
    place = write_finding(found, tmp_path)
    assert read_finding(place).changes == found.changes
    assert read_finding(place).reproduce.endswith(f"--again {place}")
    assert vector_of(found)["kind"] == "found.message"


async def test_a_server_is_searched_through_its_connections():
    report, _ = await searched(
        "internal-error-when-undecryptable", 120, "ohttp.gateway", ["ohttp/gateway/request/*"], shrinking=20
    )
    assert "forbidden" in {f.observation for f in report.findings}


def test_each_exchange_is_among_the_first():
    def planned(exchange, variant, **settings):
        of = Exchange(exchange, "toy.role", None, ended)
        return Planned(
            Case(f"{exchange}-{variant}-{settings}", "", of, (), lambda: (), settings=settings), {"v": variant}
        )

    plan = [planned("a", 1, x=n) for n in range(30)] + [planned("a", n) for n in (1, 2, 2)] + [planned("b", 1, y=1)]
    first = in_turns(plan)
    assert [(p.case.exchange.name, dict(p.case.settings)) for p in first[:3]] == [("a", {}), ("b", {"y": 1}), ("a", {})]
    assert len(first) == 33, "each once"


async def test_a_finding_is_played_again_with_the_settings_that_it_was_made_with():
    report, again = await searched(
        "short-content-taken", 100, include=("ohttp/bhttp/truncation/*trailers-cut",), shrinking=20
    )
    cases = {case.id: case for case in load_cases(PROTOCOL)}
    assert report.findings
    assert all(cases[f.case].settings for f in report.findings), "each of these cases has settings"
    assert {times for times, _ in again} == {3}


async def test_an_adapter_that_breaks_ends_the_search(monkeypatch):
    async def broken(self, example):
        raise AdapterError("it speaks no JSON")

    monkeypatch.setattr(Campaign, "see", broken)
    with pytest.raises(AdapterError, match="it speaks no JSON"):
        await searched("", 100)


# How it is kept


@pytest.fixture
def found(tmp_path):
    """A finding as it is stored."""
    stored = {
        "protocol": "ohttp", "role": "ohttp.gateway", "exchange": "fetch",
        "case": "ohttp/gateway/request/enc-cut-short", "variant": {"http": 1},
        "steps": [[{"point": "request", "path": "enc", "op": "extend", "args": [{"hex": "00"}], "wire": False}]],
        "observation": "accepted-anyway", "because": "it did", "fields": ["request.enc"],
        "requirements": ["rfc9458/4.3/undecryptable-request-refused"], "seed": 3, "rate": [3, 3],
        "octets": {"request": "0102"}, "twin": {"request": "01"}, "format": "conformance-finding/1",
    }  # fmt: skip
    place = tmp_path / "finding.json"
    place.write_text(json.dumps(stored))
    return place


def test_a_finding_becomes_a_vector(found, tmp_path):
    result = CliRunner().invoke(cli, ["vectors", "add", str(found), "--to", str(tmp_path / "v")])
    assert result.exit_code == 0, result.output
    again = CliRunner().invoke(cli, ["vectors", "add", str(found), "--to", str(tmp_path / "v")])
    assert again.output == result.output, "once is enough"
    (tmp_path / "v" / "schema").mkdir()
    for schema in (vectors.folder() / "schema").iterdir():
        (tmp_path / "v" / "schema" / schema.name).write_bytes(schema.read_bytes())
    assert vectors.check({"rfc9458/4.3/undecryptable-request-refused"}, tmp_path / "v") == []
    (file,) = vectors.load(root=tmp_path / "v")
    assert (file.origin, file.document, file.section) == ("found", "rfc9458", "4.3")
    bad = next(v for v in file.vectors if not v.valid)
    assert (bad.octets("octets"), bad.change) == (b"\1\2", "extend(request.enc, 00)")


def test_a_sequence_is_no_vector(found):
    stored = json.loads(found.read_text()) | {"octets": {}}
    found.write_text(json.dumps(stored))
    with pytest.raises(UsageError, match="no vector fits"):
        vector_of(read_finding(found))


def test_a_vector_is_about_something(found):
    stored = json.loads(found.read_text()) | {"requirements": []}
    found.write_text(json.dumps(stored))
    with pytest.raises(UsageError, match="near no case"):
        vector_of(read_finding(found))


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "is no finding"), ("{}", "is no finding"), ('{"steps": 1}', "is no finding")],
)
def test_what_is_no_finding_is_told(tmp_path, text, told):
    place = tmp_path / "f.json"
    place.write_text(text)
    with pytest.raises(UsageError, match=told):
        read_finding(place)


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary(max_size=300))
def test_no_octets_are_taken_for_a_finding(tmp_path_factory, octets):
    place = tmp_path_factory.mktemp("f") / "f.json"
    place.write_bytes(octets)
    with pytest.raises(UsageError):
        read_finding(place)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--reference", "--time", "soon"], "is no time"),
        (["--reference", "--fault", "nonsense"], "there is no fault"),
        (["--fault", "internal-error-for-unknown-key"], "--fault is one of a peer of ours"),
        (["--target", "http://192.0.2.1/"], "--i-own-this-target"),
        ([], "no target: nothing is tested"),
    ],
)
def test_what_cannot_be_is_told(words, told):
    result = CliRunner().invoke(cli, ["fuzz", "--protocol", "ohttp", *words])
    assert result.exit_code == 2
    assert told in result.output
