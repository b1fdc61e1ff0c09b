"""The vectors of key configurations: collections that are invalid by one change (RFC 9458, Section 3)."""

from conformance.cases import from_vectors
from conformance.protocols.ohttp.cases._library_vectors import variant_of
from conformance.protocols.ohttp.exchanges import REFUSED, read_keys

from_vectors(
    read_keys,
    "ohttp/rfc9458-keys-*.json",
    kind="ohttp.keys",
    expect=lambda _: [REFUSED],
    only=lambda vector: not vector.valid,
    settings=lambda vector: {"octets": vector.octets("keys")},
    where=variant_of,
)
