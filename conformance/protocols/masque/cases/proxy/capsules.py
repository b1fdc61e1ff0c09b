"""Capsules on a tunnel's stream (RFC 9297, Section 3)."""

from __future__ import annotations

from conformance.cases import case, close, extend, given, insert, octets, split
from conformance.model import ACCEPTED
from conformance.protocols.masque.exchanges import ABORTED, CAPSULES, DROPPED, MALFORMED, capsule_echo, echo
from conformance.protocols.masque.messages import PAYLOAD_MAX, capsule_datagram, grease, udp_payload, unknown_capsule
from conformance.wire import Many, Message, Varint

SKIPPED = "rfc9297/3.2/unknown-capsule-skipped"
CUT = "rfc9297/3.3/stream-end-inside-capsule-malformed"
ERRORS = "rfc9297/3.3/capsule-errors-treated-as-malformed"
LENGTH = len(CAPSULES.encode())


@case(echo, "rfc9297/3.5/datagram-capsule-equals-frame", expect=[ACCEPTED], where={"http": [3]})
def payload_in_a_capsule():
    """A payload goes in a DATAGRAM capsule although there are QUIC datagrams: it arrives, and an echo comes back."""
    return given(by="capsules")


@case(capsule_echo, "rfc9297/3.1/capsules-ignore-frame-boundaries", expect=[ACCEPTED], each=range(1, LENGTH, 7))
def run_of_capsules_in_two_pieces(at):
    """A run of capsules, unknown ones and every varint width among them, cut in two: in frames, or in TCP segments."""
    return given(capsules=CAPSULES), split("capsules", at)


@case(capsule_echo, "rfc9297/3.1/capsules-ignore-frame-boundaries", expect=[ACCEPTED])
def run_of_capsules_octet_by_octet():
    """The run of capsules leaves one octet at a time."""
    return given(capsules=CAPSULES), split("capsules", *range(1, LENGTH))


@case(
    capsule_echo, SKIPPED, expect=[ACCEPTED], also={"rfc9297/5.4/reserved-capsule-types-skipped": [ACCEPTED]},
    each=(0, 1, 63, 64, 16_383, 16_384, 65_536, (1 << 20) + 1),
)  # fmt: skip
def unknown_capsule_of_size(size):
    """A capsule of a reserved type, with a value of that size, stands in front of the others: it is skipped."""
    return insert("capsules.capsule", 0, unknown_capsule(grease(7), octets(size)))


@case(
    capsule_echo, SKIPPED, expect=[ACCEPTED],
    each={
        "0x17": (0x17, b"abc"), "0x40": (0x40, b""), "the largest": (Varint((1 << 62) - 1), b"x"),
        "ADDRESS_ASSIGN": (0x01, bytes.fromhex("0104c000020b20")),
        "ROUTE_ADVERTISEMENT": (0x03, bytes.fromhex("0400000000ffffffff00")),
        "COMPRESSION_ASSIGN": (0x11, bytes.fromhex("0200")), "WRAP_UP": (0x272DDA5E, b""),
    },
)  # fmt: skip
def unknown_capsule_of_type(capsule):
    """A capsule of a type that has no meaning in this tunnel is skipped; what other uses define is well formed."""
    return insert("capsules.capsule", 2, unknown_capsule(*capsule))


@case(
    capsule_echo, "rfc9297/1.1/non-minimal-varints-accepted", expect=[ACCEPTED],
    also={"rfc9298/5/context-id-precedes-payload": [ACCEPTED]}, each=(1, 2, 4, 8),
)  # fmt: skip
def integers_of_width(width):
    """Type, length and context of a DATAGRAM capsule are written in so many octets each."""
    length = width + len(b"wide")
    payload = Message(context=Varint(0, width), udp=b"wide")
    wide = Message(type=Varint(0, width), length=Varint(length, width), payload=payload)
    return insert("capsules.capsule", 1, wide)


@case(capsule_echo, "rfc9297/3.2/capsule-layout-type-length-value", expect=[ACCEPTED], each=(1, 10, 100))
def capsules_of_length_zero(n):
    """Unknown capsules without a value stand between the others."""
    return insert("capsules.capsule", 1, Many([unknown_capsule(grease(3), b"")] * n))


@case(
    capsule_echo,
    CUT,
    ERRORS,
    expect=[MALFORMED, ABORTED.at("H3_DATAGRAM_ERROR").per("rfc9297/3.3/capsule-errors-treated-as-malformed")],
    where={"http": [2, 3]},
    each={
        "behind the type": b"\x00",
        "inside the type": b"\x80\x00",
        "inside the length": b"\x00\x40",
        "behind the length": b"\x00\x06",
        "inside the value": b"\x00\x06\x00he",
        "inside an unknown one": b"\x17\x03ab",
    },
)
def stream_ends_inside_a_capsule(cut):
    """Our side of the stream ends cleanly in the middle of a capsule: a malformed message, no clean end."""
    return extend("capsules", cut), close("capsules")


@case(
    capsule_echo, "rfc9298/5/oversize-udp-payload-aborts-stream",
    expect=[MALFORMED, ABORTED.per("rfc9298/5/oversize-udp-payload-aborts-stream")],
    each=(PAYLOAD_MAX + 1, PAYLOAD_MAX + 1000, 1 << 18),
)  # fmt: skip
def udp_payload_larger_than_any(size):
    """A DATAGRAM capsule in context 0 is larger than a UDP payload can be: the stream is aborted."""
    return insert("capsules.capsule", 0, capsule_datagram(udp_payload(octets(size))))


@case(
    capsule_echo, "rfc9298/5/payload-beyond-link-limit-discarded", expect=[ACCEPTED], each=(65_508, PAYLOAD_MAX),
)  # fmt: skip
def udp_payload_larger_than_the_link_takes(size):
    """A UDP payload that no IPv4 packet can carry is dropped, and the tunnel goes on."""
    return insert("capsules.capsule", 0, capsule_datagram(udp_payload(octets(size))))


@case(
    capsule_echo, "rfc9297/3.5/oversize-capsule-discarded-unbuffered", expect=[ACCEPTED],
    also={"rfc9298/5/unknown-context-id-dropped": [ACCEPTED]},
)  # fmt: skip
def huge_datagram_in_an_unknown_context():
    """A DATAGRAM capsule of 300 kB in a context that nobody opened is skipped."""
    return insert("capsules.capsule", 0, capsule_datagram(udp_payload(octets(300_000), context=98)))


@case(
    echo, "rfc9297/3.2/no-whole-capsule-buffering",
    expect=[DROPPED, MALFORMED.per("rfc9297/3.3/capsule-errors-treated-as-malformed"),
            ABORTED.per("rfc9297/3.3/capsule-errors-treated-as-malformed")],
    where={"http": [3]}, needs=["datagrams"], each={"unknown": grease(2), "DATAGRAM": 0},
)  # fmt: skip
def capsule_without_an_end(kind):
    """A capsule announces 2^62 - 1 octets, of which 200 kB come: datagrams beside it pass, or it is refused."""
    endless = Message(type=Varint(kind), length=Varint((1 << 62) - 1), payload=b"\x02" + octets(200_000))
    return given(capsules=Message(capsule=Many([endless])))
