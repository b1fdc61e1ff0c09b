"""What is allowed where a gateway cannot decapsulate: a 4xx in the open (RFC 9458, Section 5.2), of any number."""

from typing import Any

from conformance.protocols.ohttp.exchanges import PLAIN_4XX, PLAIN_422

REFUSED: dict[str, Any] = {
    "expect": [PLAIN_4XX],
    "also": {"rfc9458/5.2/invalid-message-gets-4xx": [PLAIN_4XX]},
}
UNDECRYPTABLE: dict[str, Any] = {
    "expect": [PLAIN_4XX],
    "also": {
        "rfc9458/5.2/invalid-message-gets-4xx": [PLAIN_4XX],
        "rfc9458/6.4/undecryptable-request-gets-422": [PLAIN_422],
    },
}


def by_text(*values: bytes) -> dict[str, bytes]:
    """Attempts that are called by the text that they send."""
    return {value.decode("latin-1") or "empty": value for value in values}
