"""Field lines as they were received: pairs of name and value, in order, names in any case."""

from __future__ import annotations

import re

FieldLines = tuple[tuple[bytes, bytes], ...]
"""Field lines in order: (name, value), both without the white space around them."""

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, Section 5.6.2
_VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[ \t\x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")  # Section 5.5

HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade",
})  # fmt: skip
"""Fields that concern one connection, whether or not `Connection` lists them (RFC 9110, Section 7.6.1)."""

CONNECTION_SPECIFIC = HOP_BY_HOP - {b"te"}
"""Fields that make a message malformed in HTTP/2 and HTTP/3; `te` may say `trailers` (RFC 9113, Section 8.2.2)."""


def values(fields: FieldLines, name: bytes) -> tuple[bytes, ...]:
    """The values of all lines of that name, in order."""
    name = name.lower()
    return tuple(value for n, value in fields if n.lower() == name)


def combined(fields: FieldLines, name: bytes) -> bytes | None:
    """The field's value, lines joined by comma and space (RFC 9110, Section 5.3), or None where there is none."""
    found = values(fields, name)
    return b", ".join(found) if found else None


def media_type(fields: FieldLines) -> str:
    """The media type of the content, lower-cased and without parameters; empty where there is no `Content-Type`.

    Of several lines none is preferred: what they combine to is no media type, and equals none.
    """
    value = combined(fields, b"content-type")
    return "" if value is None else value.partition(b";")[0].strip(b" \t").decode("latin-1").lower()


def valid_name(name: bytes) -> bool:
    """Whether this can be a field name: a token (RFC 9110, Section 5.1)."""
    return _TOKEN.fullmatch(name) is not None


def valid_value(value: bytes) -> bool:
    """Whether this can be a field value: no control octets, no white space around it (RFC 9110, Section 5.5)."""
    return _VALUE.fullmatch(value) is not None
