"""What comes through a tunnel to a client (RFC 9297, Section 3; RFC 9298, Sections 4 and 5)."""

from __future__ import annotations

from conformance.cases import case, close, extend, given, insert, octets, put, reset
from conformance.model import ACCEPTED, Change
from conformance.protocols.masque.exchanges import CLIENT_ERROR, client_echo
from conformance.protocols.masque.messages import (
    CONTEXT_MAX,
    PAYLOAD_MAX,
    capsule_datagram,
    grease,
    udp_payload,
    unknown_capsule,
)
from conformance.wire import Message, Varint

H3, LATER = {"http": [3]}, {"http": [2, 3]}
UNKNOWN = "rfc9298/5/unknown-context-id-dropped"


def run(*capsules: Message) -> tuple[Change, ...]:
    """Capsules that come right behind the answer."""
    return tuple(insert("capsules.capsule", n, capsule) for n, capsule in enumerate(capsules))


@case(client_echo, "rfc9298/5/udp-payload-unmodified", expect=[ACCEPTED], each=(1, 512, 1100))
def payloads_of_size(size):
    """Payloads of that size come back to the application."""
    return given(sizes=(size, size))


@case(client_echo, UNKNOWN, expect=[ACCEPTED], each=(1, 2, 64, CONTEXT_MAX))
def capsule_in_an_unknown_context(context):
    """A DATAGRAM capsule in a context that nobody opened comes first: it is dropped."""
    return run(capsule_datagram(udp_payload(b"stray", context)))


@case(client_echo, UNKNOWN, expect=[ACCEPTED], where=H3)
def datagram_in_an_unknown_context():
    """A QUIC datagram in a context that nobody opened comes first: it is dropped."""
    return given(strays=((0, b""),)), put("strays.payload", udp_payload(b"stray", 98))


@case(
    client_echo,
    "rfc9297/3.2/unknown-capsule-skipped",
    expect=[ACCEPTED],
    also={"rfc9297/5.4/reserved-capsule-types-skipped": [ACCEPTED]},
    each=(0, 1, 63, 64, 16_384, (1 << 20) + 1),
)
def unknown_capsule_of_size(size):
    """A capsule of a reserved type comes first: it is skipped."""
    return run(unknown_capsule(grease(7), octets(size)))


@case(client_echo, "rfc9297/1.1/non-minimal-varints-accepted", expect=[ACCEPTED], each=(2, 4, 8))
def integers_of_width(width):
    """An unknown capsule with integers of that width comes first, and is skipped."""
    wide = Message(type=Varint(grease(0), width), length=Varint(1, width), payload=b"x")
    return run(wide, unknown_capsule(grease(1), b""))


@case(
    client_echo, "rfc9297/3.3/stream-end-inside-capsule-malformed", "rfc9297/3.3/capsule-errors-treated-as-malformed",
    expect=[CLIENT_ERROR], where=LATER,
    each={"behind the type": b"\x00", "inside the length": b"\x00\x40", "inside the value": b"\x00\x06\x00he"},
)  # fmt: skip
def stream_ends_inside_a_capsule(cut):
    """The proxy's side of the stream ends in the middle of a capsule: the application is told."""
    return extend("capsules", cut), close("capsules")


@case(
    client_echo, "rfc9298/5/oversize-udp-payload-aborts-stream", expect=[CLIENT_ERROR], each=(PAYLOAD_MAX + 1, 1 << 18)
)
def udp_payload_larger_than_any(size):
    """A DATAGRAM capsule in context 0 is larger than a UDP payload can be: the client aborts the stream."""
    return run(capsule_datagram(udp_payload(octets(size))))


@case(client_echo, "masque-http-layer/9114-8.1/unknown-error-codes-tolerated", expect=[CLIENT_ERROR], where=LATER)
def stream_reset():
    """The proxy resets the stream behind its answer: the application is told."""
    return *run(unknown_capsule(grease(0), b"x")), reset("capsules")


@case(client_echo, "rfc9297/2.1/empty-datagram-payload-accepted", expect=[ACCEPTED], each={
    "empty": b"", "cut": b"\x40",
})  # fmt: skip
def capsule_without_a_context(payload):
    """A DATAGRAM capsule without a whole context ID comes first: it is dropped."""
    return run(capsule_datagram(payload))


@case(client_echo, "rfc9298/5/context-id-precedes-payload", expect=[ACCEPTED], where={"http": [1, 2]}, each=(2, 4, 8))
def context_of_width(width):
    """The context ID 0 of replies is written in so many octets."""
    return put("datagram.payload.context", Varint(0, width))


@case(client_echo, "rfc9297/1.1/non-minimal-varints-accepted", expect=[ACCEPTED], where=H3, each=(2, 4, 8))
def quarter_of_width(width):
    """The quarter stream ID of replies is written in so many octets."""
    return put("datagram.quarter", Varint(0, width))


@case(client_echo, "rfc9297/2.1/truncated-quarter-stream-id-refused", expect=[CLIENT_ERROR], where=H3, each={
    "empty": b"", "cut": b"\x40",
})  # fmt: skip
def quarter_cut_short(frame):
    """A DATAGRAM frame is too short for a quarter stream ID: a connection error."""
    return given(strays=((0, b""),)), put("strays", frame)


@case(client_echo, "rfc9297/2.1/quarter-stream-id-overflow-refused", expect=[CLIENT_ERROR], where=H3)
def quarter_of_no_stream():
    """The quarter stream ID of a DATAGRAM frame is 2^60: a connection error."""
    return given(strays=((0, b""),)), put("strays.quarter", 1 << 60)
