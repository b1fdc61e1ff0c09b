"""Challenges and credentials in their fields (RFC 9110, Section 11; RFC 9577, Sections 2.1.2 and 2.2.2).

WWW-Authenticate: PrivateToken challenge="…", token-key="…", max-age=60, Basic realm="…"
Authorization: PrivateToken token="…"
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance.wire import DecodeError, Many, Message

SCHEME = b"PrivateToken"
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_END = rb"(?=[ \t]*(?:,|$))"
_PARAM = re.compile(rb"(%b)[ \t]*=[ \t]*(?:(%b)|(%b))%b" % (_TOKEN, _TOKEN, _QUOTED, _END))
_SCHEME = re.compile(rb"(%b)(?: +(?=[^ \t,])|%b)" % (_TOKEN, _END))
_TOKEN68 = re.compile(rb"[0-9A-Za-z\-._~+/]+=*%b" % _END)
_BETWEEN = re.compile(rb"[ \t]*(?:,[ \t]*)*")
_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_ALPHABET = re.compile(rb"[0-9A-Za-z_\-]*={0,2}")


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter: its name as it was written, its value without quotes, and whether it had them."""

    name: bytes
    value: bytes
    quoted: bool


@dataclass(frozen=True, slots=True)
class Auth:
    """A challenge or credentials of one scheme: parameters, or one value of the syntax token68."""

    scheme: bytes
    params: tuple[Param, ...] = ()
    token68: bytes | None = None

    @property
    def private(self) -> bool:
        """Whether it is of the scheme PrivateToken, which has no case."""
        return self.scheme.lower() == SCHEME.lower()

    def value(self, name: bytes) -> bytes | None:
        """The value of a parameter, whatever its case; None where it is missing. DecodeError where it stands twice."""
        found = [p.value for p in self.params if p.name.lower() == name]
        if len(found) > 1:
            raise DecodeError(f"auth.{name.decode('latin-1')}", 0, "the parameter stands twice")
        return found[0] if found else None


def parse_auth(value: bytes) -> tuple[Auth, ...]:
    """The challenges in a field's value (lines of one field joined by commas), in order; DecodeError."""
    found: list[Auth] = []
    at = _skip(value, 0)
    while at < len(value):
        param = _PARAM.match(value, at)
        if param is not None and found and found[-1].token68 is None:
            found[-1] = _with(found[-1], param)
            at = _skip(value, param.end())
            continue
        scheme = _SCHEME.match(value, at)
        if scheme is None:
            raise DecodeError("auth", at, "neither a scheme nor a parameter")
        made, at = Auth(scheme[1]), scheme.end()
        if scheme[0] != scheme[1]:
            param, token68 = _PARAM.match(value, at), _TOKEN68.match(value, at)
            if param is not None:
                made, at = _with(made, param), param.end()
            elif token68 is not None:
                made, at = Auth(made.scheme, (), token68[0]), token68.end()
            else:
                raise DecodeError("auth", at, "neither a parameter nor a token68 behind the scheme")
        found.append(made)
        at = _skip(value, at)
    return tuple(found)


def _skip(value: bytes, at: int) -> int:
    between = _BETWEEN.match(value, at)
    return at if between is None else between.end()


def _with(auth: Auth, match: re.Match[bytes]) -> Auth:
    name, bare, quoted = match.groups()
    param = Param(name, bare, False) if bare is not None else Param(name, _PAIR.sub(rb"\1", quoted[1:-1]), True)
    return Auth(auth.scheme, (*auth.params, param))


def parse_credentials(value: bytes) -> Auth:
    """The one set of credentials in the value of Authorization; DecodeError for none or several."""
    found = parse_auth(value)
    if len(found) != 1:
        raise DecodeError("authorization", 0, f"{len(found)} sets of credentials")
    return found[0]


def token_of(value: bytes) -> bytes:
    """The token in the value of Authorization; DecodeError where there is none of this scheme, or not as it must be."""
    auth = parse_credentials(value)
    if not auth.private:
        raise DecodeError("authorization.scheme", 0, "another scheme")
    text = auth.value(b"token")
    if text is None:
        raise DecodeError("authorization.token", 0, "the parameter is missing")
    return unbase64(text, "authorization.token")


def base64url(octets: bytes) -> bytes:
    """The URL-safe Base 64 form with padding (RFC 4648, Section 5), which RFC 9577 asks for."""
    return base64.urlsafe_b64encode(octets)


def unbase64(text: bytes, path: str, *, padded: bool = True) -> bytes:
    """The octets of URL-safe Base 64.

    DecodeError for other letters, for padding that is missing unless not `padded`, and for bits that are left over (RFC
    4648, Section 3.5).
    """
    if _ALPHABET.fullmatch(text) is None:
        raise DecodeError(path, 0, "letters that URL-safe Base 64 does not have")
    whole = text if padded else text.rstrip(b"=") + b"=" * (-len(text.rstrip(b"=")) % 4)
    try:
        octets = base64.urlsafe_b64decode(whole)
    except binascii.Error as why:
        raise DecodeError(path, 0, f"no Base 64 with padding: {why}") from why
    if base64url(octets) != whole:
        raise DecodeError(path, 0, "no Base 64 with padding, or bits left over")
    return octets


def param(name: bytes, value: Any, *, quoted: bool = True, sep: bytes = b", ") -> Message:
    """The recipe of a parameter; `sep` is what stands between it and the one before."""
    mark = b'"' if quoted else b""
    return Message(sep=sep, name=name, equals=b"=", open=mark, value=value, close=mark)


def auth(params: Sequence[tuple[bytes, Any]], scheme: bytes = SCHEME, *, quoted: bool = True) -> Message:
    """The recipe of one challenge, or of credentials."""
    made = [param(n, v, quoted=quoted, sep=b", " if at else b"") for at, (n, v) in enumerate(params)]
    return Message(scheme=scheme, space=b" ", param=Many(made, key="name"))


def credentials(token: bytes, *, quoted: bool | None = None) -> Message:
    """The recipe of what a client puts into Authorization (RFC 9577, Section 2.2.2): in quotes where it has padding."""
    text = base64url(token)
    return auth([(b"token", text)], quoted=b"=" in text if quoted is None else quoted)


def challenge_params(challenge: bytes, token_key: bytes | None, max_age: int | None) -> list[tuple[bytes, Any]]:
    """The parameters of a challenge (RFC 9577, Section 2.1.2)."""
    found: list[tuple[bytes, Any]] = [(b"challenge", base64url(challenge))]
    if token_key is not None:
        found.append((b"token-key", base64url(token_key)))
    if max_age is not None:
        found.append((b"max-age", b"%d" % max_age))
    return found


@dataclass(frozen=True, slots=True)
class Offer:
    """A challenge of the scheme as a client can use it: the challenge's octets, the key, seconds that it holds."""

    challenge: bytes
    token_key: bytes | None
    max_age: int | None


def offer_of(found: Auth) -> Offer:
    """What one PrivateToken challenge offers; DecodeError where its parameters are not as RFC 9577, 2.1.2 says."""
    challenge = found.value(b"challenge")
    if challenge is None:
        raise DecodeError("auth.challenge", 0, "the parameter is missing")
    key, age = found.value(b"token-key"), found.value(b"max-age")
    if age is not None and not age.isdigit():
        raise DecodeError("auth.max-age", 0, "no number of seconds")
    return Offer(
        unbase64(challenge, "auth.challenge"),
        None if key is None else unbase64(key, "auth.token-key"),
        None if age is None else int(age[:20]),
    )
