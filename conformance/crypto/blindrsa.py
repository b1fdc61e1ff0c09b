"""Blind RSA signatures in the four variants of RFC 9474, step by step and with every random value as an argument.

A client prepares and blinds a message, a server signs what it cannot read, the client unblinds and checks:

    variant = blindrsa.PSS_DETERMINISTIC
    prepared = variant.prepare(message)
    blinded = variant.blind(public, prepared, random_blind(public, rng), rng.randbytes(variant.salt_length))
    blind_signature = blind_sign(private, blinded.octets)
    signature = variant.finalize(public, prepared, blind_signature, blinded.inverse)

Octets of the wrong length or range are a DecodeError, whatever else is wrong is a BlindRSAError. The arithmetic is our
own, since libraries neither sign what is not padded nor take a salt. It does not run in constant time: the keys are
those of tests. Encodings of keys are in `spki`.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import random
from dataclasses import dataclass

from conformance.wire import DecodeError

HASH = "sha384"  # of all variants, also in the mask generation function (RFC 9474, 5)
_HASH_LENGTH = 48
PREFIX_LENGTH = 32  # octets that a randomized variant puts before the message (RFC 9474, 4.1)


class BlindRSAError(Exception):
    """What the functions refuse that is no matter of octets: a key, a blind, a signature (RFC 9474, 4)."""


# --- Keys ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA public key: modulus and exponent."""

    n: int
    e: int

    @property
    def length(self) -> int:
        """The octets of the modulus, hence of every message and signature (modulus_len, k)."""
        return (self.n.bit_length() + 7) // 8


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """An RSA key pair with its two primes."""

    n: int
    e: int
    d: int
    p: int
    q: int

    @property
    def public(self) -> PublicKey:
        """The public half."""
        return PublicKey(self.n, self.e)

    @classmethod
    def of_primes(cls, p: int, q: int, e: int = 65537) -> PrivateKey:
        """The key of two primes; ValueError where the exponent has no inverse."""
        return cls(p * q, e, pow(e, -1, math.lcm(p - 1, q - 1)), p, q)

    def power(self, number: int) -> int:
        """The number to the private exponent (RFC 8017, 5.2.1, RSASP1), by way of the primes."""
        at_p, at_q = (pow(number, self.d % (prime - 1), prime) for prime in (self.p, self.q))
        return at_q + (at_p - at_q) * pow(self.q, -1, self.p) % self.p * self.q


def generate(rng: random.Random, bits: int = 2048) -> PrivateKey:
    """A key whose modulus has exactly that many bits: the same seed gives the same key."""
    first, second = (bits + 1) // 2, bits // 2
    while True:
        p, q = _prime(rng, first), _prime(rng, second)
        if p != q and math.gcd(65537, (p - 1) * (q - 1)) == 1:
            return PrivateKey.of_primes(p, q)


def _prime(rng: random.Random, bits: int) -> int:
    while True:
        candidate = rng.getrandbits(bits) | 3 << (bits - 2) | 1  # two such numbers multiply to the full length
        if _is_prime(candidate, rng):
            return candidate


_SMALL_PRIMES = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2))]


def _is_prime(odd: int, rng: random.Random, rounds: int = 20) -> bool:
    """Whether an odd number is prime, by Miller and Rabin with random bases."""
    for small in _SMALL_PRIMES:
        if not odd % small:
            return odd == small
    twos = ((odd - 1) & (1 - odd)).bit_length() - 1
    for _ in range(rounds):
        power = pow(rng.randrange(2, odd - 1), odd >> twos, odd)
        squares = [power]
        for _ in range(twos - 1):
            squares.append(squares[-1] ** 2 % odd)
        if power != 1 and odd - 1 not in squares:
            return False
    return True


# --- Padding (RFC 8017, 9.1) -----------------------------------------------------------------------------------------


def pss_encode(message: bytes, bits: int, salt: bytes) -> bytes:
    """The message as a number below 2^bits (EMSA-PSS-ENCODE); BlindRSAError if there is no room for it."""
    length = (bits + 7) // 8
    padding = length - _HASH_LENGTH - len(salt) - 2
    if padding < 0:
        raise BlindRSAError(f"{bits} bits have no room for a digest and {len(salt)} octets of salt")
    digest = _salted(message, salt)
    block = bytearray(_xor(bytes(padding) + b"\1" + salt, _mask(digest, length - _HASH_LENGTH - 1)))
    block[0] &= 0xFF >> (8 * length - bits)
    return bytes(block) + digest + b"\xbc"


def pss_verify(message: bytes, encoded: bytes, bits: int, salt_length: int) -> bool:
    """Whether that is an encoding of the message, with a salt of exactly that length (EMSA-PSS-VERIFY)."""
    length = (bits + 7) // 8
    padding = length - _HASH_LENGTH - salt_length - 2
    if len(encoded) != length or padding < 0:
        return False
    block, digest = encoded[: -_HASH_LENGTH - 1], encoded[-_HASH_LENGTH - 1 : -1]
    plain = bytearray(_xor(block, _mask(digest, len(block))))
    plain[0] &= 0xFF >> (8 * length - bits)
    salt = bytes(plain[padding + 1 :])
    return hmac.compare_digest(encoded, pss_encode(message, bits, salt))


