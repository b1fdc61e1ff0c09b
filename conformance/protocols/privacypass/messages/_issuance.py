"""Issuance of one token: keys, requests, responses, and what both sides do with them (RFC 9578, Sections 5 and 6).

    type 1, VOPRF (P-384, SHA-384)   request 2 + 1 + 49    response 49 + 48 + 48    token 98 + 48
    type 2, Blind RSA (2048 bits)    request 2 + 1 + 256   response 256             token 98 + 256

Octets of a peer that are not as they must be raise DecodeError, what is well-formed and does not hold raises Refused.
"""

from __future__ import annotations

import hashlib
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from conformance.crypto import blindrsa, spki, voprf
from conformance.crypto.groups import Element
from conformance.wire import DecodeError, Message, Reader, UInt

REQUEST_TYPE, RESPONSE_TYPE = "application/private-token-request", "application/private-token-response"
VOPRF, BLIND_RSA = 0x0001, 0x0002
TYPES = (VOPRF, BLIND_RSA)
BLINDED_LENGTHS = {VOPRF: 49, BLIND_RSA: 256}
RESPONSE_LENGTHS = {VOPRF: 49 + 2 * 48, BLIND_RSA: 256}
KEY_INFO = b"PrivacyPass"  # RFC 9578, Section 5.5
SUITE = voprf.suite("P384-SHA384", voprf.Mode.VOPRF)
P384 = SUITE.group
VARIANT = blindrsa.PSS_DETERMINISTIC


class Refused(Exception):
    """What is well-formed does not hold: a proof, a signature, a key that nobody has. `step` says which, in a word."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason


# --- Keys ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PublicKey(ABC):
    """The key under which tokens of a type are issued, in the encoding of a directory."""

    octets: bytes

    @property
    @abstractmethod
    def token_type(self) -> int:
        """The token type that it is for."""

    @cached_property
    def key_id(self) -> bytes:
        """The digest of the encoded key (Sections 5.5 and 6.5)."""
        return hashlib.sha256(self.octets).digest()

    @property
    def truncated(self) -> int:
        """The last octet of the key id, by which a request names the key."""
        return self.key_id[-1]

    @abstractmethod
    def begin(self, token_input: bytes, rng: random.Random) -> Pending:
        """Blind what is to be in the token."""

    @abstractmethod
    def check(self, blinded: bytes, response: bytes) -> None:
        """Whether an answer is the right one to what was sent, blinded or not; DecodeError, Refused."""


class Pending(ABC):
    """A client's side of one issuance: what it sends, and what it makes of the answer."""

    blinded: bytes

    @abstractmethod
    def finish(self, response: bytes) -> bytes:
        """The authenticator; DecodeError for octets that are no response, Refused where it does not hold."""


@dataclass(frozen=True)
class VOPRFKey(PublicKey):
    """A point of P-384."""

    @property
    def token_type(self) -> int:
        """Type 1."""
        return VOPRF

    @cached_property
    def element(self) -> Element:
        """The point; DecodeError unless the octets are one, and not the identity."""
        return P384.decode(self.octets, "token_key")

    def begin(self, token_input: bytes, rng: random.Random) -> Pending:
        """Blind the input (RFC 9497, Section 3.3.2)."""
        blind = P384.random_scalar(rng)
        return PendingVOPRF(self, token_input, blind, SUITE.blind(token_input, blind))

    def check(self, blinded: bytes, response: bytes) -> None:
        """Whether the proof holds for the element that was sent."""
        self._verified(P384.decode(blinded, "blinded_msg"), response)

    def _verified(self, blinded: Element, response: bytes) -> Element:
        evaluated, proof = decode_voprf_response(response)
        if not SUITE.verify_proof(P384.generator, self.element, [blinded], [evaluated], proof):
            raise Refused("proof", "it does not hold for this key and this request")
        return evaluated


