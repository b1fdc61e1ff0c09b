"""The vectors of encapsulated requests: those that do not open, each by one change (RFC 9458, Section 4.3)."""

from conformance.cases import from_vectors
from conformance.protocols.ohttp.cases._library_vectors import entry_of, variant_of
from conformance.protocols.ohttp.exchanges import REFUSED, decapsulate

from_vectors(
    decapsulate,
    "ohttp/rfc9458-request-*.json",
    kind="ohttp.request",
    expect=lambda _: [REFUSED],
    only=lambda vector: not vector.valid,
    settings=lambda vector: {
        "octets": vector.octets("encapsulated_request"),
        "private": vector.octets("skR"),
        "key_id": entry_of(vector).key_id,
        "all_suites": True,
    },
    where=variant_of,
    needs=["private-key"],
)
