r"""Whole HTTP messages as recipes.

The parts have the same names in every version: `method`, `target`, `status`, `fields` (each of `name`, `sep`, `value`,
`end`; named in a path by its name), `end`, `content`, `trailers`. In HTTP/1.1 the octets are those that leave. In
HTTP/2 and HTTP/3 they are a rendering in the same shape, and the connection takes name and value of each line out of it
(`lines_of`). There, pseudo-fields are parts too: `method`, `protocol`, `scheme`, `authority`, `target` and `status` are
their values, `method-name` (b":method: ") and so on their names; a pseudo-field whose name was dropped is not sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from conformance.wire._recipe import Built, Get, Many, Message
from conformance.wire.http._fields import FieldLines

EOL = b"\r\n"
PSEUDO = ("method", "protocol", "scheme", "authority", "target", "status")
_NAMES = {"target": b":path"}
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


def ascii_number(path: str, base: str = "d") -> Any:
    """A computed part: how many octets the part at `path` has, in ASCII (`d` decimal, `x` hexadecimal)."""

    def count(get: Get) -> bytes:
        return format(len(get(path)), base).encode()

    return count


_LENGTH = ascii_number("content")
_SIZE = ascii_number("data", "x")


def field(name: bytes | str, value: Any) -> Message:
    """One field line; `value` is octets, text or a computed part."""
    name = name.encode("latin-1") if isinstance(name, str) else name
    value = value.encode("latin-1") if isinstance(value, str) else value
    return Message(name=name, sep=b": ", value=value, end=EOL)


def request(
    method: bytes,
    target: bytes,
    authority: bytes,
    fields: Iterable[tuple[bytes, Any]] = (),
    content: Any = None,
    *,
    version: int = 1,
    scheme: bytes = b"http",
    protocol: bytes = b"",
    chunks: Sequence[Any] | None = None,
    trailers: Sequence[tuple[bytes, Any]] = (),
) -> Message:
    """A request.

    `target` is path and query, `authority` host and port: in HTTP/1.1 the value of the field `Host`, which stands
    first. `content` is octets or any part of a recipe; unless it is None, or the fields say so themselves, its length
    is announced in `Content-Length`. With `chunks` the content is those pieces, in HTTP/1.1 under the chunked coding.
    `protocol` is the pseudo-field of an extended CONNECT (RFC 8441, Section 4), which HTTP/1.1 has not.
    """
    lines = list(fields)
    if version == 1:
        if authority and not _has(lines, b"host"):
            lines.insert(0, (b"Host", authority))
        head: dict[str, Any] = {
            "method": method, "method-end": b" ", "target": target, "target-end": b" ",
            "version": b"HTTP/1.1", "version-end": EOL,
        }  # fmt: skip
    else:
        head = _pseudo(method=method)
        if protocol:
            head |= _pseudo(protocol=protocol)
        head |= _pseudo(scheme=scheme)
        if authority:
            head |= _pseudo(authority=authority)
        head |= _pseudo(target=target)
    return _whole(head, lines, content, version, chunks, trailers)


def upgrade(
    protocol: bytes,
    target: bytes,
    authority: bytes,
    fields: Iterable[tuple[bytes, Any]] = (),
    *,
    version: int = 1,
    scheme: bytes = b"http",
) -> Message:
    """A request whose stream is to go on as `protocol`.

    In HTTP/1.1 it asks for an upgrade (RFC 9110, Section 7.8): the fields `Connection` and `Upgrade` stand in front of
    the others. Later versions have the extended CONNECT (RFC 8441, Section 4; RFC 9220).
    """
    if version == 1:
        fields = [(b"Connection", b"Upgrade"), (b"Upgrade", protocol), *fields]
        return request(b"GET", target, authority, fields, version=1)
    return request(b"CONNECT", target, authority, fields, version=version, scheme=scheme, protocol=protocol)


def switched(protocol: bytes, fields: Iterable[tuple[bytes, Any]] = (), *, version: int = 1) -> Message:
    """The response that lets the stream go on as `protocol`: 101 in HTTP/1.1, 200 without content in later versions."""
    if version == 1:
        return response(101, [(b"Connection", b"Upgrade"), (b"Upgrade", protocol), *fields])
    head = _pseudo(status=b"200")
    return _whole(head, list(fields), None, version, None, ())


def response(
    status: int,
    fields: Iterable[tuple[bytes, Any]] = (),
    content: Any = None,
    *,
    version: int = 1,
    reason: bytes | None = None,
    chunks: Sequence[Any] | None = None,
    trailers: Sequence[tuple[bytes, Any]] = (),
) -> Message:
    """A response; without `content` its length is announced as 0, but not where the status allows no content."""
    if version == 1:
        head: dict[str, Any] = {
            "version": b"HTTP/1.1", "version-end": b" ", "status": b"%d" % status, "status-end": b" ",
            "reason": _REASONS.get(status, b"") if reason is None else reason, "reason-end": EOL,
        }  # fmt: skip
    else:
        head = _pseudo(status=b"%d" % status)
    if content is None and status >= 200 and status not in {204, 304}:
        content = b""
    return _whole(head, list(fields), content, version, chunks, trailers)


def _has(lines: Iterable[tuple[bytes, Any]], name: bytes) -> bool:
    return any(n.lower() == name for n, _ in lines)


def _pseudo(**values: bytes) -> dict[str, Any]:
    head: dict[str, Any] = {}
    for part, value in values.items():
        head |= {f"{part}-name": _NAMES.get(part, b":" + part.encode()) + b": ", part: value, f"{part}-end": EOL}
    return head


def _whole(
    head: dict[str, Any],
    lines: list[tuple[bytes, Any]],
    content: Any,
    version: int,
    chunks: Sequence[Any] | None,
    trailers: Sequence[tuple[bytes, Any]],
) -> Message:
    told = _has(lines, b"content-length") or _has(lines, b"transfer-encoding")
    tail: dict[str, Any] = {}
    if chunks is not None and version == 1:
        if not told:
            lines.append((b"Transfer-Encoding", b"chunked"))
        content = Message(chunk=Many([Message(size=_SIZE, sep=EOL, data=c, end=EOL) for c in chunks]), last=b"0\r\n")
        tail = {"trailers": Many([field(n, v) for n, v in trailers], key="name"), "trailers-end": EOL}
    else:
        content = Many(chunks) if chunks is not None else content
        if content is not None and chunks is None and not told:
            lines.append((b"Content-Length", _LENGTH))
        if trailers and version != 1:
            tail = {"trailers": Many([field(n.lower(), v) for n, v in trailers], key="name"), "trailers-end": EOL}
    made = [field(n if version == 1 else n.lower(), v) for n, v in lines]
    return Message({
        **head, "fields": Many(made, key="name"), "end": EOL, "content": b"" if content is None else content, **tail,
    })  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lines:
    """What a version 2 or 3 message says: pseudo-fields and fields in the order of the message, content, trailers."""

    fields: FieldLines
    content: bytes
    content_at: int
    """Where the content begins in the rendering."""
    trailers: FieldLines


def lines_of(built: Built) -> Lines:
    """Read name and value of each line, and the content, out of what a recipe of version 2 or 3 came to."""
    octets = built.octets
    places = {path: (start, end) for path, start, end, _ in built.spans}
    fields: list[tuple[bytes, bytes]] = []
    for part in PSEUDO:
        name, value = places.get(f"{part}-name"), places.get(part)
        if name and value and name[0] < name[1]:
            fields.append((octets[slice(*name)].removesuffix(b": "), octets[slice(*value)]))
    fields.extend(_list(octets, places, "fields"))
    start, end = places.get("content", (len(octets), len(octets)))
    trailers_at = places.get("trailers")
    # Octets that a change put behind the whole message belong to its content: HTTP/2 has no other place for them.
    content = octets[start : trailers_at[0] if trailers_at else max(end, len(octets))]
    return Lines(tuple(fields), content, start, tuple(_list(octets, places, "trailers")))


def _list(octets: bytes, places: dict[str, tuple[int, int]], path: str) -> Iterable[tuple[bytes, bytes]]:
    at = 0
    while (whole := places.get(f"{path}[{at}]")) is not None:
        name, value = places.get(f"{path}[{at}].name"), places.get(f"{path}[{at}].value")
        if name and value and name[1] <= value[0]:
            if whole[0] < whole[1]:
                yield octets[slice(*name)], octets[slice(*value)]
        else:  # octets of the case's own in place of a line
            n, _, v = octets[slice(*whole)].removesuffix(EOL).partition(b": ")
            yield n, v
        at += 1


def part_of(built: Built, path: str) -> bytes | None:
    """The octets of one part, or None where the message has none of that name; cheaper than `Built.fields`."""
    for name, start, end, _ in built.spans:
        if name == path:
            return built.octets[start:end]
    return None
