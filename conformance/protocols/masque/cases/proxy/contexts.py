"""Contexts of HTTP datagrams (RFC 9298, Sections 4 and 5)."""

from __future__ import annotations

from conformance.cases import case, put
from conformance.model import ACCEPTED
from conformance.protocols.masque.exchanges import echo
from conformance.protocols.masque.messages import CONTEXT_MAX


@case(
    echo, "rfc9298/5/unknown-context-id-dropped", expect=[ACCEPTED],
    also={"rfc9298/4/context-id-zero-udp-payload": [ACCEPTED]},
    each=(1, 2, 63, 64, CONTEXT_MAX),
)  # fmt: skip
def payload_in_an_unknown_context(context):
    """A payload in a context that nobody opened does not reach the target, and the tunnel goes on."""
    return put("datagram.payload.context", context)
