"""UDP payloads through a tunnel (RFC 9298, Section 5)."""

from __future__ import annotations

from conformance.cases import case, given
from conformance.model import ACCEPTED
from conformance.protocols.masque.exchanges import DROPPED, capsule_echo, echo

WHOLE = "rfc9298/5/udp-payload-unmodified"


@case(
    echo, WHOLE, expect=[ACCEPTED], also={"rfc9298/3/udp-relayed-both-ways": [ACCEPTED]}, each=(1, 2, 512, 1100),
)  # fmt: skip
def payload_of_size(size):
    """A payload of that size reaches the target and comes back octet by octet."""
    return given(sizes=(size,))


@case(capsule_echo, WHOLE, expect=[ACCEPTED], each=(1200, 1472, 1473, 2000, 9000, 65_507), where={"http": [1, 2]})
def payload_of_size_in_capsules(size):
    """A payload of that size reaches the target and comes back octet by octet, in capsules."""
    return given(sizes=(size,))


@case(echo, "rfc9298/5/empty-udp-payload-relayed", expect=[ACCEPTED])
def empty_payload():
    """A UDP payload of no octets becomes an empty packet, and so does the one that comes back."""
    return given(sizes=(0,))


@case(echo, WHOLE, "rfc9298/3/udp-relayed-both-ways", expect=[ACCEPTED])
def several_payloads():
    """Ten payloads, one after the other, pass there and back."""
    return given(sizes=(0, 1, 10, 100, 200, 300, 400, 500, 600, 700))


@case(echo, "rfc9298/3/udp-relayed-both-ways", expect=[ACCEPTED], each=(0, 1, 1000))
def packet_that_nobody_asked_for(size):
    """The target sends a packet by itself: it comes through the tunnel."""
    return given(reply=size or 1)


@case(
    echo, "rfc9298/3.1/received-packet-source-checked", "rfc9298/3.1/foreign-source-packets-discarded",
    expect=[ACCEPTED],
)  # fmt: skip
def packet_from_another_port():
    """A packet comes to the proxy's socket from another port than the target's: it is discarded."""
    return given(stray=100)


@case(
    echo, "rfc9298/6.1/oversize-reply-dropped-with-icmp", expect=[DROPPED], where={"http": [3]}, needs=["datagrams"],
    also={"rfc9298/6.1/oversize-reply-not-in-capsule": [DROPPED]}, each=(2000, 9000, 60_000),
)  # fmt: skip
def reply_larger_than_a_datagram(size):
    """The target sends a packet that fits in no QUIC datagram: it is dropped, and the tunnel goes on."""
    return given(reply=size)


@case(echo, WHOLE, expect=[ACCEPTED], where={"http": [1, 2]}, each=(1501, 9000, 65_507))
def large_packet_of_the_target(size):
    """The target sends a large packet: where capsules carry it, it comes whole."""
    return given(reply=size)
