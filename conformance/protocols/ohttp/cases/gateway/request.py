"""Encapsulated requests that a gateway cannot open (RFC 9458, Sections 4.3 and 5.2)."""

from conformance.cases import case, cut
from conformance.protocols.ohttp.exchanges import PLAIN_4XX, PLAIN_422, fetch


@case(
    fetch,
    "rfc9458/4.3/undecryptable-request-refused",
    expect=[PLAIN_4XX],
    also={"rfc9458/6.4/undecryptable-request-gets-422": [PLAIN_422]},
)
def enc_cut_short():
    """The encapsulated key is one octet short."""
    return cut("request.enc", 1)
