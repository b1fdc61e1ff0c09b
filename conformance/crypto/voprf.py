"""Oblivious pseudorandom functions in all three modes (RFC 9497), step by step and with every scalar as an argument.

A client blinds inputs, a server evaluates them and proves with which key, the client checks and finalizes:

    suite = voprf.suite("P384-SHA384", Mode.VOPRF)
    keys = suite.derive_key_pair(seed, info)
    blinded = suite.blind(message, blind := suite.group.random_scalar(rng))
    evaluation = suite.blind_evaluate(keys.private, [blinded], suite.group.random_scalar(rng))
    (output,) = suite.finalize(keys.public, [message], [blind], [blinded], evaluation.elements, evaluation.proof)

Elements and scalars of messages are read by `suite.group.decode` and `decode_scalar`, which refuse what the document
refuses with DecodeError; whatever else is wrong is an OPRFError. Of the document's groups decaf448 is missing. Nothing
here runs in constant time: the keys are those of tests.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from conformance.crypto import groups
from conformance.crypto.groups import Element, Group
from conformance.wire import DecodeError

_SUITES = {
    "ristretto255-SHA512": ("ristretto255", "sha512"),
    "P256-SHA256": ("P-256", "sha256"),
    "P384-SHA384": ("P-384", "sha384"),
    "P521-SHA512": ("P-521", "sha512"),
}
IDENTIFIERS = tuple(_SUITES)
MAX_BATCH = 65535  # elements under one proof: their numbers have two octets (RFC 9497, 2.2.1)


class OPRFError(Exception):
    """The one exception of the functions: an input, a key or a proof that they refuse (RFC 9497, 5.3)."""


class Mode(IntEnum):
    """The variants of the protocol (RFC 9497, 3.1)."""

    OPRF = 0
    VOPRF = 1
    POPRF = 2


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A server's private scalar and its public element."""

    private: int
    public: Element


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that two lists of elements have the same quotient as a key and the generator: c and s (RFC 9497, 2.2)."""

    challenge: int
    response: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a server answers: an element for each blinded one, and one proof for all, which the mode OPRF has not."""

    elements: tuple[Element, ...]
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Suite:
    """A group, a hash (as hashlib names it) and a mode."""

    identifier: str
    mode: Mode
    group: Group
    hash: str

    @property
    def context(self) -> bytes:
        """What separates this suite and mode from others (RFC 9497, 3.1, CreateContextString)."""
        return b"OPRFV1-" + bytes([self.mode]) + b"-" + self.identifier.encode()

    @property
    def output_length(self) -> int:
        """Nh: the octets of an output."""
        return hashlib.new(self.hash).digest_size

    @property
    def proof_length(self) -> int:
        """The octets of a proof."""
        return 2 * self.group.scalar_length

    # --- Keys (RFC 9497, 3.2) ----------------------------------------------------------------------------------------

    def key_pair(self, private: int) -> KeyPair:
        """The pair of that private scalar."""
        return KeyPair(private, private * self.group.generator)

    def generate_key_pair(self, rng: random.Random) -> KeyPair:
        """A random key pair: the same seed gives the same keys."""
        return self.key_pair(self.group.random_scalar(rng))

    def derive_key_pair(self, seed: bytes, info: bytes = b"") -> KeyPair:
        """The key pair of a seed, of any length (the document says Ns octets and has vectors of 32)."""
        given = seed + _framed(info)
        for counter in range(256):
            private = self.group.hash_to_scalar(given + bytes([counter]), b"DeriveKeyPair" + self.context)
            if private:
                return self.key_pair(private)
        raise OPRFError("no counter gives a key")

    # --- Clients and servers (RFC 9497, 3.3) -------------------------------------------------------------------------

    def blind(self, message: bytes, blind: int) -> Element:
        """The blinded element of an input, to be sent."""
        return blind * self._hash_to_group(message)

    def blind_evaluate(self, private: int, blinded: Sequence[Element], nonce: int, info: bytes = b"") -> Evaluation:
        """A server's answer; `nonce` is the random scalar of the proof (r), `info` the public input of POPRF."""
        key = self._tweak(info) + private if self.mode is Mode.POPRF else private
        factor = self._inverse(key) if self.mode is Mode.POPRF else key
        elements = tuple(factor * element for element in blinded)
        if self.mode is Mode.OPRF:
            return Evaluation(elements, None)
        c, d = (elements, blinded) if self.mode is Mode.POPRF else (blinded, elements)
        base = self.group.generator
        return Evaluation(elements, self.generate_proof(key, base, key * base, c, d, nonce))

    def finalize(
        self,
        public: Element,
        messages: Sequence[bytes],
        blinds: Sequence[int],
        blinded: Sequence[Element],
        evaluated: Sequence[Element],
        proof: Proof | None,
        info: bytes = b"",
    ) -> tuple[bytes, ...]:
        """The outputs for a batch of inputs; OPRFError if the proof does not hold or a list has another length.

        In the mode OPRF there is nothing to check: `public` and `proof` are not looked at.
        """
        if not len(messages) == len(blinds) == len(blinded) == len(evaluated):
            raise OPRFError(f"{len(evaluated)} evaluated elements for {len(blinded)} blinded ones")
        if self.mode is not Mode.OPRF:
            c, d = (evaluated, blinded) if self.mode is Mode.POPRF else (blinded, evaluated)
            key = self.tweaked_key(public, info) if self.mode is Mode.POPRF else public
            if proof is None or not self.verify_proof(self.group.generator, key, c, d, proof):
                raise OPRFError("the proof does not hold")
        return tuple(self.unblind(*each, info) for each in zip(messages, blinds, evaluated, strict=True))

    def unblind(self, message: bytes, blind: int, evaluated: Element, info: bytes = b"") -> bytes:
        """The output of one input without a look at any proof: all that the mode OPRF does to finalize."""
        return self._output(message, info, self._inverse(blind) * evaluated)

    def evaluate(self, private: int, message: bytes, info: bytes = b"") -> bytes:
        """The output that a client gets, for one who knows both the key and the input."""
        key = self._inverse(self._tweak(info) + private) if self.mode is Mode.POPRF else private
        return self._output(message, info, key * self._hash_to_group(message))

    def tweaked_key(self, public: Element, info: bytes) -> Element:
        """The public key of POPRF for that public input; OPRFError if it is the identity."""
        key = self._tweak(info) * self.group.generator + public
        if key.identity:
            raise OPRFError("the public input belongs to the private key")
        return key

    # --- Proofs (RFC 9497, 2.2) --------------------------------------------------------------------------------------

    def generate_proof(
        self, k: int, a: Element, b: Element, c: Sequence[Element], d: Sequence[Element], nonce: int
    ) -> Proof:
        """The proof that b = k a and d[i] = k c[i], of that nonce (r); it is made all the same where that is untrue."""
        m = self.group.combine(self.composite_scalars(b, c, d), c)
        challenge = self._challenge(b, m, k * m, nonce * a, nonce * m)
        return Proof(challenge, (nonce - challenge * k) % self.group.order)

    def verify_proof(self, a: Element, b: Element, c: Sequence[Element], d: Sequence[Element], proof: Proof) -> bool:
        """Whether the proof holds for these elements."""
        scalars = self.composite_scalars(b, c, d)
        m, z = self.group.combine(scalars, c), self.group.combine(scalars, d)
        weights = (proof.response, proof.challenge)
        t2, t3 = self.group.combine(weights, (a, b)), self.group.combine(weights, (m, z))
        return self._challenge(b, m, z, t2, t3) == proof.challenge

    def composite_scalars(self, b: Element, c: Sequence[Element], d: Sequence[Element]) -> list[int]:
        """The weights that make one pair of the pairs of a batch (RFC 9497, 2.2.1, ComputeComposites)."""
        if len(c) != len(d) or not 0 < len(c) <= MAX_BATCH:
            raise OPRFError(f"no proof is about {len(c)} and {len(d)} elements")
        seed = hashlib.new(self.hash, _framed(b.encode()) + _framed(b"Seed-" + self.context)).digest()
        pairs = enumerate(zip(c, d, strict=True))
        return [
            self._hash_to_scalar(
                _framed(seed) + number.to_bytes(2, "big") + _framed(ci.encode()) + _framed(di.encode()) + b"Composite"
            )
            for number, (ci, di) in pairs
        ]

    def encode_proof(self, proof: Proof) -> bytes:
        """The octets of a proof: two scalars."""
        return self.group.encode_scalar(proof.challenge) + self.group.encode_scalar(proof.response)

    def decode_proof(self, octets: bytes, path: str = "proof", base: int = 0) -> Proof:
        """The proof of exactly two scalars' octets, `base` octets into the message; DecodeError for others."""
        if len(octets) != self.proof_length:
            raise DecodeError(path, base, f"{len(octets)} octets, not {self.proof_length}")
        half = self.group.scalar_length
        return Proof(
            self.group.decode_scalar(octets[:half], f"{path}.c", base),
            self.group.decode_scalar(octets[half:], f"{path}.s", base + half),
        )

    # --- Parts -------------------------------------------------------------------------------------------------------

    def _challenge(self, *elements: Element) -> int:
        return self._hash_to_scalar(b"".join(_framed(element.encode()) for element in elements) + b"Challenge")

    def _hash_to_group(self, message: bytes) -> Element:
        _framed(message)
        element = self.group.hash_to_group(message, b"HashToGroup-" + self.context)
        if element.identity:
            raise OPRFError("the input hashes to the identity element")
        return element

    def _hash_to_scalar(self, message: bytes) -> int:
        return self.group.hash_to_scalar(message, b"HashToScalar-" + self.context)

    def _tweak(self, info: bytes) -> int:
        return self._hash_to_scalar(b"Info" + _framed(info))

    def _inverse(self, scalar: int) -> int:
        if not scalar % self.group.order:
            raise OPRFError("zero has no inverse")
        return self.group.invert(scalar)

    def _output(self, message: bytes, info: bytes, element: Element) -> bytes:
        public = _framed(info) if self.mode is Mode.POPRF else b""
        given = _framed(message) + public + _framed(element.encode()) + b"Finalize"
        return hashlib.new(self.hash, given).digest()


@cache
def suite(identifier: str, mode: Mode = Mode.VOPRF, *, fast: bool = True) -> Suite:
    """The suite of an identifier (RFC 9497, 4); OPRFError if it is unknown. `fast` as with `groups.group`."""
    if identifier not in _SUITES:
        raise OPRFError(f"{identifier!r} is none of {', '.join(IDENTIFIERS)}")
    group, algorithm = _SUITES[identifier]
    return Suite(identifier, Mode(mode), groups.group(group, fast=fast), algorithm)


def _framed(octets: bytes) -> bytes:
    """The octets after their length; inputs are at most 65535 of them, which is the reading of 5.1 that all share."""
    if len(octets) > 65535:
        raise OPRFError(f"an input of {len(octets)} octets is too long")
    return len(octets).to_bytes(2, "big") + octets
