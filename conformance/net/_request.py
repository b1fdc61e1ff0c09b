"""Requests as our servers see them."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model import Span
from conformance.wire.http import FieldLines, combined, rendered


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request: `octets` as received in HTTP/1.1, a rendering in later versions, with the `spans` of its fields.

    `target` is what the request line or `:path` says; `authority` comes from an absolute target, `:authority` or
    `Host`; `peer` is the client's address and port. `content_at` tells where in the octets the content begins.
    `protocol` is the value of `:protocol` or `Upgrade`.
    """

    version: int
    method: bytes
    scheme: bytes
    authority: bytes
    target: bytes
    fields: FieldLines
    content: bytes
    trailers: FieldLines
    octets: bytes
    spans: tuple[Span, ...]
    content_at: int
    peer: tuple[str, int]
    protocol: bytes = b""


def request_of(version: int, lines: FieldLines, content: bytes, trailers: FieldLines, peer: tuple[str, int]) -> Request:
    """The request that field lines with pseudo-fields make, in HTTP/2 and HTTP/3."""
    octets, spans = rendered(lines, content, trailers)
    at = next(s.start for s in spans if s.path == "content")
    pseudo = {n: v for n, v in lines if n.startswith(b":")}
    fields = tuple((n, v) for n, v in lines if not n.startswith(b":"))
    return Request(
        version=version,
        method=pseudo.get(b":method", b""),
        scheme=pseudo.get(b":scheme", b""),
        authority=pseudo.get(b":authority") or combined(fields, b"host") or b"",
        target=pseudo.get(b":path", b""),
        fields=fields,
        content=content,
        trailers=trailers,
        octets=octets,
        spans=spans,
        content_at=at,
        peer=peer,
        protocol=pseudo.get(b":protocol", b""),
    )
