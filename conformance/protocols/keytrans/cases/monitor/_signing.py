"""Signatures that are not what they should be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from conformance.crypto.groups import EDWARDS25519
from conformance.protocols.keytrans.messages.plexi import signer
from conformance.protocols.keytrans.peers._plexi import KEYS


@dataclass(frozen=True, slots=True)
class Signing:
    """A way to sign, by name."""

    name: str
    sign: Callable[[bytes], bytes]

    def __call__(self, message: bytes) -> bytes:
        """The signature of a message."""
        return self.sign(message)

    def __str__(self) -> str:
        """Its name."""
        return self.name


def _above(message: bytes) -> bytes:
    _, sign = signer(KEYS[0])
    honest = sign(message)
    return honest[:32] + (int.from_bytes(honest[32:], "little") + EDWARDS25519.order).to_bytes(32, "little")


above_the_order = Signing("s + L", _above)
by_another = Signing("another key", signer(bytes([11]) * 32)[1])

SMALL_ORDER = {"identity": b"\1" + bytes(31), "order 2": b"\xec" + b"\xff" * 30 + b"\x7f", "order 4": bytes(32)}


def for_small_order(key: bytes) -> Signing:
    """What holds under a key of small order without its secret: some nonce makes the challenge vanish with the key."""
    point = EDWARDS25519.decode(key, identity=True)

    def sign(message: bytes) -> bytes:
        for nonce in range(1, 4096):
            r = (nonce * EDWARDS25519.generator).encode()
            k = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % EDWARDS25519.order
            if (k * point).identity:
                return r + nonce.to_bytes(32, "little")
        raise AssertionError("one of four challenges vanishes")

    return Signing(f"under {key.hex()}", sign)
