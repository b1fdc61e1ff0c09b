"""Requests for a tunnel in HTTP/2 and HTTP/3 (RFC 9298, Section 3.4; RFC 8441, Section 4; RFC 9297, Section 3)."""

from __future__ import annotations

from conformance.cases import case, drop, insert, put
from conformance.model import ACCEPTED, Outcome
from conformance.protocols.masque.exchanges import (
    CONNECTION_ERROR,
    MALFORMED,
    REFUSED_4XX,
    REFUSED_5XX,
    echo,
    knock,
)
from conformance.wire.http import field

LATER = {"http": [2, 3]}
H3_MALFORMED = "masque-http-layer/9114-4.1.2/h3-malformed-is-stream-error"
H2_MALFORMED = "masque-http-layer/9113-8.1.1/h2-malformed-is-stream-error"
EXTENDED = "rfc9298/3.4/bad-extended-connect-malformed"
WRONG_TYPE = "rfc9297/3.4/capsule-protocol-wrong-type-ignored"


def malformed(requirement: str) -> list[Outcome]:
    """A stream error, or an answer before it; closing the connection for it is allowed, with the same code."""
    return [
        MALFORMED,
        REFUSED_4XX.per(requirement),
        CONNECTION_ERROR.at("H3_MESSAGE_ERROR").per(requirement),
        CONNECTION_ERROR.at("PROTOCOL_ERROR").per(requirement),
    ]


PSEUDO = {
    "no scheme": drop("connect.scheme-name"), "empty scheme": put("connect.scheme", b""),
    "no path": drop("connect.target-name"), "empty path": put("connect.target", b""),
    "GET with a protocol": put("connect.method", b"GET"),
}  # fmt: skip


@case(
    echo, H3_MALFORMED, EXTENDED, where={"http": [3]}, expect=malformed(H3_MALFORMED), each=PSEUDO,
    also={"masque-http-layer/8441-4/protocol-needs-scheme-and-path": malformed(H3_MALFORMED)},
)  # fmt: skip
def extended_connect_without_its_parts(change):
    """An extended CONNECT over HTTP/3 lacks what it must have: H3_MESSAGE_ERROR on its stream, others live on."""
    return change


@case(
    echo, H2_MALFORMED, EXTENDED, where={"http": [2]}, expect=malformed(H2_MALFORMED), each=PSEUDO,
    also={"masque-http-layer/8441-4/protocol-needs-scheme-and-path": malformed(H2_MALFORMED)},
)  # fmt: skip
def extended_connect_without_its_parts_over_http2(change):
    """The same over HTTP/2: PROTOCOL_ERROR on its stream, others live on."""
    return change


@case(
    echo, "masque-http-layer/9114-4.2/forbidden-fields-malformed", where=LATER,
    expect=malformed("masque-http-layer/9114-4.2/forbidden-fields-malformed"),
    each={
        "connection": field(b"connection", b"upgrade"), "upgrade": field(b"upgrade", b"connect-udp"),
        "upper case": field(b"Capsule-Protocol", b"?1"), "te": field(b"te", b"gzip"),
        "keep-alive": field(b"keep-alive", b"timeout=5"),
    },
)  # fmt: skip
def field_that_does_not_belong(line):
    """A field of HTTP/1.1 connections, or one that no message of HTTP/2 and HTTP/3 can have."""
    return insert("connect.fields", 0, line)


@case(
    echo, "masque-http-layer/9114-4.3/pseudo-headers-known-unique-first", where=LATER,
    expect=malformed("masque-http-layer/9114-4.3/pseudo-headers-known-unique-first"),
    each={
        "unknown": field(b":foo", b"bar"), "a second path": field(b":path", b"/"),
        "a second protocol": field(b":protocol", b"connect-udp"), "of responses": field(b":status", b"200"),
    },
)  # fmt: skip
def pseudo_field_that_does_not_belong(line):
    """A pseudo-field is unknown, stands twice, or is one of responses."""
    return insert("connect.fields", 0, line)


@case(
    echo, "rfc9297/3.2/capsule-message-violation-malformed", where=LATER,
    expect=malformed("rfc9297/3.2/capsule-message-violation-malformed"),
    each={
        "Content-Length": field(b"content-length", b"0"), "a long one": field(b"content-length", b"1000"),
        "Content-Type": field(b"content-type", b"application/octet-stream"),
    },
)  # fmt: skip
def content_announced(line):
    """The request has a field of content, where capsules follow: malformed."""
    return insert("connect.fields", 0, line)


@case(
    echo, WRONG_TYPE, expect=[ACCEPTED],
    each=("1", '"?1"', "yes", "?1, ?1", "", "?2", "(?1)", "?1;", ":AQ==:", "?1 ?1"),
)  # fmt: skip
def capsule_protocol_of_another_type(value):
    """Capsule-Protocol is no Boolean Item: it counts as absent, and the tunnel works without it."""
    return put("connect.fields.capsule-protocol.value", value.encode())


@case(echo, WRONG_TYPE, expect=[ACCEPTED])
def capsule_protocol_twice():
    """Two lines of Capsule-Protocol make a List, which counts as absent."""
    return insert("connect.fields", -1, field(b"capsule-protocol", b"?1"))


@case(echo, "rfc9297/3.4/capsule-protocol-false-is-absent", expect=[ACCEPTED])
def capsule_protocol_false():
    """Capsule-Protocol is ?0, which means what its absence means."""
    return put("connect.fields.capsule-protocol.value", b"?0")


@case(echo, "rfc9297/3.4/capsule-protocol-false-is-absent", expect=[ACCEPTED])
def capsule_protocol_missing():
    """There is no Capsule-Protocol: the token connect-udp says enough."""
    return drop("connect.fields.capsule-protocol")


@case(echo, "rfc9297/3.4/unknown-parameters-ignored", expect=[ACCEPTED], each=("?1;a=1", "?1;a=1;b", "?1; x=1.5"))
def capsule_protocol_with_parameters(value):
    """Capsule-Protocol has parameters that nobody knows."""
    return put("connect.fields.capsule-protocol.value", value.encode())


@case(
    knock, "masque-http-layer/9220-3/unknown-protocol-gets-501", where={"asked": [2, 3]},
    expect=[REFUSED_5XX.at("501")],
    also={"rfc9298/3.4/protocol-is-connect-udp": [REFUSED_5XX, REFUSED_4XX, MALFORMED]},
    each=("connect-xyz", "connect-ip", "websocket"),
)  # fmt: skip
def another_protocol(token):
    """The protocol is another one: 501 is right, success is not."""
    return put("connect.protocol", token.encode())
