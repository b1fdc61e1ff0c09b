"""The dialogues that the cases of Oblivious HTTP vary, by role."""

from conformance.bench import TargetAnswer
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
from conformance.protocols.ohttp.exchanges._library import (
    KEPT,
    MENDED,
    REFUSED,
    REQUEST,
    RESPONSE,
    decode,
    encode,
    lawful_message,
    recipe_of,
)

__all__ = [
    "ENCAPSULATED_4XX", "ENCAPSULATED_5XX", "KEPT", "MENDED", "MISLABELLED", "PLAIN_4XX", "PLAIN_5XX",
    "PLAIN_415", "PLAIN_422", "REFUSED", "REQUEST", "RESPONSE", "Asked", "Inner", "TargetAnswer", "ask", "convey",
    "decode", "encode", "fetch", "fetch_keys", "get_keys", "key_for", "lawful_message", "recipe_of",
]  # fmt: skip
