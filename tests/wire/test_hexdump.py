"""Dumps show every octet once, beside the name of its innermost field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model import Change, Span
from conformance.wire import Line, Many, Message, UInt, hexdump, leaves

names = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(".".join)


@st.composite
def dumped(draw):
    """Octets, and spans that lie in them in any other way: nested, overlapping, of one name."""
    octets = draw(st.binary(max_size=60))
    place = st.integers(0, len(octets))
    made = st.builds(lambda p, a, b, c: Span(p, min(a, b), max(a, b), c), names, place, place, st.booleans())
    return octets, draw(st.lists(made, max_size=8))


@given(dumped())
def test_leaves_cover_every_octet_once(case):
    octets, spans = case
    at = 0
    for span in leaves(octets, spans):
        assert span.start == at
        assert span.end >= span.start
        at = span.end
    assert at == len(octets)


@given(dumped())
def test_a_dump_shows_every_octet_once(case):
    octets, spans = case
    lines = list(hexdump(octets, spans))
    assert b"".join(line.octets for line in lines) == octets
    at = 0
    for line in lines:
        assert line.offset == at
        assert len(line.octets) == len(line.text) <= 16
        assert bytes.fromhex(line.hex.replace("(empty)", "")) == line.octets
        at += len(line.octets)


@given(dumped(), st.integers(0, 20))
def test_a_limit_leaves_out_the_ends_of_long_fields_and_says_so(case, limit):
    octets, spans = case
    shown = {at for line in hexdump(octets, spans, limit) for at in range(line.offset, line.offset + len(line.octets))}
    told = sum(int(line.path.split()[1]) for line in hexdump(octets, spans, limit) if line.path.startswith("… "))
    assert len(shown) + told == len(octets)
    wanted = {at for _, start, end, _ in leaves(octets, spans) for at in range(start, min(end, start + limit))}
    assert shown == wanted


@given(dumped())
def test_only_innermost_fields_are_named(case):
    octets, spans = case
    named = {s.path for s in leaves(octets, spans)} - {""}
    assert not any(other.startswith(f"{path}.") for path in named for other in (s.path for s in spans))


@pytest.mark.parametrize(
    ("spans", "wanted"),
    [
        ([], [("", 0, 6)]),
        ([Span("a", 0, 6)], [("a", 0, 6)]),
        ([Span("a", 0, 6), Span("a.b", 0, 2)], [("a.b", 0, 2), ("", 2, 6)]),
        ([Span("a", 0, 4), Span("a[0]", 0, 2), Span("a[1]", 2, 4), Span("ab", 4, 6)],
         [("a[0]", 0, 2), ("a[1]", 2, 4), ("ab", 4, 6)]),
        ([Span("b", 4, 6), Span("a", 1, 2)], [("", 0, 1), ("a", 1, 2), ("", 2, 4), ("b", 4, 6)]),
        ([Span("a", 0, 6), Span("b", 3, 3)], [("a", 0, 6), ("b", 6, 6)]),
        ([Span("a", 0, 4), Span("b", 1, 3)], [("a", 0, 4), ("", 4, 6)]),
        ([Span("a", 0, 4), Span("b", 1, 3, True)], [("a", 0, 4), ("b", 4, 4), ("", 4, 6)]),
        ([Span("a", 0, 3), Span("b", 2, 6)], [("a", 0, 3), ("b", 3, 6)]),
    ],
)  # fmt: skip
def test_leaves(spans, wanted):
    assert [(s.path, s.start, s.end) for s in leaves(b"abcdef", spans)] == wanted


def test_a_field_that_is_gone_keeps_a_line():
    built = Message(a=b"one", b=b"two", c=b"").build([Change("p", "b", "drop")])
    assert [(line.path, line.octets, line.changed) for line in hexdump(built.octets, built.spans)] == [
        ("a", b"one", False), ("b", b"", True), ("c", b"", False),
    ]  # fmt: skip


def test_a_line_for_people():
    line = Line(0, "name", b"0123456789\n\xff~", changed=False)
    assert line.hex == "30 31 32 33 34 35 36 37  38 39 0a ff 7e"
    assert line.text == "0123456789..~"
    assert Line(0, "", b"", changed=False).hex == "(empty)"


def test_a_long_field_is_named_once_and_cut():
    lines = list(hexdump(bytes(40), [Span("a", 0, 40, True)], 32))
    assert [(line.offset, line.path, len(line.octets)) for line in lines] == [
        (0, "a", 16), (16, "", 16), (32, "… 8 octets more", 0),
    ]  # fmt: skip
    assert all(line.changed for line in lines)


def test_a_message_of_many_fields_is_shown_at_once():
    built = Message(item=Many(Message(n=UInt(n, 2), v=b"x") for n in range(3000))).build()
    assert len(leaves(built.octets, built.spans)) == 6000
