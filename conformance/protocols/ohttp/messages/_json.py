"""Binary HTTP messages as the adapter protocol carries them (`docs/adapter.md`), and when two say the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from operator import index
from typing import Any

from conformance.protocols.ohttp.messages._bhttp import BinaryRequest, BinaryResponse, Line, Lines
from conformance.wire.http import HOP_BY_HOP

_CONTROL = ("method", "scheme", "authority", "path")


def message_json(message: BinaryRequest | BinaryResponse) -> dict[str, Any]:
    """A message as JSON."""
    said: dict[str, Any]
    if isinstance(message, BinaryRequest):
        said = {name: getattr(message, name).hex() for name in _CONTROL}
    else:
        blocks = [[status, _lines_json(lines)] for status, lines in message.informational]
        said = {"status": message.status, "informational": blocks}
    return said | {
        "fields": _lines_json(message.fields),
        "content": message.content.hex(),
        "trailers": _lines_json(message.trailers),
    }


def _lines_json(lines: Sequence[Line]) -> list[list[str]]:
    return [[name.hex(), value.hex()] for name, value in lines]


def message_of_json(said: Any) -> BinaryRequest | BinaryResponse:
    """The message in JSON, a missing list being an empty one; ValueError where it is none."""
    try:
        rest = (_lines(said.get("fields")), bytes.fromhex(said.get("content", "")), _lines(said.get("trailers")))
        if "status" not in said:
            method, scheme, authority, path = (bytes.fromhex(said[name]) for name in _CONTROL)
            return BinaryRequest(method, scheme, authority, path, *rest)
        blocks = tuple((index(status), _lines(lines)) for status, lines in said.get("informational") or ())
        return BinaryResponse(index(said["status"]), *rest, blocks)
    except (AttributeError, KeyError, TypeError, ValueError) as why:
        raise ValueError(f"no message: {type(why).__name__}: {why}") from why


def _lines(said: Any) -> Lines:
    return tuple((bytes.fromhex(name), bytes.fromhex(value)) for name, value in said or ())


def same_message(
    one: BinaryRequest | BinaryResponse, other: BinaryRequest | BinaryResponse, *, exact: bool = False
) -> bool:
    """Whether two messages say the same in HTTP, informational responses left out of account.

    The order of fields with different names and the spelling of names mean nothing, several lines may be joined
    (RFC 9110, Sections 5.1 and 5.3; cookies: RFC 9113, Section 8.2.3), fields of a connection may be left out (RFC
    9292, Section 3.6). Unless `exact`, an authority that only the field Host tells may be told as the authority.
    """
    if one.content != other.content or not _same_lines(one.trailers, other.trailers):
        return False
    if isinstance(one, BinaryResponse) or isinstance(other, BinaryResponse):
        if not isinstance(one, BinaryResponse) or not isinstance(other, BinaryResponse):
            return False
        return one.status == other.status and _same_lines(one.fields, other.fields)
    if (one.method, one.scheme.lower(), one.path) != (other.method, other.scheme.lower(), other.path):
        return False
    if exact or (one.authority and other.authority):
        return one.authority.lower() == other.authority.lower() and _same_lines(one.fields, other.fields)
    mine, theirs = (_effective(m).lower() for m in (one, other))
    return mine == theirs and _same_lines(*(_without(m.fields, {b"host"}) for m in (one, other)))


def same_informational(one: BinaryResponse, other: BinaryResponse) -> bool:
    """Whether two responses come with the same informational ones."""
    mine, theirs = one.informational, other.informational
    return len(mine) == len(theirs) and all(
        a == b and _same_lines(x, y) for (a, x), (b, y) in zip(mine, theirs, strict=True)
    )


def connection_fields(lines: Sequence[Line]) -> set[bytes]:
    """The names of fields that belong to a connection (RFC 9110, Section 7.6.1)."""
    return {name.lower() for name, _ in lines} & HOP_BY_HOP


def _effective(message: BinaryRequest) -> bytes:
    return message.authority or next((v for n, v in message.fields if n.lower() == b"host"), b"")


def _without(lines: Sequence[Line], names: set[bytes]) -> Lines:
    return tuple((n, v) for n, v in lines if n.lower() not in names)


def _by_name(lines: Sequence[Line]) -> Mapping[bytes, tuple[bytes, ...]]:
    values: dict[bytes, tuple[bytes, ...]] = {}
    for name, value in lines:
        if name.lower() not in HOP_BY_HOP:
            values[name.lower()] = (*values.get(name.lower(), ()), value)
    return values


def _same_lines(one: Sequence[Line], other: Sequence[Line]) -> bool:
    if one == other:
        return True
    mine, theirs = _by_name(one), _by_name(other)
    return mine.keys() == theirs.keys() and all(_same_values(name, mine[name], theirs[name]) for name in mine)


def _same_values(name: bytes, one: Sequence[bytes], other: Sequence[bytes]) -> bool:
    if one == other:
        return True
    if name == b"set-cookie" or (len(one) == len(other) and name != b"cookie"):  # the former is never joined
        return False
    separator = b";" if name == b"cookie" else b","
    mine, theirs = (re.split(rb"[ \t]*" + separator + rb"[ \t]*", separator.join(v)) for v in (one, other))
    return mine == theirs


__all__ = ["connection_fields", "message_json", "message_of_json", "same_informational", "same_message"]
