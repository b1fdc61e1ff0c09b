"""Frames, capsules, HTTP datagrams and the field Capsule-Protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model import Change
from conformance.wire import DecodeError, Varint
from conformance.wire.http import (
    CapsuleReader,
    FrameReader,
    capsule,
    capsule_protocol,
    control_stream,
    datagram,
    decode_capsules_untrusted,
    decode_datagram_untrusted,
    decode_settings,
    encode_frame,
    lines_of,
    malformed,
    part_of,
    settings,
    switched,
    upgrade,
)

# RFC 9297, Section 3.5, in every width of its numbers
HELLO = [
    "00060068656c6c6f",
    "400040060068656c6c6f",
    "80000000800000060068656c6c6f",
    "c000000000000000c0000000000000060068656c6c6f",
]


@pytest.mark.parametrize("octets", HELLO)
def test_any_width_of_a_number_is_the_same_capsule(octets):
    (found,) = decode_capsules_untrusted(bytes.fromhex(octets))
    assert (found.type, found.length, found.value) == (0, 6, b"\0hello")
    assert found.head == len(octets) // 2 - 6


@pytest.mark.parametrize("octets", HELLO)
def test_every_prefix_of_a_capsule_is_cut_short(octets):
    whole = bytes.fromhex(octets)
    for cut in range(1, len(whole)):
        with pytest.raises(DecodeError):
            decode_capsules_untrusted(whole[:cut])


def test_a_capsule_is_a_recipe():
    message = capsule(0, datagram(0, b"hello"))
    assert message.encode().hex() == HELLO[0]
    assert message.build([Change("c", "length", "widen", (2,))]).octets.hex() == "0040060068656c6c6f"
    assert message.build([Change("c", "value.payload", "put", (b"hi",))]).octets.hex() == "0003006869"
    assert capsule(Varint(0x17, 4), b"").encode().hex() == "8000001700"


def test_a_reader_keeps_no_more_than_it_is_told():
    reader = CapsuleReader(4)
    (found,) = reader.feed(capsule(1, bytes(100)).encode())
    assert (found.length, found.value) == (100, bytes(4))
    head = bytes.fromhex("00ffffffffffffffff")  # of 2^62-1 octets
    assert reader.feed(head + bytes(1000)) == []
    assert not reader.between
    with pytest.raises(DecodeError, match="are missing"):
        reader.end()


def test_a_head_is_told_before_its_value():
    pieces = list(FrameReader().feed(bytes.fromhex("4041 05 6161")))
    assert [(p.type, p.length, p.octets, p.first, p.last) for p in pieces] == [(0x41, 5, b"aa", True, False)]
    assert [p.octets for p in FrameReader().feed(bytes.fromhex("4041 05"))] == [b""]


@given(st.lists(st.tuples(st.integers(0, (1 << 62) - 1), st.binary(max_size=70)), max_size=5), st.data())
def test_capsules_are_the_same_however_they_are_cut(given_capsules, data):
    whole = b"".join(capsule(kind, value).encode() for kind, value in given_capsules)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    reader, found = CapsuleReader(), []
    for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += reader.feed(whole[start:stop])
    reader.end()
    assert [(c.type, c.value) for c in found] == given_capsules
    assert [c.at for c in found] == [
        sum(len(capsule(*g).encode()) for g in given_capsules[:n]) for n in range(len(found))
    ]


@given(st.binary(max_size=60))
def test_any_octets_are_capsules_or_a_decode_error(octets):
    try:
        found = decode_capsules_untrusted(octets)
    except DecodeError:
        return
    assert sum(c.head + c.length for c in found) == len(octets)


@pytest.mark.parametrize(
    ("octets", "quarter", "payload"),
    [("0b0068656c6c6f", 11, b"\0hello"), ("cfffffffffffffff", (1 << 60) - 1, b""), ("00", 0, b"")],
)
def test_datagrams_are_read(octets, quarter, payload):
    assert decode_datagram_untrusted(bytes.fromhex(octets)) == (quarter, payload)
    assert datagram(Varint(quarter), payload).encode() == bytes.fromhex(octets)


@pytest.mark.parametrize("octets", ["", "40", "d000000000000000"])
def test_what_is_no_datagram_is_refused(octets):
    with pytest.raises(DecodeError):
        decode_datagram_untrusted(bytes.fromhex(octets))


def test_settings_are_recipes_of_two_versions():
    assert control_stream([(8, 1), (0x33, 1)]).encode().hex() == "00040408013301"
    assert settings([(8, 1)], version=2).encode().hex() == "000006" + "04" + "00" + "00000000" + "0008" + "00000001"
    assert decode_settings(bytes.fromhex("0801330108024041c000000000000005")) == ((8, 1), (0x33, 1), (8, 2), (0x41, 5))
    with pytest.raises(DecodeError):
        decode_settings(b"\x08")
    assert encode_frame(0x21, b"ab").hex() == "21026162"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], None), ([b"?1"], True), ([b"?0"], False), ([b"?1;a=b;c"], True), ([b" ?1 "], True), ([b"1"], None),
        ([b"?2"], None), ([b"true"], None), ([b'"?1"'], None), ([b"?1", b"?1"], None), ([b"?1, ?1"], None),
        ([b""], None), ([b"(?1)"], None), ([b"\xff"], None),
    ],
)  # fmt: skip
def test_the_field_is_a_boolean_or_not_there(values, said):
    assert capsule_protocol(tuple((b"Capsule-Protocol", v) for v in values)) is said


def test_an_upgrade_is_the_same_in_every_version():
    fields = [(b"Capsule-Protocol", b"?1")]
    first, *lines = upgrade(b"connect-udp", b"/x", b"h", fields).encode().split(b"\r\n")
    assert first == b"GET /x HTTP/1.1"
    assert lines == [b"Host: h", b"Connection: Upgrade", b"Upgrade: connect-udp", b"Capsule-Protocol: ?1", b"", b""]
    for version in (2, 3):
        built = upgrade(b"connect-udp", b"/x", b"h", fields, version=version, scheme=b"https").build()
        assert lines_of(built).fields == (
            (b":method", b"CONNECT"), (b":protocol", b"connect-udp"), (b":scheme", b"https"), (b":authority", b"h"),
            (b":path", b"/x"), (b"capsule-protocol", b"?1"),
        )  # fmt: skip
        assert malformed(lines_of(built).fields, request=True) == ""
        assert part_of(built, "protocol") == b"connect-udp"


def test_a_switch_has_no_content_in_any_version():
    assert switched(b"connect-udp", [(b"a", b"b")]).encode() == (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: connect-udp\r\na: b\r\n\r\n"
    )
    assert lines_of(switched(b"x", version=3).build()).fields == ((b":status", b"200"),)


def test_a_protocol_belongs_to_connect():
    fields = ((b":method", b"GET"), (b":protocol", b"x"), (b":scheme", b"https"), (b":path", b"/"))
    assert "does not belong there" in malformed(fields, request=True)
