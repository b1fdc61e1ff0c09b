"""Challenges and tokens of the PrivateToken scheme (RFC 9577, Sections 2.1.1 and 2.2.1).

TokenChallenge = token type (2), issuer name <1..2^16-1>, redemption context <0..32>, origin info <0..2^16-1>
Token          = token type (2), nonce (32), challenge digest (32), token key id (32), authenticator (Nk)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance.wire import DecodeError, Get, Message, Reader, UInt

CONTEXT_LENGTHS = (0, 32)
AUTHENTICATOR_LENGTHS = {0x0001: 48, 0x0002: 256}
"""Nk of the token types that we have (RFC 9578, Sections 8.2.1 and 8.2.2)."""
RESERVED_TYPES = (
    0x0000, 0x02AA, 0x1132, 0x2E96, 0x3CD3, 0x4473, 0x5A63, 0x6D32, 0x7F3F, 0x8D07, 0x916B, 0xA6A4, 0xBEAB, 0xC3F3,
    0xDA42, 0xE944, 0xF057,
)  # fmt: skip
"""Types that never name a protocol (RFC 9577, Section 6.2.1)."""
_NAME = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()*+;=:[]")
"""What a host with a port is made of (RFC 3986, Sections 3.2.2 and 3.2.3), commas aside."""


@dataclass(frozen=True, slots=True)
class TokenChallenge:
    """What an origin asks for. `origins` are the names in origin_info; none where it is empty."""

    token_type: int
    issuer: bytes
    context: bytes = b""
    origins: tuple[bytes, ...] = ()


def token_challenge(challenge: TokenChallenge) -> Message:
    """The recipe of a challenge."""

    def length(name: str, size: int) -> Any:
        return lambda get: UInt(len(get(name)), size)

    return Message(
        token_type=UInt(challenge.token_type, 2),
        issuer_name_length=length("issuer_name", 2),
        issuer_name=challenge.issuer,
        redemption_context_length=length("redemption_context", 1),
        redemption_context=challenge.context,
        origin_info_length=length("origin_info", 2),
        origin_info=b",".join(challenge.origins),
    )


def decode_challenge(octets: bytes) -> TokenChallenge:
    """The challenge in octets; DecodeError for anything that a client has to ignore."""
    reader = Reader(octets, "challenge")
    token_type = reader.uint(2, "token_type")
    at = reader.at
    issuer = reader.take(reader.uint(2, "issuer_name_length"), "issuer_name")
    if not issuer:
        raise reader.fail("issuer_name", "it is empty", at)
    _check_name(reader, "issuer_name", issuer, at)
    at = reader.at
    context = reader.take(reader.uint(1, "redemption_context_length"), "redemption_context")
    if len(context) not in CONTEXT_LENGTHS:
        raise reader.fail("redemption_context", f"{len(context)} octets, where 0 or 32 are right", at)
    at = reader.at
    info = reader.take(reader.uint(2, "origin_info_length"), "origin_info")
    origins = tuple(info.split(b",")) if info else ()
    for name in origins:
        _check_name(reader, "origin_info", name, at)
    reader.end()
    return TokenChallenge(token_type, issuer, context, origins)


def _check_name(reader: Reader, part: str, name: bytes, at: int) -> None:
    """A host with an optional port, and no user (RFC 9577, Section 2.1.1.1)."""
    if not name:
        raise reader.fail(part, "an empty name", at)
    if wrong := set(name) - _NAME:
        raise reader.fail(part, f"the octet {min(wrong):#04x} in a name", at)
    host, colon, port = name.rpartition(b":")
    if name.startswith(b"["):
        host, _, rest = name.partition(b"]")
        colon, port = rest[:1], rest[1:]
        if not name.count(b"]") == 1 or colon not in {b"", b":"}:
            raise reader.fail(part, "no IP literal", at)
    if colon and (not host or not port.isdigit() or b":" in (host if not host.startswith(b"[") else b"")):
        raise reader.fail(part, "no host with a port", at)


def challenge_digest(challenge: bytes) -> bytes:
    """The digest by which a token names the challenge it is for (RFC 9577, Section 2.2.1)."""
    return hashlib.sha256(challenge).digest()


@dataclass(frozen=True, slots=True)
class Token:
    """A token: what is redeemed at an origin."""

    token_type: int
    nonce: bytes
    digest: bytes
    key_id: bytes
    authenticator: bytes

    @property
    def signed(self) -> bytes:
        """What the authenticator is about: all that stands in front of it."""
        return token_input(self.token_type, self.nonce, self.digest, self.key_id)


def token_input(token_type: int, nonce: bytes, digest: bytes, key_id: bytes) -> bytes:
    """What an issuer signs or evaluates blindly (RFC 9578, Sections 5.1 and 6.1)."""
    return token_type.to_bytes(2, "big") + nonce + digest + key_id


def token(
    token_type: int,
    nonce: bytes,
    challenge: bytes,
    key_id: bytes,
    authenticator: Any,
) -> Message:
    """The recipe of a token.

    `authenticator` is octets, or a function of the input, which is called on what stands there: the parts in front of
    it, changed or not.
    """

    def made(get: Get) -> bytes:
        parts = (get("token_type"), get("nonce"), get("challenge_digest"), get("token_key_id"))
        octets = authenticator(b"".join(parts))
        assert isinstance(octets, bytes)
        return octets

    return Message(
        token_type=UInt(token_type, 2),
        nonce=nonce,
        challenge_digest=challenge_digest(challenge),
        token_key_id=key_id,
        authenticator=made if callable(authenticator) else authenticator,
    )


def decode_token(octets: bytes, types: Sequence[int] = tuple(AUTHENTICATOR_LENGTHS)) -> Token:
    """The token in octets; DecodeError for another length than its type has, or a type that is none of `types`."""
    reader = Reader(octets, "token")
    token_type = reader.uint(2, "token_type")
    if token_type not in types or token_type not in AUTHENTICATOR_LENGTHS:
        raise reader.fail("token_type", f"the type {token_type:#06x} is none of ours", 0)
    nonce, digest, key_id = (reader.take(32, name) for name in ("nonce", "challenge_digest", "token_key_id"))
    authenticator = reader.take(AUTHENTICATOR_LENGTHS[token_type], "authenticator")
    reader.end()
    return Token(token_type, nonce, digest, key_id, authenticator)


__all__ = [
    "AUTHENTICATOR_LENGTHS", "CONTEXT_LENGTHS", "RESERVED_TYPES", "DecodeError", "Token", "TokenChallenge",
    "challenge_digest", "decode_challenge", "decode_token", "token", "token_challenge", "token_input",
]  # fmt: skip
