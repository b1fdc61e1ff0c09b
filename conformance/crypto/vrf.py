"""Verifiable random functions on elliptic curves (RFC 9381, 5): the four suites of P-256 and edwards25519.

    pair = public_of(suite, secret)
    octets = prove(suite, secret, b"alpha")
    verify(suite, pair, b"alpha", octets)        # the output, or VRFError

`ECVRF` holds one method for each step of the document, so that a step can be replaced. A proof is also had as a recipe,
`ECVRF.recipe`, of which parts can be changed: what is computed from a changed part follows it. Nothing here runs in
constant time: the keys are those of tests.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.crypto.groups import EDWARDS25519, P256, Edwards25519, Element, Weierstrass
from conformance.wire import DecodeError, Message, Sealed

CHALLENGE_LENGTH = 16
"""Octets of the challenge, cLen, in all four suites (5.5)."""


class VRFError(Exception):
    """INVALID of the document: octets that are no key or proof, or a proof that does not hold."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite of 5.5: its octet, the curve, the hash as hashlib names it, and how alpha is encoded to the curve."""

    name: str
    octet: int
    group: Weierstrass | Edwards25519
    hash: str
    mapping: str = ""  # the suite of RFC 9380; empty: try and increment

    @property
    def point_length(self) -> int:
        """Octets of a point, ptLen."""
        return self.group.element_length

    @property
    def proof_length(self) -> int:
        """Octets of a proof."""
        return self.point_length + CHALLENGE_LENGTH + self.group.scalar_length

    @property
    def output_length(self) -> int:
        """Octets of the output, hLen."""
        return hashlib.new(self.hash).digest_size

    @property
    def little(self) -> bool:
        """Whether integers stand with their least significant octet first (RFC 8032)."""
        return isinstance(self.group, Edwards25519)


P256_TAI = Suite("ECVRF-P256-SHA256-TAI", 1, P256, "sha256")
P256_SSWU = Suite("ECVRF-P256-SHA256-SSWU", 2, P256, "sha256", "P256_XMD:SHA-256_SSWU_NU_")
EDWARDS25519_TAI = Suite("ECVRF-EDWARDS25519-SHA512-TAI", 3, EDWARDS25519, "sha512")
EDWARDS25519_ELL2 = Suite(
    "ECVRF-EDWARDS25519-SHA512-ELL2", 4, EDWARDS25519, "sha512", "edwards25519_XMD:SHA-512_ELL2_NU_"
)
SUITES = {suite.name: suite for suite in (P256_TAI, P256_SSWU, EDWARDS25519_TAI, EDWARDS25519_ELL2)}
"""The suites by name."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof's octets say: Gamma, the challenge, and the scalar."""

    gamma: Element
    c: int
    s: int


