"""The two cipher suites of draft-ietf-keytrans-protocol, 17.1, and what is computed with them (11.5 to 11.7)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import cache, lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.crypto import vrf

COMMITMENT_KEY = bytes.fromhex("d821f8790d97709796b4d7903357c3f5")
OPENING = 16
"""Octets of a commitment's opening, Nc."""
OUTPUT = 32
"""Octets of a search key, VRF.Nh: longer outputs are cut."""
KEPT = 1 << 14
"""How many proofs of VRFs are remembered: searches look up the same versions again and again."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A cipher suite: its number, its VRF, and whether it signs with Ed25519 or with ECDSA over P-256."""

    name: str
    number: int
    vrf: vrf.Suite
    edwards: bool

    @property
    def proof_length(self) -> int:
        """Octets of a VRF proof, VRF.Np."""
        return self.vrf.proof_length

    def signer(self, secret: bytes) -> bytes:
        """The public key of a signature key of 32 octets."""
        if self.edwards:
            private = ed25519.Ed25519PrivateKey.from_private_bytes(secret)
            return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return _ecdsa(secret).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, secret: bytes, message: bytes) -> bytes:
        """A signature, the same for the same message."""
        if self.edwards:
            return ed25519.Ed25519PrivateKey.from_private_bytes(secret).sign(message)
        r, s = decode_dss_signature(_ecdsa(secret).sign(message, ec.ECDSA(SHA256(), deterministic_signing=True)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def signed(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether a signature is one over a message; never where key or signature are none."""
        if len(signature) != 64:
            return False
        try:
            if self.edwards:
                ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
                return True
            if len(public) != 65 or public[0] != 4:
                return False
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True

    def prover(self, secret: bytes) -> bytes:
        """The public key of a VRF key of 32 octets."""
        return _vrf_public(self.vrf.name, secret)

    def prove(self, secret: bytes, alpha: bytes) -> bytes:
        """The VRF proof for an input."""
        return _proved(self.vrf.name, secret, alpha)

    def output(self, proof: bytes) -> bytes | None:
        """The search key that a proof leads to, whether or not it holds; None where it is none."""
        return _output(self.vrf.name, proof)

    def verified(self, public: bytes, alpha: bytes, proof: bytes) -> bytes | None:
        """The search key, where the proof holds for the input; None otherwise."""
        return _verified(self.vrf.name, public, alpha, proof)


@cache
def _ecdsa(secret: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())


@cache
def _vrf_public(suite: str, secret: bytes) -> bytes:
    return vrf.public_of(vrf.SUITES[suite], secret)


@lru_cache(KEPT)
def _proved(suite: str, secret: bytes, alpha: bytes) -> bytes:
    return vrf.prove(vrf.SUITES[suite], secret, alpha)


@lru_cache(KEPT)
def _output(suite: str, proof: bytes) -> bytes | None:
    try:
        return vrf.proof_to_hash(vrf.SUITES[suite], proof)[:OUTPUT]
    except vrf.VRFError:
        return None


@lru_cache(KEPT)
def _verified(suite: str, public: bytes, alpha: bytes, proof: bytes) -> bytes | None:
    try:
        return vrf.verify(vrf.SUITES[suite], public, alpha, proof)[:OUTPUT]
    except vrf.VRFError:
        return None


P256 = Suite("KT_128_SHA256_P256", 1, vrf.P256_TAI, edwards=False)
ED25519 = Suite("KT_128_SHA256_Ed25519", 2, vrf.EDWARDS25519_TAI, edwards=True)
SUITES = {suite.number: suite for suite in (P256, ED25519)}
"""The suites by number."""


def vrf_input(label: bytes, version: int) -> bytes:
    """VrfInput (11.7)."""
    return bytes([len(label) & 0xFF]) + label + version.to_bytes(4, "big")


def commitment(opening: bytes, label: bytes, version: int, update: bytes) -> bytes:
    """The commitment to an encoded UpdateValue (11.6)."""
    message = opening + bytes([len(label) & 0xFF]) + label + version.to_bytes(4, "big") + update
    return hmac.digest(COMMITMENT_KEY, message, "sha256")
