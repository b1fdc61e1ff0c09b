"""The dialogues that the cases of Oblivious HTTP vary, by role."""

from conformance.bench import TargetAnswer
from conformance.library import REFUSED, by_itself, judged_by
from conformance.protocols.ohttp.exchanges._client import (
    CLIENT_ERROR,
    chunked_client_fetch,
    client_fetch,
    plain_client_fetch,
    relayed_client_fetch,
)
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
from conformance.protocols.ohttp.exchanges._hpke import (
    EXPORTS,
    INFO,
    MESSAGES,
    SCHEDULE,
    SEQUENCE,
    export,
    open_messages,
    seal,
)
from conformance.protocols.ohttp.exchanges._knock import knock
from conformance.protocols.ohttp.exchanges._library import (
    KEPT,
    MENDED,
    REQUEST,
    RESPONSE,
    decode,
    encode,
    lawful_message,
    recipe_of,
)
from conformance.protocols.ohttp.exchanges._library_hpke import (
    FOUND,
    GET,
    NO_REQUEST,
    Taken,
    decapsulate,
    encapsulate,
    give_again,
    give_octets,
    give_request,
    give_response,
    open_response,
    request_of,
    respond,
    seal_response,
    take_response,
)
from conformance.protocols.ohttp.exchanges._library_keys import (
    NO_ENTRY,
    encode_keys,
    keys_wrong,
    read_keys,
)
from conformance.protocols.ohttp.exchanges._relay import Given, answered_fields, relayed

__all__ = [
    "CLIENT_ERROR", "ENCAPSULATED_4XX", "ENCAPSULATED_5XX", "EXPORTS", "FOUND", "GET", "INFO", "KEPT", "MENDED",
    "MESSAGES", "MISLABELLED", "NO_ENTRY", "NO_REQUEST", "PLAIN_4XX", "PLAIN_5XX", "PLAIN_415", "PLAIN_422",
    "REFUSED", "REQUEST", "RESPONSE", "SCHEDULE", "SEQUENCE", "Asked", "Given", "Inner", "Taken", "TargetAnswer",
    "answered_fields", "ask", "by_itself", "chunked_client_fetch", "client_fetch", "convey", "decapsulate", "decode",
    "encapsulate", "encode", "encode_keys", "export", "fetch", "fetch_keys", "get_keys", "give_again", "give_octets",
    "give_request", "give_response", "judged_by", "key_for", "keys_wrong", "knock", "lawful_message", "open_messages",
    "open_response", "plain_client_fetch", "read_keys", "recipe_of", "relayed", "relayed_client_fetch", "request_of",
    "respond", "seal", "seal_response", "take_response",
]  # fmt: skip