class ECVRF:
    """The steps of one suite."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.group = suite.group

    def hash(self, *parts: bytes) -> bytes:
        """The suite's hash of octets behind one another."""
        return hashlib.new(self.suite.hash, b"".join(parts)).digest()

    def integer(self, octets: bytes) -> int:
        """string_to_int of the suite."""
        return int.from_bytes(octets, "little" if self.suite.little else "big")

    def octets(self, number: int, length: int) -> bytes:
        """int_to_string of the suite; a number that is too large loses what does not fit."""
        return (number % (1 << 8 * length)).to_bytes(length, "little" if self.suite.little else "big")

    @property
    def _octet(self) -> bytes:
        return bytes([self.suite.octet])

    # --- Both sides --------------------------------------------------------------------------------------------------

    def encode_to_curve(self, salt: bytes, alpha: bytes) -> Element:
        """H (5.4.1); VRFError where none of the 256 tries gives a point."""
        if self.suite.mapping:
            domain = b"ECVRF_" + self.suite.mapping.encode() + self._octet
            return self.group.encode_to_group(salt + alpha, domain)
        for counter in range(256):
            candidate = self.candidate(self.hash(self._octet, b"\1", salt, alpha, bytes([counter]), b"\0"))
            if candidate is not None and not (self.group.cofactor * candidate).identity:
                return self.group.cofactor * candidate
        raise VRFError("no try gives a point")

    def candidate(self, digest: bytes) -> Element | None:
        """interpret_hash_value_as_a_point (5.5), or None for INVALID."""
        octets = digest[:32] if self.suite.little else b"\2" + digest
        try:
            return self.group.decode(octets, identity=True)
        except DecodeError:
            return None

    def challenge(self, *points: Element) -> int:
        """The challenge over five points (5.4.3); infinity of P-256 is one zero octet (SEC 1, 2.3.3)."""
        encoded = b"".join(point.encode() for point in points)
        return self.integer(self.hash(self._octet, b"\2", encoded, b"\0")[:CHALLENGE_LENGTH])

    def output(self, gamma: Element) -> bytes:
        """The output that belongs to Gamma (5.2)."""
        return self.hash(self._octet, b"\3", (self.group.cofactor * gamma).encode(), b"\0")

    # --- Provers -----------------------------------------------------------------------------------------------------

    def secret_scalar(self, secret: bytes) -> int:
        """The scalar x of a secret key (5.5); VRFError for octets that are no key."""
        if len(secret) != 32:
            raise VRFError(f"a secret key of {len(secret)} octets, not 32")
        if self.suite.little:
            clamped = bytearray(self.hash(secret)[:32])
            clamped[0] &= 248
            clamped[31] = clamped[31] & 127 | 64
            return self.integer(bytes(clamped))
        scalar = self.integer(secret)
        if not 0 < scalar < self.group.order:
            raise VRFError("the secret key is zero, or not below the order")
        return scalar

    def public(self, secret: bytes) -> bytes:
        """The public key of a secret key."""
        return (self.secret_scalar(secret) * self.group.generator).encode()

    def nonce(self, secret: bytes, h: bytes) -> int:
        """The nonce k for an encoded H (5.4.2)."""
        if self.suite.little:
            return self.integer(self.hash(self.hash(secret)[32:], h)) % self.group.order
        return self.rfc6979(self.secret_scalar(secret), h)

    def rfc6979(self, scalar: int, message: bytes) -> int:
        """The deterministic nonce of RFC 6979, 3.2, where digests are as long as the order."""
        seed = self.group.encode_scalar(scalar) + self.group.encode_scalar(self.integer(self.hash(message)))
        key, value = bytes(self.suite.output_length), b"\1" * self.suite.output_length
        for marker in b"\0", b"\1":
            key = hmac.digest(key, value + marker + seed, self.suite.hash)
            value = hmac.digest(key, value, self.suite.hash)
        value = hmac.digest(key, value, self.suite.hash)
        while not 0 < self.integer(value) < self.group.order:
            key = hmac.digest(key, value + b"\0", self.suite.hash)
            value = hmac.digest(key, hmac.digest(key, value, self.suite.hash), self.suite.hash)
        return self.integer(value)

    def recipe(self, secret: bytes, alpha: bytes, nonce: int | None = None) -> Message:
        """A proof (5.1) with the parts `gamma`, `c` and `s`, and those it is computed from: `public`, `h` and `k`.

        Parts are octets. Where a changed `public`, `h` or `gamma` is no point, what is computed from it stays honest.
        """
        x = self.secret_scalar(secret)
        public = x * self.group.generator
        h = self.encode_to_curve(public.encode(), alpha)
        k = self.nonce(secret, h.encode()) if nonce is None else nonce

        def point(octets: bytes, otherwise: Element) -> Element:
            try:
                return self.group.decode(octets, identity=True)
            except DecodeError:
                return otherwise

        def challenge(octets: Sequence[bytes]) -> bytes:
            key, base, gamma = map(point, octets[:3], (public, h, x * h))
            used = self.integer(octets[3])
            c = self.challenge(key, base, gamma, used * self.group.generator, used * base)
            return self.octets(c, CHALLENGE_LENGTH)

        length = self.group.scalar_length
        return Message(
            public=Sealed(public.encode()),
            h=Sealed(h.encode()),
            k=Sealed(self.octets(k, length)),
            gamma=lambda get: (x * point(get("h"), h)).encode(),
            c=lambda get: challenge([get(name) for name in ("public", "h", "gamma", "k")]),
            s=lambda get: self.group.encode_scalar(self.integer(get("k")) + self.integer(get("c")) * x),
        )

    def prove(self, secret: bytes, alpha: bytes, nonce: int | None = None) -> bytes:
        """A proof (5.1), with the nonce of the document unless another is given; VRFError for a bad secret key."""
        return self.recipe(secret, alpha, nonce).encode()

    # --- Verifiers ---------------------------------------------------------------------------------------------------

    def decode_key(self, octets: bytes) -> Element:
        """The point of a public key, validated (5.4.5); VRFError otherwise."""
        try:
            key = self.group.decode(octets, "public_key", identity=True)
        except DecodeError as why:
            raise VRFError(str(why)) from why
        if (self.group.cofactor * key).identity:
            raise VRFError("the public key is of small order")
        return key

    def decode_proof(self, octets: bytes) -> Proof:
        """The parts of a proof (5.4.4); VRFError where they are none."""
        suite = self.suite
        if len(octets) != suite.proof_length:
            raise VRFError(f"a proof of {len(octets)} octets, not {suite.proof_length}")
        at = suite.point_length
        try:
            gamma = self.group.decode(octets[:at], "gamma", identity=True)
            s = self.group.decode_scalar(octets[at + CHALLENGE_LENGTH :], "s")
        except DecodeError as why:
            raise VRFError(str(why)) from why
        return Proof(gamma, self.integer(octets[at : at + CHALLENGE_LENGTH]), s)

    def verify(self, public: bytes, alpha: bytes, proof: bytes) -> bytes:
        """The output, where the proof holds for the public key and alpha (5.3); VRFError otherwise."""
        key = self.decode_key(public)
        decoded = self.decode_proof(proof)
        if not self.holds(key, self.encode_to_curve(public, alpha), decoded):
            raise VRFError("the challenge is another")
        return self.output(decoded.gamma)

    def holds(self, key: Element, h: Element, proof: Proof) -> bool:
        """Whether the challenge of a proof is that of what it proves."""
        u = self.group.combine((proof.s, -proof.c), (self.group.generator, key))
        v = self.group.combine((proof.s, -proof.c), (h, proof.gamma))
        return self.challenge(key, h, proof.gamma, u, v) == proof.c


