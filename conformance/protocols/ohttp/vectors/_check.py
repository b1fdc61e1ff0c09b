"""What the suite's own strict decoders say of a vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance import crypto
from conformance.crypto import KeyPair, Suite
from conformance.protocols.ohttp.messages import (
    REQUEST_LABEL,
    GatewayKey,
    Refused,
    RequestContext,
    decode_key_entry,
    open_request,
)
from conformance.protocols.ohttp.vectors import _bhttp, _keys
from conformance.wire import DecodeError


def answer(kind: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the vector says, as `expect` has it, or None where it is refused."""
    try:
        return _ANSWERS[kind](given)
    except (DecodeError, Refused):
        return None


def _message(given: Mapping[str, Any]) -> dict[str, Any]:
    return _bhttp.said(bytes.fromhex(given["message"]))


def _collection(given: Mapping[str, Any]) -> dict[str, Any]:
    return _keys.said(bytes.fromhex(given["keys"]))


def _request(given: Mapping[str, Any]) -> dict[str, Any]:
    entry = decode_key_entry(bytes.fromhex(given["key_configuration"]))
    key = GatewayKey(entry, bytes.fromhex(given["skR"]))
    content, _ = open_request(bytes.fromhex(given["encapsulated_request"]), [key])
    return {"request": content.hex()}


def _response(given: Mapping[str, Any]) -> dict[str, Any]:
    entry = decode_key_entry(bytes.fromhex(given["key_configuration"]))
    suite, private = Suite.parse(given["suite"]), bytes.fromhex(given["skE"])
    context = RequestContext(suite, entry.public, KeyPair(private, crypto.public_of(suite.kem, private)))
    ids = b"".join(number.to_bytes(2, "big") for number in (suite.kem, suite.kdf, suite.aead))
    info = REQUEST_LABEL + b"\0" + bytes([entry.key_id]) + ids
    context.sender(info, 0, context.ephemeral.public, context.dh())
    return {"response": context.open(bytes.fromhex(given["encapsulated_response"])).hex()}


_ANSWERS = {
    "bhttp.message": _message, "ohttp.keys": _collection, "ohttp.request": _request, "ohttp.response": _response,
}  # fmt: skip
