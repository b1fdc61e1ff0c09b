"""What the suite's own strict decoders say of a vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.protocols.privacypass.messages import (
    Refused,
    VOPRFKey,
    decode_blinded,
    decode_challenge,
    decode_directory,
    decode_request,
    decode_token,
    offer_of,
    parse_auth,
    public_key,
    token_of,
)
from conformance.wire import DecodeError

Given = Mapping[str, Any]


def answer(kind: str, given: Given) -> dict[str, Any] | None:
    """What the vector says, as `expect` has it, or None where it is refused."""
    try:
        return SAID[kind](given)
    except (DecodeError, Refused):
        return None


def _challenge(given: Given) -> dict[str, Any]:
    found = decode_challenge(bytes.fromhex(given["challenge"]))
    return {
        "token_type": found.token_type,
        "issuer_name": found.issuer.hex(),
        "redemption_context": found.context.hex(),
        "origins": [name.hex() for name in found.origins],
    }


def _token(given: Given) -> dict[str, Any]:
    found = decode_token(bytes.fromhex(given["token"]))
    return {
        "token_type": found.token_type,
        "nonce": found.nonce.hex(),
        "challenge_digest": found.digest.hex(),
        "token_key_id": found.key_id.hex(),
        "authenticator": found.authenticator.hex(),
    }


def _authorization(given: Given) -> dict[str, Any]:
    return {"token": token_of(given["field_value"].encode("latin-1")).hex()}


def _field(given: Given) -> dict[str, Any]:
    found = [offer_of(each) for each in parse_auth(given["field_value"].encode("latin-1")) if each.private]
    if not found:
        raise DecodeError("www-authenticate", 0, "no challenge of this scheme")
    return {
        "challenges": [
            {"challenge": o.challenge.hex()}
            | ({} if o.token_key is None else {"token_key": o.token_key.hex()})
            | ({} if o.max_age is None else {"max_age": o.max_age})
            for o in found
        ]
    }


def _directory(given: Given) -> dict[str, Any]:
    found = decode_directory(bytes.fromhex(given["directory"]))
    return {
        "issuer_request_uri": found.request_uri,
        "keys": [
            {"token_type": k.token_type, "token_key": k.key.hex()}
            | ({} if k.not_before is None else {"not_before": k.not_before})
            for k in found.keys
        ],
    }


def _key(given: Given) -> dict[str, Any]:
    return {"token_key_id": public_key(given["token_type"], bytes.fromhex(given["token_key"])).key_id.hex()}


def _request(given: Given) -> dict[str, Any]:
    found = decode_request(bytes.fromhex(given["token_request"]))
    key = public_key(found.token_type, bytes.fromhex(given["token_key"]))
    if found.truncated != key.truncated:
        raise Refused("key", "another key")
    decode_blinded(found, key)
    return {
        "token_type": found.token_type,
        "truncated_token_key_id": found.truncated,
        "blinded_msg": found.blinded.hex(),
    }


def _response(given: Given) -> dict[str, Any]:
    key = public_key(given["token_type"], bytes.fromhex(given["token_key"]))
    response = bytes.fromhex(given["token_response"])
    key.check(bytes.fromhex(given["blinded_msg"]), response)
    if isinstance(key, VOPRFKey):
        return {"evaluate_msg": response[:49].hex(), "evaluate_proof": response[49:].hex()}
    return {"blind_sig": response.hex()}


SAID: Mapping[str, Callable[[Given], dict[str, Any]]] = {
    "privacypass.authorization": _authorization,
    "privacypass.challenge-field": _field,
    "privacypass.directory": _directory,
    "privacypass.token": _token,
    "privacypass.token-challenge": _challenge,
    "privacypass.token-key": _key,
    "privacypass.token-request": _request,
    "privacypass.token-response": _response,
}
