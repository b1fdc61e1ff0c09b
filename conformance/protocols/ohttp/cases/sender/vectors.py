"""The vectors of encapsulated responses: those that do not open, each by one change (RFC 9458, Section 4.4)."""

from conformance import crypto
from conformance.cases import from_vectors
from conformance.crypto import KeyPair, Suite
from conformance.protocols.ohttp.cases._library_vectors import entry_of, variant_of
from conformance.protocols.ohttp.exchanges import REFUSED, open_response


def _settings(vector):
    private, entry = vector.octets("skE"), entry_of(vector)
    kem = Suite.parse(vector.given["suite"]).kem
    return {
        "pairs": [KeyPair(vector.octets("skR"), entry.public)],
        "key_id": entry.key_id,
        "ephemeral": KeyPair(private, crypto.public_of(kem, private)),
        "octets": vector.octets("encapsulated_response"),
    }


from_vectors(
    open_response,
    "ohttp/rfc9458-response-*.json",
    kind="ohttp.response",
    expect=lambda _: [REFUSED],
    only=lambda vector: not vector.valid,
    settings=_settings,
    where=variant_of,
    needs=["ephemeral"],
)
