"""Asking a second implementation, through its adapter, what it refuses."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from conformance import crypto
from conformance.crypto import Suite
from conformance.deriving import Adapter, Answer
from conformance.protocols.ohttp.messages import decode_key_entry


def _message(adapter: Adapter, given: Mapping[str, Any]) -> Answer:
    return adapter.ask("bhttp.decode", {"message": given["message"]})


def _collection(adapter: Adapter, given: Mapping[str, Any]) -> Answer:
    return adapter.ask("keyconfig.decode", {"keys": given["keys"]})


def _request(adapter: Adapter, given: Mapping[str, Any]) -> Answer:
    entry = decode_key_entry(bytes.fromhex(given["key_configuration"]))
    asked = {
        "key_id": entry.key_id,
        "kem": entry.kem,
        "suites": [list(pair) for pair in entry.algorithms],
        "private_key": given["skR"],
    }
    made = adapter.ask("keyconfig.encode", asked)
    if "ok" not in made:
        return made if "unsupported" in made else {}
    asked = {"key": made["ok"]["key"], "request": given["encapsulated_request"]}
    return adapter.ask("ohttp.request.decapsulate", asked)


def _response(adapter: Adapter, given: Mapping[str, Any]) -> Answer:
    """The secret comes from the adapter, as the gateway exports it; response keys and opening from HMAC and an AEAD."""
    entry = decode_key_entry(bytes.fromhex(given["key_configuration"]))
    suite = Suite.parse(given["suite"])
    enc = crypto.public_of(suite.kem, bytes.fromhex(given["skE"]))
    ids = b"".join(number.to_bytes(2, "big") for number in (suite.kem, suite.kdf, suite.aead))
    key_length = suite.aead_info.key_length
    length = max(key_length, suite.aead_info.nonce_length)
    asked = {
        "suite": suite.name,
        "private_key": given["skR"],
        "enc": enc.hex(),
        "info": (b"message/bhttp request\0" + bytes([entry.key_id]) + ids).hex(),
        "exports": [{"context": b"message/bhttp response".hex(), "length": length}],
    }
    said = adapter.ask("hpke.export", asked)
    if "ok" not in said:
        return said if "unsupported" in said else {}
    response = bytes.fromhex(given["encapsulated_response"])
    nonce, ciphertext = response[:length], response[length:]
    prk = hmac.digest(enc + nonce, bytes.fromhex(said["ok"]["secrets"][0]), "sha256")
    key = hmac.digest(prk, b"key\1", "sha256")[:key_length]
    aead = ChaCha20Poly1305(key) if suite.aead == 3 else AESGCM(key)
    try:
        opened = aead.decrypt(hmac.digest(prk, b"nonce\1", "sha256")[:12], ciphertext, b"")
    except (InvalidTag, ValueError):
        return {"refused": {"class": "ciphertext"}}
    return {"ok": {"response": opened.hex()}} if len(nonce) == length else {"refused": {"class": "truncated"}}


QUESTIONS = {
    "bhttp.message": _message, "ohttp.keys": _collection, "ohttp.request": _request, "ohttp.response": _response,
}  # fmt: skip
