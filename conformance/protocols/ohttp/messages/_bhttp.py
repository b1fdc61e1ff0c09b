"""Binary HTTP (RFC 9292): recipes in both framings, and the strict decoder.

    known length   = framing 0 or 1, [1xx: status, section]…, control data, section, content, section, padding
    indeterminate  = framing 2 or 3, …, control data, section, chunk… 0, section, padding
    section        = known: length, line…          indeterminate: line… 0
    line           = name length, name, value length, value
    control data   = request: method, scheme, authority, path, each with its length; response: status

All integers are QUIC variable-length integers. What stands empty at the end may be cut (3.8), also, as RFC 9458,
Appendix A does, right behind the control data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.wire import DecodeError, Many, Message, Reader, Varint

Line = tuple[bytes, bytes]
Lines = tuple[Line, ...]

BHTTP_TYPE = "message/bhttp"
KNOWN_REQUEST, KNOWN_RESPONSE, INDETERMINATE_REQUEST, INDETERMINATE_RESPONSE = 0, 1, 2, 3

CONTROL_PSEUDO_FIELDS = frozenset({b":method", b":scheme", b":authority", b":path", b":status"})
"""What control data carries, and therefore no field may (RFC 9292, Section 3.6)."""

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, Section 5.6.2
_NAME = re.compile(rb":?[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile(rb"[\x00\r\n]|^[ \t]|[ \t]$")  # RFC 9113, Section 8.2.1
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+\-.]*")  # RFC 3986, Section 3.1
_PATH = re.compile(rb"/[!-\"$-~]*|\*")  # RFC 9113, Section 8.3.1: no fragment, no space
_AUTHORITY = re.compile(rb"[A-Za-z0-9\-._~%!$&'()*+,;=:\[\]]*")  # RFC 3986, Section 3.2 without user information


@dataclass(frozen=True, slots=True)
class BinaryRequest:
    """A request: control data, header fields, content, trailer fields, all octets."""

    method: bytes
    scheme: bytes
    authority: bytes
    path: bytes
    fields: Lines = ()
    content: bytes = b""
    trailers: Lines = ()


@dataclass(frozen=True, slots=True)
class BinaryResponse:
    """A response: final status, informational responses before it, fields, content, trailers."""

    status: int
    fields: Lines = ()
    content: bytes = b""
    trailers: Lines = ()
    informational: tuple[tuple[int, Lines], ...] = field(default=())


def prefixed(octets: Any) -> Message:
    """Octets with their length in front."""
    return Message(length=lambda get: Varint(len(get("octets"))), octets=octets)


def line(name: bytes, value: bytes) -> Message:
    """One field line."""
    return Message(name=prefixed(name), value=prefixed(value))


def _section(lines: Iterable[Line], *, known: bool) -> Message:
    many = Many((line(name, value) for name, value in lines), key="name.octets")
    if known:
        return Message(length=lambda get: Varint(len(get("fields"))), fields=many)
    return Message(fields=many, terminator=Varint(0))


def _content(content: bytes, chunks: Sequence[int], *, known: bool) -> Message:
    if known:
        return prefixed(content)
    pieces, at = [], 0
    for size in chunks or (len(content),):
        pieces.append(content[at : at + size])
        at += size
    pieces.append(content[at:])
    return Message(chunk=Many(prefixed(p) for p in pieces if p), terminator=Varint(0))


def bhttp_request(
    message: BinaryRequest, *, known: bool = True, chunks: Sequence[int] = (), padding: int = 0
) -> Message:
    """The recipe of a request. `chunks` are the sizes of content chunks, `padding` zeros follow the message."""
    return Message(
        framing=Varint(KNOWN_REQUEST if known else INDETERMINATE_REQUEST),
        control=Message(
            method=prefixed(message.method),
            scheme=prefixed(message.scheme),
            authority=prefixed(message.authority),
            path=prefixed(message.path),
        ),
        headers=_section(message.fields, known=known),
        content=_content(message.content, chunks, known=known),
        trailers=_section(message.trailers, known=known),
        padding=bytes(padding),
    )


def bhttp_response(
    message: BinaryResponse, *, known: bool = True, chunks: Sequence[int] = (), padding: int = 0
) -> Message:
    """The recipe of a response."""
    return Message(
        framing=Varint(KNOWN_RESPONSE if known else INDETERMINATE_RESPONSE),
        informational=Many(
            Message(status=Varint(status), headers=_section(lines, known=known))
            for status, lines in message.informational
        ),
        control=Message(status=Varint(message.status)),
        headers=_section(message.fields, known=known),
        content=_content(message.content, chunks, known=known),
        trailers=_section(message.trailers, known=known),
        padding=bytes(padding),
    )


def decode_bhttp(data: bytes) -> BinaryRequest | BinaryResponse:
    """Read a message of either kind strictly; DecodeError for any other octets."""
    reader = Reader(data, "bhttp")
    framing = reader.varint("framing")
    if framing > INDETERMINATE_RESPONSE:
        raise reader.fail("framing", f"{framing} is no framing indicator", 0)
    known = framing in {KNOWN_REQUEST, KNOWN_RESPONSE}
    decoded = (
        _decode_request(reader, known=known)
        if framing in {KNOWN_REQUEST, INDETERMINATE_REQUEST}
        else _decode_response(reader, known=known)
    )
    at = reader.at
    if any(reader.rest()):
        raise reader.fail("padding", "padding that is not zero", at)
    return decoded


def decode_request(data: bytes) -> BinaryRequest:
    """Read a request; DecodeError also for a response."""
    message = decode_bhttp(data)
    if not isinstance(message, BinaryRequest):
        raise DecodeError("bhttp.framing", 0, "a response where a request is wanted")
    return message


def decode_response(data: bytes) -> BinaryResponse:
    """Read a response; DecodeError also for a request."""
    message = decode_bhttp(data)
    if not isinstance(message, BinaryResponse):
        raise DecodeError("bhttp.framing", 0, "a request where a response is wanted")
    return message


def lawful_request(data: bytes) -> BinaryRequest | None:
    """The request in octets, or None where our strict decoder refuses them."""
    try:
        return decode_request(data)
    except DecodeError:
        return None


def lawful_response(data: bytes) -> BinaryResponse | None:
    """The response in octets, or None where our strict decoder refuses them."""
    try:
        return decode_response(data)
    except DecodeError:
        return None


def _decode_request(reader: Reader, *, known: bool) -> BinaryRequest:
    start = reader.at
    method, scheme, authority, path = (
        reader.take(reader.varint(name), name) for name in ("method", "scheme", "authority", "path")
    )
    for name, bad in (
        ("method", not _TOKEN.fullmatch(method)),
        ("scheme", not _SCHEME.fullmatch(scheme)),
        ("authority", not _AUTHORITY.fullmatch(authority)),
        ("path", not _path_fits(method, scheme, path)),
    ):
        if bad:
            raise reader.fail(f"control.{name}", "not allowed in HTTP/2's pseudo-header field of that name", start)
    return BinaryRequest(method, scheme, authority, path, *_decode_rest(reader, known=known))


def _path_fits(method: bytes, scheme: bytes, path: bytes) -> bool:
    if scheme.lower() not in {b"http", b"https"}:
        return not re.search(rb"[\x00-\x20\x7f]", path)
    return (path.startswith(b"/") and bool(_PATH.fullmatch(path))) or (path == b"*" and method == b"OPTIONS")


def _decode_response(reader: Reader, *, known: bool) -> BinaryResponse:
    informational: list[tuple[int, Lines]] = []
    while True:
        at = reader.at
        status = reader.varint("status")
        if 200 <= status <= 599:
            fields, content, trailers = _decode_rest(reader, known=known)
            return BinaryResponse(status, fields, content, trailers, tuple(informational))
        if not 100 <= status <= 199:
            raise reader.fail("status", f"{status} is no status of a response", at)
        lines = _decode_section(reader, f"informational[{len(informational)}]", known=known)
        informational.append((status, lines))


def _decode_rest(reader: Reader, *, known: bool) -> tuple[Lines, bytes, Lines]:
    fields = _decode_section(reader, "headers", known=known) if reader.left else ()
    content = _decode_content(reader, known=known) if reader.left else b""
    trailers = _decode_section(reader, "trailers", known=known) if reader.left else ()
    return fields, content, trailers


def _decode_section(reader: Reader, name: str, *, known: bool) -> Lines:
    if known:
        section = reader.sub(reader.varint(f"{name}.length"), name)
        lines: list[Line] = []
        while section.left:
            lines.append(_decode_line(section, section.varint("name.length"), lines, name))
        return tuple(lines)
    lines = []
    while length := reader.varint(f"{name}.line"):
        lines.append(_decode_line(reader, length, lines, name))
    return tuple(lines)


def _decode_line(reader: Reader, length: int, before: Sequence[Line], section: str) -> Line:
    at = reader.at
    name = reader.take(length, "name")
    value = reader.take(reader.varint("value.length"), "value")
    if not _NAME.fullmatch(name):
        raise reader.fail("name", "octets that no field name has", at)
    if _BAD_VALUE.search(value):
        raise reader.fail("value", "NUL, CR, LF or white space around it", at)
    if name[:1] == b":":
        if name.lower() in CONTROL_PSEUDO_FIELDS:
            raise reader.fail("name", "a pseudo-field that control data carries", at)
        if section == "trailers":
            raise reader.fail("name", "a pseudo-field in trailers", at)
        if any(other[:1] != b":" for other, _ in before):
            raise reader.fail("name", "a pseudo-field behind other fields", at)
    return name, value


def _decode_content(reader: Reader, *, known: bool) -> bytes:
    if known:
        return reader.take(reader.varint("content.length"), "content")
    pieces = []
    while length := reader.varint("content.chunk"):
        pieces.append(reader.take(length, "content.chunk"))
    return b"".join(pieces)
