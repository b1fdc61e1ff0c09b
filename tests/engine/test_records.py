from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from conformance.engine.records import SHARED, decode_part, encode_part
from conformance.model import Change, Event, Part, Span
from conformance.wire import Message, UInt


def through(part):
    """A part as it comes back from the disk."""
    return decode_part(msgspec.json.decode(msgspec.json.encode(encode_part(part))))


def event(octets=b"", *spans, **value):
    return Event(0.5, "", "sent", "message", value, octets, tuple(Span(f"f{n}", *s) for n, s in enumerate(spans)))


keys = st.text(max_size=5) | st.just("$octets")
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
)


@given(values, st.text(), st.booleans())
def test_events_come_back_as_they_were(value, name, changed):
    part = Part("changed", {"http": 2, "suite": "a"}, 3, "session", events=[
        Event(1.25, "target", "received", name, {"it": value}, b"\x00\xff", (Span("a.b", 0, 1, True),), changed),
    ], round=2, exchange="talk", turn=4, number=7)  # fmt: skip

    assert through(part) == part


@given(values)
def test_changes_come_back_as_they_were_but_for_lists(value):
    change = Change("message[1]", "a.b[-1]", "put", (value, b"octets", 3), wire=True)
    (found,) = through(Part("changed", changes=(change,))).changes

    def tuples(v):
        return tuple(map(tuples, v)) if isinstance(v, list) else v

    assert found.args == tuples(list(change.args))
    assert (found.point, found.path, found.op, found.wire) == ("message[1]", "a.b[-1]", "put", True)


def test_recipes_come_back_as_their_octets_and_are_told_in_the_same_words():
    outside = Message(length=lambda get: UInt(len(get("elsewhere")), 2))
    args = (Message(a=b"\x01", b=UInt(2, 2)), UInt(5, 1), outside, frozenset({1}), ("x", (1, 2)), {3: 4, "$a": b"b"})
    change = Change("message", "list", "insert", args)
    (found,) = through(Part("changed", changes=(change,))).changes

    assert found.args == (
        b"\x01\x00\x02", b"\x05", "<Message>", "frozenset({1})", ("x", (1, 2)), {3: 4, "$a": b"b"},
    )  # fmt: skip
    assert str(found) == str(change)


def test_what_is_made_of_numbers_text_and_tuples_is_kept_as_them():
    value = {
        "level": IntEnum("Level", "LOW").LOW,
        "text": StrEnum("Text", "WORD").WORD,
        "span": Span("a", 0, 1),
        "many": (1, 2.5),
    }

    assert through(Part("", events=[event(**value)])).events[0].value == {
        "level": 1, "text": "word", "span": ["a", 0, 1, False], "many": [1, 2.5],
    }  # fmt: skip


def test_objects_are_kept_as_short_text():
    class Long:
        def __str__(self):
            return "x" * 1000

    (found,) = through(Part("changed", changes=(Change("", "", "given", (("inner", Long()),)),))).changes

    assert found.args == (("inner", "x" * 200 + "…"),)


def test_half_a_surrogate_pair_is_kept_as_text():
    part = through(Part("twin", events=[Event(0.0, "", "reply", "\ud800", {"ok": "a\udfffé"})]))

    assert (part.events[0].name, part.events[0].value) == ("\\ud800", {"ok": "a\\udfffé"})


CONTENT = bytes(range(200))


def test_octets_that_an_earlier_event_holds_are_references_to_it():
    events = [
        event(b"head" + CONTENT + b"tail", (0, 4), (4, 204), (204, 208)),
        event(CONTENT),
        event(b"before" + CONTENT + b"between" + b"head" + CONTENT + b"tail" + b"after"),
        event(CONTENT[: SHARED - 1]),
        event(b"x" * SHARED),
    ]
    record = encode_part(Part("twin", events=events))

    assert [e["octets"] for e in record["events"]] == [
        events[0].octets.hex(),
        [[0, 4, 204]],
        [b"before".hex(), [0, 4, 204], b"between".hex(), [0, 0, 208], b"after".hex()],
        events[3].octets.hex(),
        events[4].octets.hex(),
    ]
    assert decode_part(record).events == events


def test_fields_of_an_event_are_looked_for_in_earlier_ones():
    events = [event(b"sealed" + CONTENT), event(b"other" + CONTENT + b"end", (0, 5), (5, 205))]
    record = encode_part(Part("twin", events=events))

    assert record["events"][1]["octets"] == [b"other".hex(), [0, 6, 206], b"end".hex()]
    assert decode_part(record).events == events


blocks = st.sampled_from([CONTENT, CONTENT[:100], b"y" * 70, b"z" * SHARED, b"short", b""])


@given(st.lists(st.lists(blocks, max_size=4), max_size=5))
def test_octets_come_back_whatever_they_share(made):
    events = []
    for parts in made:
        spans, at = [], 0
        for block in parts:
            spans.append((at, at + len(block)))
            at += len(block)
        events.append(event(b"".join(parts), *spans))
    part = Part("twin", events=events)

    assert through(part).events == events
