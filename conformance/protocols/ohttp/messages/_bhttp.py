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
    return Decoder(data).message()


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


class Decoder:
    """The strict decoder of one message, each step a method, so that a fault replaces one of them."""

    def __init__(self, data: bytes) -> None:
        self.reader = Reader(data, "bhttp")
        self.known = True

    def message(self) -> BinaryRequest | BinaryResponse:
        """The whole message, of either kind; DecodeError for any other octets."""
        framing = self.framing()
        self.known = framing in {KNOWN_REQUEST, KNOWN_RESPONSE}
        decoded = self.request() if framing in {KNOWN_REQUEST, INDETERMINATE_REQUEST} else self.response()
        self.padding()
        return decoded

    def framing(self) -> int:
        """The framing indicator (3.3)."""
        framing = self.number(self.reader, "framing")
        if framing > INDETERMINATE_RESPONSE:
            raise self.reader.fail("framing", f"{framing} is no framing indicator", 0)
        return framing

    def number(self, reader: Reader, name: str) -> int:
        """An integer, of any width (3)."""
        return reader.varint(name)

    def request(self) -> BinaryRequest:
        """What follows the framing indicator of a request (3.4)."""
        return BinaryRequest(*self.control(), *self.rest())

    def control(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Method, scheme, authority and path, by the rules of HTTP/2 (3.4; RFC 9113, Section 8.3.1)."""
        reader, start = self.reader, self.reader.at
        method, scheme, authority, path = (
            reader.take(self.number(reader, name), name) for name in ("method", "scheme", "authority", "path")
        )
        for name, bad in (
            ("method", not _TOKEN.fullmatch(method)),
            ("scheme", not _SCHEME.fullmatch(scheme)),
            ("authority", not _AUTHORITY.fullmatch(authority)),
            ("path", not _path_fits(method, scheme, path)),
        ):
            if bad:
                raise reader.fail(f"control.{name}", "not allowed in HTTP/2's pseudo-header field of that name", start)
        return method, scheme, authority, path

    def response(self) -> BinaryResponse:
        """What follows the framing indicator of a response: informational ones, then the final one (3.5)."""
        informational: list[tuple[int, Lines]] = []
        while True:
            at = self.reader.at
            status = self.status()
            if 200 <= status <= 599:
                fields, content, trailers = self.rest()
                return BinaryResponse(status, fields, content, trailers, tuple(informational))
            if not 100 <= status <= 199:
                raise self.reader.fail("status", f"{status} is no status of a response", at)
            informational.append((status, self.section(f"informational[{len(informational)}]")))

    def status(self) -> int:
        """A status code, informational or final."""
        return self.number(self.reader, "status")

    def rest(self) -> tuple[Lines, bytes, Lines]:
        """Header section, content and trailer section, each of which may be cut away when all behind it is (3.8)."""
        fields = self.section("headers") if self.reader.left else ()
        content = self.content() if self.reader.left else b""
        trailers = self.section("trailers") if self.reader.left else ()
        return fields, content, trailers

    def section(self, name: str) -> Lines:
        """A field section: with its length in front, or with a terminator behind it."""
        lines: list[Line] = []
        if self.known:
            section = self.reader.sub(self.number(self.reader, f"{name}.length"), name)
            while section.left:
                lines.append(self.line(section, self.number(section, "name.length"), lines, name))
        else:
            while length := self.number(self.reader, f"{name}.line"):
                lines.append(self.line(self.reader, length, lines, name))
        return tuple(lines)

    def line(self, reader: Reader, length: int, before: Sequence[Line], section: str) -> Line:
        """A field line behind the length of its name (3.6)."""
        at = reader.at
        name = reader.take(length, "name")
        value = reader.take(self.number(reader, "value.length"), "value")
        if why := self.bad_name(name):
            raise reader.fail("name", why, at)
        if why := self.bad_value(value):
            raise reader.fail("value", why, at)
        if name[:1] == b":" and (why := self.bad_pseudo_field(name, before, section)):
            raise reader.fail("name", why, at)
        return name, value

    def bad_name(self, name: bytes) -> str:
        """What makes a field name invalid, or nothing."""
        return "" if _NAME.fullmatch(name) else "octets that no field name has"

    def bad_value(self, value: bytes) -> str:
        """What makes a field value invalid, or nothing."""
        return "NUL, CR, LF or white space around it" if _BAD_VALUE.search(value) else ""

    def bad_pseudo_field(self, name: bytes, before: Sequence[Line], section: str) -> str:
        """What makes a pseudo-field invalid where it stands, or nothing."""
        if name.lower() in CONTROL_PSEUDO_FIELDS:
            return "a pseudo-field that control data carries"
        if section == "trailers":
            return "a pseudo-field in trailers"
        return "a pseudo-field behind other fields" if any(other[:1] != b":" for other, _ in before) else ""

    def content(self) -> bytes:
        """The content: with its length in front, or chunks and a terminator."""
        if self.known:
            return self.reader.take(self.number(self.reader, "content.length"), "content")
        pieces = []
        while length := self.number(self.reader, "content.chunk"):
            pieces.append(self.reader.take(length, "content.chunk"))
        return b"".join(pieces)

    def padding(self) -> None:
        """What is left over: zeros only (3.8)."""
        at = self.reader.at
        if any(self.reader.rest()):
            raise self.reader.fail("padding", "padding that is not zero", at)


def _path_fits(method: bytes, scheme: bytes, path: bytes) -> bool:
    if scheme.lower() not in {b"http", b"https"}:
        return not re.search(rb"[\x00-\x20\x7f]", path)
    return (path.startswith(b"/") and bool(_PATH.fullmatch(path))) or (path == b"*" and method == b"OPTIONS")
