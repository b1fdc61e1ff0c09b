"""What is asked of transcripts: events of a kind, what left, how it ended, which changes were applied."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model import (
    ADAPTER,
    CRASH,
    ENDINGS,
    ERROR,
    HEALTH,
    NOTHING,
    TWIN,
    UNSUPPORTED,
    Change,
    Event,
    Outcome,
    Part,
    Span,
    Transcript,
)


def event(what, name="", where="", octets=b"", spans=(), **value):
    return Event(0.0, where, what, name, value, octets, tuple(Span(*s) for s in spans))


def test_events_of_a_kind_oldest_first():
    events = [event("sent", "a"), event("received", "a"), event("received", "b", "target"), event("received", "a", "x")]
    part = Part("changed", events=events)
    assert part.all("received") == events[1:]
    assert part.all("received", "a") == [events[1], events[3]]
    assert part.all("received", where="") == [events[1]]
    assert part.all("received", "b", "target") == [events[2]]
    assert part.all("opened") == []
    assert part.last("received") is events[3]
    assert part.last("received", "b") is events[2]
    assert part.last("opened") is None


SENT = [
    event("sent", "p", octets=b"abc", spans=[("x", 0, 1), ("y", 1, 3)]),
    event("sealed", "p.s", octets=b"12", spans=[("n", 0, 1), ("[0]", 1, 2)]),
    event("sealed", "p.t[1]", octets=b"3"),
    event("sealed", "q.s", octets=b"another's"),
    event("sent", "q", octets=b"q"),
    event("sent", "p", octets=b"d"),
    event("sealed", "p.s", octets=b"4"),
]


@pytest.mark.parametrize(
    ("point", "nth", "fields"),
    [
        ("p", 0, {"": b"abc", "x": b"a", "y": b"bc", "s": b"12", "s.n": b"1", "s[0]": b"2", "t[1]": b"3"}),
        ("p", -2, {"": b"abc", "x": b"a", "y": b"bc", "s": b"12", "s.n": b"1", "s[0]": b"2", "t[1]": b"3"}),
        ("p", 1, {"": b"d", "s": b"4"}),
        ("p", -1, {"": b"d", "s": b"4"}),
        ("q", 0, {"": b"q"}),
    ],
)
def test_what_left_at_a_point(point, nth, fields):
    sent = Part("changed", events=SENT).sent(point, nth)
    assert sent.fields == fields
    assert sent.event.octets == fields[""]


@pytest.mark.parametrize(("point", "nth"), [("p", 2), ("p", -3), ("r", 0), ("r", -1)])
def test_a_point_that_was_not_reached(point, nth):
    assert Part("changed", events=SENT).sent(point, nth) is None


def test_the_last_that_left_unless_told_otherwise():
    assert Part("changed", events=SENT).sent("p").event.octets == b"d"


@pytest.mark.parametrize(("heavy", "light"), [*itertools.combinations(ENDINGS, 2)])
def test_the_weightiest_ending_counts_whatever_came_last(heavy, light):
    for events in itertools.permutations([event(heavy.name, code=7, detail="why"), event(light.name)]):
        part = Part("changed", events=list(events))
        assert part.ending() == Outcome(heavy.name, "7")
        assert part.detail() == "why"


def test_of_endings_of_a_kind_the_last_counts():
    part = Part("changed", events=[event("closed", detail="one"), event("closed", detail="two", code="x")])
    assert (part.ending(), part.detail()) == (Outcome("closed", "x"), "two")


@pytest.mark.parametrize(
    ("events", "outcome", "detail"),
    [
        ([], NOTHING, ""),
        ([event("reply", ok={})], NOTHING, ""),
        ([event("reply", unsupported={"reason": "no PSK"})], UNSUPPORTED, "no PSK"),
        ([event("reply", unsupported={})], UNSUPPORTED, ""),
        ([event("reply", ok={}), event("reply", unsupported={"reason": "r"})], UNSUPPORTED, "r"),
        ([event("reply", unsupported={"reason": "r"}), event("crash")], CRASH, ""),
        ([event("adapter-error", detail="d"), event("crash")], ADAPTER, "d"),
        ([event("suite-error", detail="d"), event("adapter-error")], ERROR, "d"),
    ],
)
def test_how_a_part_ended(events, outcome, detail):
    part = Part("changed", events=events)
    assert (part.ending(), part.detail()) == (outcome, detail)


def test_applied_changes_of_all_points():
    changes = (Change("p", "a", "drop"), Change("q", "b", "drop"))
    events = [event("sent", "p", applied=[0]), event("sent", "q"), event("given", applied=[1])]
    assert Part("changed", changes=changes, events=events).applied == {0, 1}
    assert Part("changed", changes=changes, events=events[:2]).applied == {0}
    assert Part("twin", events=[event("sent", "p")]).applied == set()


def test_parts_by_name():
    parts = tuple(Part(n) for n in (TWIN, "first", "first again", "second", HEALTH, HEALTH))
    transcript = Transcript("a/b", {}, parts)
    assert transcript.named("first") == [parts[1]]
    assert transcript.named(HEALTH) == [*parts[4:]]
    assert transcript.starting("first") == [*parts[1:3]]
    assert transcript.tested == [*parts[1:4]]


@given(st.lists(st.integers(0, 3)))
def test_rounds_take_the_transcript_apart(numbers):
    parts = tuple(Part(str(n), round=number) for n, number in enumerate(numbers))
    rounds = list(Transcript("a/b", {"http": 1}, parts).rounds())
    assert [t.parts[0].round for t in rounds] == sorted(set(numbers))
    assert sorted((p for t in rounds for p in t.parts), key=lambda p: int(p.name)) == list(parts)
    assert all((t.case, t.variant) == ("a/b", {"http": 1}) for t in rounds)
    assert all(len({p.round for p in t.parts}) == 1 for t in rounds)