def public_of(suite: Suite, secret: bytes) -> bytes:
    """The public key of a secret key; VRFError for octets that are no key."""
    return ECVRF(suite).public(secret)


def prove(suite: Suite, secret: bytes, alpha: bytes, nonce: int | None = None) -> bytes:
    """A proof for alpha; VRFError for a bad secret key."""
    return ECVRF(suite).prove(secret, alpha, nonce)


def proof_to_hash(suite: Suite, proof: bytes) -> bytes:
    """The output of a proof that is known to hold (5.2): nothing but its form is looked at; VRFError for a bad form."""
    vrf = ECVRF(suite)
    return vrf.output(vrf.decode_proof(proof).gamma)


def verify(suite: Suite, public: bytes, alpha: bytes, proof: bytes) -> bytes:
    """The output, where the key is valid and the proof holds (5.3, validate_key TRUE); VRFError otherwise."""
    return ECVRF(suite).verify(public, alpha, proof)


__all__ = [
    "CHALLENGE_LENGTH",
    "ECVRF",
    "EDWARDS25519_ELL2",
    "EDWARDS25519_TAI",
    "P256_SSWU",
    "P256_TAI",
    "SUITES",
    "Proof",
    "Suite",
    "VRFError",
    "proof_to_hash",
    "prove",
    "public_of",
    "verify",
]