def _salted(message: bytes, salt: bytes) -> bytes:
    return hashlib.new(HASH, bytes(8) + hashlib.new(HASH, message).digest() + salt).digest()


def _mask(seed: bytes, length: int) -> bytes:
    """MGF1 (RFC 8017, B.2.1)."""
    count = -(-length // _HASH_LENGTH)
    return b"".join(hashlib.new(HASH, seed + n.to_bytes(4, "big")).digest() for n in range(count))[:length]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


# --- The protocol (RFC 9474, 4) --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Blinded:
    """A blinded message, to be sent, and the inverse of the blind, to be kept."""

    octets: bytes
    inverse: int


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to prepare and to pad a message (RFC 9474, 5); `salt_length` in octets."""

    name: str
    salt_length: int
    randomized: bool

    def prepare(self, message: bytes, prefix: bytes = b"") -> bytes:
        """The message as it is signed: after 32 random octets where the variant has them, else as it is."""
        if len(prefix) != (PREFIX_LENGTH if self.randomized else 0):
            raise BlindRSAError(f"{self.name} has no prefix of {len(prefix)} octets")
        return prefix + message

    def blind(self, public: PublicKey, prepared: bytes, blind: int, salt: bytes) -> Blinded:
        """What a client sends for a prepared message; `blind` (r) from 1 to the modulus less one.

        BlindRSAError for a salt of another length, and for a message or a blind that shares a factor with the modulus:
        another blind will do.
        """
        if len(salt) != self.salt_length:
            raise BlindRSAError(f"{self.name} has no salt of {len(salt)} octets")
        message = int.from_bytes(pss_encode(prepared, public.n.bit_length() - 1, salt), "big")
        if math.gcd(message, public.n) != 1:
            raise BlindRSAError("the encoded message shares a factor with the modulus")
        if math.gcd(blind, public.n) != 1:
            raise BlindRSAError("the blind has no inverse")
        blinded = message * pow(blind, public.e, public.n) % public.n
        return Blinded(blinded.to_bytes(public.length, "big"), pow(blind, -1, public.n))

    def finalize(self, public: PublicKey, prepared: bytes, blind_signature: bytes, inverse: int) -> bytes:
        """The signature of the prepared message; DecodeError for another length, BlindRSAError if it is invalid."""
        signature = unblind(public, blind_signature, inverse)
        if not self.verify(public, prepared, signature):
            raise BlindRSAError("the signature is invalid")
        return signature

    def verify(self, public: PublicKey, prepared: bytes, signature: bytes) -> bool:
        """Whether the signature of the prepared message is valid, in its one form (RFC 8017, 8.1.2)."""
        number = int.from_bytes(signature, "big")
        if len(signature) != public.length or number >= public.n:
            return False
        bits = public.n.bit_length() - 1
        encoded = pow(number, public.e, public.n)
        if encoded >> bits:
            return False
        return pss_verify(prepared, encoded.to_bytes((bits + 7) // 8, "big"), bits, self.salt_length)


PSS_RANDOMIZED = Variant("RSABSSA-SHA384-PSS-Randomized", 48, randomized=True)
PSSZERO_RANDOMIZED = Variant("RSABSSA-SHA384-PSSZERO-Randomized", 0, randomized=True)
PSS_DETERMINISTIC = Variant("RSABSSA-SHA384-PSS-Deterministic", 48, randomized=False)
PSSZERO_DETERMINISTIC = Variant("RSABSSA-SHA384-PSSZERO-Deterministic", 0, randomized=False)
VARIANTS = {
    variant.name: variant for variant in (PSS_RANDOMIZED, PSSZERO_RANDOMIZED, PSS_DETERMINISTIC, PSSZERO_DETERMINISTIC)
}


def random_blind(public: PublicKey, rng: random.Random) -> int:
    """A blind that has an inverse, uniformly (RFC 9474, 4.2: others are thrown away)."""
    while True:
        blind = rng.randrange(1, public.n)
        if math.gcd(blind, public.n) == 1:
            return blind


def blind_sign(private: PrivateKey, blinded: bytes, path: str = "blinded_msg", base: int = 0) -> bytes:
    """A server's answer to a blinded message, `base` octets into the request; DecodeError unless it is below n.

    BlindRSAError if the result does not come back to the message: the key's parts do not belong together.
    """
    public = private.public
    message = int.from_bytes(blinded, "big")
    if len(blinded) != public.length:
        raise DecodeError(path, base, f"{len(blinded)} octets, not {public.length}")
    if message >= public.n:
        raise DecodeError(path, base, "not below the modulus")
    signature = private.power(message)
    if pow(signature, public.e, public.n) != message:
        raise BlindRSAError("the private key does not belong to the public one")
    return signature.to_bytes(public.length, "big")


def unblind(public: PublicKey, blind_signature: bytes, inverse: int, path: str = "blind_sig", base: int = 0) -> bytes:
    """The signature inside a blind one, not verified; DecodeError for another length."""
    if len(blind_signature) != public.length:
        raise DecodeError(path, base, f"{len(blind_signature)} octets, not {public.length}")
    return (int.from_bytes(blind_signature, "big") * inverse % public.n).to_bytes(public.length, "big")
