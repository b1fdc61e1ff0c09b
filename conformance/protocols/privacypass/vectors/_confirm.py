"""Asking other implementations what they refuse: packages of PyPI about keys and elements, adapters about the rest."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from conformance.deriving import Ask, asking

Takes = Callable[[Mapping[str, Any]], bool]


def _said(takes: Takes) -> Ask:
    """What a function that takes vectors or not says of them, as adapters say it."""
    return lambda given: {"ok": {}} if takes(given) else {"refused": {}}


def _cryptography(octets: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), octets)
    except ValueError:
        return False
    return True


def _voprf(kind: str) -> Callable[[bytes], bool]:
    def takes(octets: bytes) -> bool:
        suite = importlib.import_module("voprf").p384
        try:
            getattr(suite, kind).deserialize(octets)
        except (ValueError, RuntimeError):
            return False
        return True

    return takes


def _point(name: str, at: int, takes: Callable[[bytes], bool]) -> Takes:
    """Looks at the element behind the first octets of a field; what is not of type 1 is taken."""

    def look(given: Mapping[str, Any]) -> bool:
        octets = bytes.fromhex(given[name])
        kind = given.get("token_type", int.from_bytes(octets[:2], "big"))
        return kind != 1 or takes(octets[at:])

    return look


def packages() -> dict[str, dict[str, Ask]]:
    """By package URL and kind, what asks about a vector."""
    ways: dict[str, dict[str, Takes]] = {
        f"pkg:pypi/cryptography@{metadata.version('cryptography')}": {
            "privacypass.token-key": _point("token_key", 0, _cryptography),
            "privacypass.token-request": _point("token_request", 3, _cryptography),
        },
        f"pkg:pypi/voprf@{metadata.version('voprf')}": {
            "privacypass.token-key": _point("token_key", 0, _voprf("PublicKey")),
            "privacypass.token-request": _point("token_request", 3, _voprf("BlindedInput")),
            "privacypass.token-response": lambda given: given["token_type"] != 1 or _output(given["token_response"]),
        },
    }
    return {purl: {kind: _said(takes) for kind, takes in kinds.items()} for purl, kinds in ways.items()}


def _output(text: str) -> bool:
    """The package writes a proof in front of its element."""
    octets = bytes.fromhex(text)
    return _voprf("VerifiableOutput")(octets[49:] + octets[:49])


QUESTIONS = {
    "privacypass.authorization": asking("privacypass.authorization.decode"),
    "privacypass.challenge-field": asking("privacypass.challenge-field.decode"),
    "privacypass.token": asking("privacypass.token.decode"),
    "privacypass.token-challenge": asking("privacypass.challenge.decode"),
    "privacypass.token-key": asking("privacypass.key.decode"),
    "privacypass.token-request": asking("privacypass.request.decode"),
    "privacypass.token-response": asking("privacypass.response.check"),
}
