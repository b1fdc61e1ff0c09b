"""Contexts of HTTP datagrams (RFC 9298, Sections 4 and 5)."""

from __future__ import annotations

from conformance.cases import case, insert, put
from conformance.model import ACCEPTED
from conformance.protocols.masque.exchanges import ABORTED, CLEAN_END, DROPPED, MALFORMED, capsule_echo, echo
from conformance.protocols.masque.messages import CONTEXT_MAX, capsule_datagram, udp_payload

UNKNOWN = "rfc9298/5/unknown-context-id-dropped"
CONTEXTS = (1, 2, 63, 64, CONTEXT_MAX)


@case(
    echo, UNKNOWN, expect=[ACCEPTED], also={"rfc9298/4/context-id-zero-udp-payload": [ACCEPTED]}, each=CONTEXTS,
)  # fmt: skip
def payload_in_an_unknown_context(context):
    """A payload in a context that nobody opened does not reach the target, and the tunnel goes on."""
    return put("datagram.payload.context", context)


@case(capsule_echo, UNKNOWN, expect=[ACCEPTED], where={"http": [3]}, each=CONTEXTS)
def capsule_in_an_unknown_context(context):
    """The same in a DATAGRAM capsule."""
    return insert("capsules.capsule", 1, capsule_datagram(udp_payload(b"stray", context)))


@case(
    echo, "rfc9297/2.1/empty-datagram-payload-accepted",
    expect=[DROPPED, MALFORMED.per("rfc9298/5/context-id-precedes-payload"),
            ABORTED.per("rfc9298/5/context-id-precedes-payload"),
            CLEAN_END.per("rfc9298/5/context-id-precedes-payload")],
    each={"empty": b"", "cut": b"\x40", "cut further on": b"\xc0\0\0"},
)  # fmt: skip
def datagram_without_a_context(payload):
    """An HTTP datagram has no whole context ID: it is dropped, or ends the tunnel, but nothing reaches the target."""
    return put("datagram.payload", payload)
