"""The directory of an issuer (RFC 9578, Section 4).

    {"issuer-request-uri": "/token-request", "token-keys": [{"token-type": 1, "token-key": "…", "not-before": 17…}]}

In the recipe every member of an object and every entry of the list is a part that a case can change; commas follow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.protocols.privacypass.messages._auth import base64url, unbase64
from conformance.wire import DecodeError, Get, Many, Message, Sealed

DIRECTORY_PATH = b"/.well-known/private-token-issuer-directory"
DIRECTORY_TYPE = "application/private-token-issuer-directory"
_LATEST = 10**11
"""Seconds: what is greater counts milliseconds."""


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key of a directory: its type, its octets in that type's own encoding, and from when on it is used."""

    token_type: int
    key: bytes
    not_before: int | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """Where requests go, as it is written (a URL, or a reference to one), and the keys, the preferred first."""

    request_uri: str
    keys: tuple[ListedKey, ...]


def _listed(name: str, open_: bytes, close: bytes) -> Any:
    """A computed part: the items of a sealed list, each of which ends in a line feed, with commas between them."""

    def made(get: Get) -> bytes:
        return open_ + b",".join(get(name).split(b"\n")[:-1]) + close

    return made


def _object(members: Iterable[tuple[str, Any]], *, end: bytes = b"") -> Message:
    made = [_named(name, value) for name, value in members]
    return Message(member=Sealed(Many(made, key="name")), text=_listed("member", b"{", b"}"), end=end)


def _named(name: str, value: Any) -> Message:
    # The name stands in the recipe as the octets by which a path finds it, between marks of its own.
    return Message(quote=b'"', name=name.encode(), unquote=b'":', value=value, end=b"\n")


def directory(made: Directory, more: Sequence[tuple[str, bytes]] = ()) -> Message:
    """The recipe of a directory, with further members in JSON.

    Paths: `member.issuer-request-uri.value`, `member.token-keys.value.entry[0].member.token-key.value`, ….
    """
    entries = [_object(_key_members(key), end=b"\n") for key in made.keys]
    keys = Message(entry=Sealed(Many(entries)), text=_listed("entry", b"[", b"]"))
    uri = json.dumps(made.request_uri).encode()
    return _object([("issuer-request-uri", uri), ("token-keys", keys), *more])


def _key_members(key: ListedKey) -> list[tuple[str, Any]]:
    found = [("token-type", b"%d" % key.token_type), ("token-key", b'"' + base64url(key.key) + b'"')]
    if key.not_before is not None:
        found.append(("not-before", b"%d" % key.not_before))
    return found


def json_of(octets: bytes) -> Any:
    """Any JSON value (RFC 8259); DecodeError for text that is none, such as NaN or a comma too many."""
    try:
        return json.loads(octets.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as why:
        raise DecodeError("directory", getattr(why, "pos", 0), f"no JSON: {why}") from why


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def decode_directory(octets: bytes, *, padded: bool = True) -> Directory:
    """The directory in octets; DecodeError for whatever RFC 9578, 4 does not have. Other members are passed over.

    Unless `padded`, keys may lack their padding, so that an issuer that errs there can be asked all the same.
    """
    said = json_of(octets)
    if not isinstance(said, Mapping):
        raise DecodeError("directory", 0, "no object")
    uri, entries = said.get("issuer-request-uri"), said.get("token-keys")
    if not isinstance(uri, str) or not uri:
        raise DecodeError("directory.issuer-request-uri", 0, "no text")
    if not isinstance(entries, list) or not entries:
        raise DecodeError("directory.token-keys", 0, "no list with an entry")
    keys = (_key_of(entry, f"directory.token-keys[{n}]", padded) for n, entry in enumerate(entries))
    return Directory(uri, tuple(keys))


def _key_of(entry: Any, path: str, padded: bool) -> ListedKey:
    if not isinstance(entry, Mapping):
        raise DecodeError(path, 0, "no object")
    kind, text, since = entry.get("token-type"), entry.get("token-key"), entry.get("not-before")
    if type(kind) is not int or not 0 <= kind < 1 << 16:
        raise DecodeError(f"{path}.token-type", 0, "no number of 16 bits")
    if not isinstance(text, str) or not text.isascii():
        raise DecodeError(f"{path}.token-key", 0, "no text in ASCII")
    if "not-before" in entry and (type(since) is not int or not 0 <= since < _LATEST):
        raise DecodeError(f"{path}.not-before", 0, "no time in seconds")
    return ListedKey(kind, unbase64(text.encode(), f"{path}.token-key", padded=padded), since)


def usable(found: Directory, token_type: int, now: float) -> tuple[ListedKey, ...]:
    """The keys of a type that may be used now, the preferred first (RFC 9578, Section 4)."""
    return tuple(k for k in found.keys if k.token_type == token_type and (k.not_before or 0) <= now)
