"""The vectors of Binary HTTP: the published examples, and those that are invalid by one change (RFC 9292)."""

from conformance.cases import from_vectors
from conformance.model import ACCEPTED, ANYWAY
from conformance.protocols.ohttp.exchanges import REFUSED, REQUEST, RESPONSE, decode, recipe_of

OPTIONAL = "rfc9292/3.8/nonzero-padding-refusal-optional"
HONEST = [recipe_of(message, known=known).encode() for message in (REQUEST, RESPONSE) for known in (True, False)]
"""What twins send anyhow."""


def _allowed(vector):
    if vector.valid:
        return [ACCEPTED]
    return [REFUSED, ANYWAY.per(OPTIONAL)] if OPTIONAL in vector.requirements else [REFUSED]


def _framing(vector):
    indeterminate = "indeterminate" in vector.id or vector.octets("message")[:1] in {b"\2", b"\3"}
    return {"framing": ["indeterminate" if indeterminate else "known"]}


from_vectors(
    decode,
    "ohttp/rfc9292-*.json",
    kind="bhttp.message",
    expect=_allowed,
    settings=lambda vector: {"octets": vector.octets("message")},
    where=_framing,
    only=lambda vector: vector.octets("message") not in HONEST,
)