@dataclass
class PendingVOPRF(Pending):
    """A blinded element, and what undoes the blinding."""

    key: VOPRFKey
    token_input: bytes
    blind: int
    element: Element

    def __post_init__(self) -> None:
        self.blinded = self.element.encode()

    def finish(self, response: bytes) -> bytes:
        """Verify the proof, and finalize (Section 5.3)."""
        evaluated = self.key._verified(self.element, response)  # noqa: SLF001 - two halves of one thing
        return SUITE.unblind(self.token_input, self.blind, evaluated)


def decode_voprf_response(octets: bytes) -> tuple[Element, voprf.Proof]:
    """The evaluated element and the proof; DecodeError."""
    reader = Reader(octets, "response")
    element = P384.decode(reader.take(P384.element_length, "evaluate_msg"), "response.evaluate_msg")
    proof = SUITE.decode_proof(
        reader.take(SUITE.proof_length, "evaluate_proof"), "response.evaluate_proof", P384.element_length
    )
    reader.end()
    return element, proof


@dataclass(frozen=True)
class RSAKey(PublicKey):
    """A SubjectPublicKeyInfo of id-RSASSA-PSS."""

    @property
    def token_type(self) -> int:
        """Type 2."""
        return BLIND_RSA

    @cached_property
    def key(self) -> blindrsa.PublicKey:
        """Modulus and exponent; DecodeError unless the octets are a key in the one form that is right."""
        return spki.decode(self.octets, "token_key", length=BLINDED_LENGTHS[BLIND_RSA])

    def begin(self, token_input: bytes, rng: random.Random) -> Pending:
        """Pad and blind the input (RFC 9474, Section 4.2)."""
        salt = rng.randbytes(VARIANT.salt_length)
        made = VARIANT.blind(self.key, token_input, blindrsa.random_blind(self.key, rng), salt)
        return PendingRSA(self, token_input, made)

    def check(self, blinded: bytes, response: bytes) -> None:
        """Whether the answer is the signature of what was sent: its power is that again."""
        _of_length(response)
        number = int.from_bytes(response, "big")
        if number >= self.key.n or pow(number, self.key.e, self.key.n) != int.from_bytes(blinded, "big"):
            raise Refused("signature", "it is none of what was sent")


@dataclass
class PendingRSA(Pending):
    """A blinded message, and what undoes the blinding."""

    key: RSAKey
    token_input: bytes
    made: blindrsa.Blinded

    def __post_init__(self) -> None:
        self.blinded = self.made.octets

    def finish(self, response: bytes) -> bytes:
        """Unblind, and verify the signature (Section 6.3)."""
        _of_length(response)
        try:
            return VARIANT.finalize(self.key.key, self.token_input, response, self.made.inverse)
        except blindrsa.BlindRSAError as why:
            raise Refused("signature", str(why)) from why


def _of_length(response: bytes) -> None:
    reader = Reader(response, "response")
    reader.take(RESPONSE_LENGTHS[BLIND_RSA], "blind_sig")
    reader.end()


KINDS: dict[int, type[PublicKey]] = {VOPRF: VOPRFKey, BLIND_RSA: RSAKey}


@lru_cache(maxsize=64)
def public_key(token_type: int, octets: bytes) -> PublicKey:
    """The key of a type; DecodeError where the octets are none, or the type is none of ours."""
    if token_type not in KINDS:
        raise DecodeError("token_type", 0, f"the type {token_type:#06x} is none of ours")
    made = KINDS[token_type](octets)
    _ = made.element if isinstance(made, VOPRFKey) else made.key if isinstance(made, RSAKey) else None
    return made


# --- The issuer's side -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PrivateVOPRFKey:
    """A scalar, and its point."""

    private: int
    public: VOPRFKey

    @classmethod
    def derived(cls, seed: bytes) -> PrivateVOPRFKey:
        """The key of a seed (Section 5.5)."""
        return cls.of(SUITE.derive_key_pair(seed, KEY_INFO).private)

    @classmethod
    def of(cls, private: int) -> PrivateVOPRFKey:
        """The key of a scalar."""
        return cls(private, VOPRFKey((private * P384.generator).encode()))

    def evaluate(self, blinded: Element, nonce: int) -> tuple[Element, voprf.Proof]:
        """The evaluated element, and the proof that it is that."""
        made = SUITE.blind_evaluate(self.private, [blinded], nonce)
        assert made.proof is not None
        return made.elements[0], made.proof

    def authenticator(self, token_input: bytes) -> bytes:
        """What a token has under this key (Section 5.4)."""
        return SUITE.evaluate(self.private, token_input)


