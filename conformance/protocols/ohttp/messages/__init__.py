"""The messages of Oblivious HTTP: key configurations, Binary HTTP, encapsulation. No I/O."""

from conformance.protocols.ohttp.messages._bhttp import (
    BHTTP_TYPE,
    CONTROL_PSEUDO_FIELDS,
    INDETERMINATE_REQUEST,
    BinaryRequest,
    BinaryResponse,
    Decoder,
    Line,
    Lines,
    bhttp_request,
    bhttp_response,
    decode_bhttp,
    decode_request,
    decode_response,
    lawful_request,
    lawful_response,
    line,
    prefixed,
)
from conformance.protocols.ohttp.messages._diagnosis import diagnosis
from conformance.protocols.ohttp.messages._encapsulation import (
    DATE_PROBLEM,
    HEADER_LENGTH,
    KEY_PROBLEM,
    PROBLEM_TYPE,
    PSK,
    REQUEST_LABEL,
    REQUEST_TYPE,
    RESPONSE_LABEL,
    RESPONSE_TYPE,
    GatewayKey,
    Refused,
    RequestContext,
    RequestHeader,
    ResponseContext,
    choose_key,
    encapsulated_request,
    encapsulated_response,
    open_request,
    read_header,
    response_keys,
    response_nonce_length,
)
from conformance.protocols.ohttp.messages._json import (
    connection_fields,
    message_json,
    message_of_json,
    same_informational,
    same_message,
)
from conformance.protocols.ohttp.messages._keys import (
    KEYS_TYPE,
    KeyEntry,
    decode_key_entry,
    decode_keys,
    key_collection,
    key_entry,
)

__all__ = [
    "BHTTP_TYPE", "CONTROL_PSEUDO_FIELDS", "DATE_PROBLEM", "HEADER_LENGTH", "INDETERMINATE_REQUEST", "KEYS_TYPE",
    "KEY_PROBLEM", "PROBLEM_TYPE", "PSK", "REQUEST_LABEL", "REQUEST_TYPE", "RESPONSE_LABEL", "RESPONSE_TYPE",
    "BinaryRequest", "BinaryResponse", "Decoder", "GatewayKey", "KeyEntry", "Line", "Lines", "Refused",
    "RequestContext", "RequestHeader", "ResponseContext", "bhttp_request", "bhttp_response", "choose_key",
    "connection_fields", "decode_bhttp", "decode_key_entry", "decode_keys", "decode_request", "decode_response",
    "diagnosis", "encapsulated_request", "encapsulated_response", "key_collection", "key_entry", "lawful_request",
    "lawful_response", "line", "message_json", "message_of_json", "open_request", "prefixed", "read_header",
    "response_keys", "response_nonce_length", "same_informational", "same_message",
]  # fmt: skip
