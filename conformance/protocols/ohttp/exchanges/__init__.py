"""The dialogues that the cases of Oblivious HTTP vary, by role."""

from conformance.protocols.ohttp.exchanges._gateway import (
    ENCAPSULATED_4XX,
    ENCAPSULATED_5XX,
    MISLABELLED,
    PLAIN_4XX,
    PLAIN_5XX,
    PLAIN_415,
    PLAIN_422,
    Asked,
    Inner,
    ask,
    convey,
    fetch,
    fetch_keys,
    get_keys,
    key_for,
)

__all__ = [
    "ENCAPSULATED_4XX", "ENCAPSULATED_5XX", "MISLABELLED", "PLAIN_4XX", "PLAIN_5XX", "PLAIN_415", "PLAIN_422", "Asked",
    "Inner", "ask", "convey", "fetch", "fetch_keys", "get_keys", "key_for",
]  # fmt: skip
