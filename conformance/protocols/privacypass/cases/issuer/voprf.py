"""Requests of type 1: VOPRF over P-384 (RFC 9578, Section 5; RFC 9497)."""

from conformance.cases import case
from conformance.model import ACCEPTED
from conformance.protocols.privacypass.exchanges import issue


@case(issue, "rfc9578/5.2/voprf-success-200-and-type", expect=[ACCEPTED], where={"type": [1]})
def token_issued():
    """An honest request."""
    return ()
