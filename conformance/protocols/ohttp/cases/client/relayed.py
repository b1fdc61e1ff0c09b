"""Requests of a client that go through a relay (RFC 9458, Section 2)."""

from conformance.cases import case
from conformance.model import ACCEPTED, CRASH
from conformance.protocols.ohttp.exchanges import CLIENT_ERROR, by_itself, relayed_client_fetch


@case(
    by_itself(relayed_client_fetch, CLIENT_ERROR, CRASH),
    "rfc9458/4.3/request-hpke-info-exact",
    "rfc9458/5/client-posts-to-relay",
    "rfc9458/5/whole-request-encapsulated",
    "rfc9458/5/whole-response-delivered",
    expect=[ACCEPTED],
    where={"suite": "first"},
)
def through_a_relay():
    """The client is told a relay to post to, and the keys of the gateway behind it: the answer comes out."""
    return ()