@dataclass(frozen=True)
class PrivateRSAKey:
    """An RSA key pair, and its public half as it is published."""

    private: blindrsa.PrivateKey
    public: RSAKey

    @classmethod
    def of(cls, private: blindrsa.PrivateKey) -> PrivateRSAKey:
        """The key of these numbers."""
        return cls(private, RSAKey(spki.encode(private.public)))

    def authenticator(self, token_input: bytes, salt: bytes) -> bytes:
        """A signature that a client could have got."""
        return self.signed(blindrsa.pss_encode(token_input, self.private.n.bit_length() - 1, salt))

    def signed(self, encoded: bytes) -> bytes:
        """The signature of an encoded message."""
        return self.private.power(int.from_bytes(encoded, "big")).to_bytes(self.private.public.length, "big")


PrivateKey = PrivateVOPRFKey | PrivateRSAKey


# --- Messages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request that was read: its type, the last octet of a key id, and what is blinded."""

    token_type: int
    truncated: int
    blinded: bytes


def token_request(key: PublicKey, blinded: bytes) -> Message:
    """The recipe of a request (Sections 5.1 and 6.1)."""
    return Message(
        token_type=UInt(key.token_type, 2), truncated_token_key_id=UInt(key.truncated, 1), blinded_msg=blinded
    )


def decode_request(octets: bytes) -> TokenRequest:
    """The request in octets; DecodeError for a type that is none of ours, or what is blinded of another length."""
    reader = Reader(octets, "request")
    token_type = reader.uint(2, "token_type")
    if token_type not in TYPES:
        raise reader.fail("token_type", f"the type {token_type:#06x} is none of ours", 0)
    truncated = reader.uint(1, "truncated_token_key_id")
    blinded = reader.take(BLINDED_LENGTHS[token_type], "blinded_msg")
    reader.end()
    return TokenRequest(token_type, truncated, blinded)


def decode_blinded(request: TokenRequest, key: PublicKey) -> Element | bytes:
    """What is blinded, as the key takes it; DecodeError for what is no point, and for a number that is too large."""
    if isinstance(key, RSAKey):
        if int.from_bytes(request.blinded, "big") >= key.key.n:
            raise DecodeError("request.blinded_msg", 3, "not below the modulus")
        return request.blinded
    return P384.decode(request.blinded, "request.blinded_msg", 3)


def choose_key(request: TokenRequest, keys: Sequence[Any]) -> Any:
    """The key (private or public) that a request names; Refused when there is none."""
    for key in keys:
        public = key if isinstance(key, PublicKey) else key.public
        if public.token_type == request.token_type and public.truncated == request.truncated:
            return key
    raise Refused("key", "no key has this type and this last octet of its id")


def unlawful(octets: bytes, keys: Sequence[PublicKey]) -> str:
    """Why an issuer with these keys has to refuse a request, or an empty string."""
    try:
        request = decode_request(octets)
        decode_blinded(request, choose_key(request, keys))
    except (DecodeError, Refused) as why:
        return str(why)
    return ""


def voprf_response(evaluated: Any, proof: voprf.Proof) -> Message:
    """The recipe of a response of type 1 (Section 5.2); `evaluated` is an element or octets."""
    octets = evaluated if isinstance(evaluated, bytes) else evaluated.encode()
    return Message(
        evaluate_msg=octets,
        evaluate_proof=Message(c=P384.encode_scalar(proof.challenge), s=P384.encode_scalar(proof.response)),
    )


def rsa_response(signature: bytes) -> Message:
    """The recipe of a response of type 2 (Section 6.2)."""
    return Message(blind_sig=signature)
