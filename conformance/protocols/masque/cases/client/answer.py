"""Answers to a request for a tunnel, as a client takes them (RFC 9298, Sections 3.3 and 3.5; RFC 9297, Section 3)."""

from __future__ import annotations

from conformance.cases import case, drop, given, insert, put
from conformance.model import ACCEPTED
from conformance.protocols.masque.exchanges import CLIENT_ERROR, client_echo
from conformance.wire.http import field

H1, LATER = {"http": [1]}, {"http": [2, 3]}
ABORTS = "rfc9298/3.1/client-aborts-on-non-success"
H1_ABORTS = "rfc9298/3.3/h1-bad-response-closes-connection"
LATER_ABORTS = "rfc9298/3.5/bad-response-aborts-request"
CONTENT = "rfc9297/3.2/capsule-message-violation-malformed"


@case(client_echo, ABORTS, expect=[CLIENT_ERROR], each=("302", "400", "403", "407", "500", "503"))
def tunnel_refused(status):
    """The proxy refuses the tunnel: the application is told, and sends nothing."""
    return put("answer.status", status.encode())


@case(client_echo, H1_ABORTS, expect=[CLIENT_ERROR], where=H1, each={
    "200": put("answer.status", b"200"), "no Upgrade": drop("answer.fields.upgrade"),
    "another token": put("answer.fields.upgrade.value", b"websocket"),
    "two Upgrade": insert("answer.fields", 1, field(b"Upgrade", b"websocket")),
    "no Connection": drop("answer.fields.connection"),
})  # fmt: skip
def answer_that_upgrades_nothing(change):
    """Over HTTP/1.1 the answer is not 101 with Connection: Upgrade and one Upgrade: connect-udp."""
    return change


@case(
    client_echo, "rfc9298/3.5/success-status-any-2xx", expect=[ACCEPTED], where=LATER, each=("200", "201", "202", "299")
)
def any_2xx(status):
    """Over HTTP/2 and HTTP/3 every 2xx grants a tunnel."""
    return put("answer.status", status.encode())


@case(client_echo, CONTENT, LATER_ABORTS, expect=[CLIENT_ERROR], where=LATER, each=("204", "205", "206"))
def status_without_content(status):
    """A status that allows no content, or a part of it, cannot stand before capsules."""
    return put("answer.status", status.encode())


@case(client_echo, CONTENT, expect=[CLIENT_ERROR], each={
    "Content-Length": field(b"content-length", b"0"), "Content-Type": field(b"content-type", b"text/plain"),
})  # fmt: skip
def content_announced(line):
    """The answer grants a tunnel and announces content: malformed."""
    return insert("answer.fields", 0, line)


@case(client_echo, "rfc9297/3.4/capsule-protocol-false-is-absent", expect=[ACCEPTED], each={
    "missing": drop("answer.fields.capsule-protocol"), "?0": put("answer.fields.capsule-protocol.value", b"?0"),
})  # fmt: skip
def no_capsule_protocol(change):
    """The answer does not say Capsule-Protocol: the tunnel works without it."""
    return change


@case(
    client_echo, "rfc9297/3.4/capsule-protocol-wrong-type-ignored", expect=[ACCEPTED],
    each=("1", '"?1"', "yes", "?1, ?1", "?2"),
)  # fmt: skip
def capsule_protocol_of_another_type(value):
    """Capsule-Protocol in the answer is no Boolean Item: it counts as absent."""
    return put("answer.fields.capsule-protocol.value", value.encode())


@case(client_echo, "rfc9297/3.4/unknown-parameters-ignored", expect=[ACCEPTED])
def capsule_protocol_with_parameters():
    """Capsule-Protocol in the answer has parameters that nobody knows."""
    return put("answer.fields.capsule-protocol.value", b"?1;a=1;b")


@case(client_echo, ABORTS, expect=[ACCEPTED], each=(100, 103))
def interim_answer_before(status):
    """An interim answer goes before: it is not the final one."""
    return given(interim=103), put("interim.status", str(status).encode())
