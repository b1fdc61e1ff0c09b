"""The fields of received messages: their places in the octets, for HTTP/1.1 and for the rendering of later versions."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.model import Span
from conformance.wire.http._fields import FieldLines

_FIRST = {True: ("method", "target", "version"), False: ("version", "status", "reason")}
_PARTS = {b":path": "target"}


def head_spans(octets: bytes, start: int = 0, *, request: bool) -> tuple[list[Span], int]:
    """The fields of an HTTP/1.1 head that begins at `start`, and where its content begins (the end, if it does not).

    Nothing is judged here: of a head that is none, there are the spans that can be told.
    """
    spans: list[Span] = []
    end = _line_end(octets, start)
    at = start
    for n, name in enumerate(_FIRST[request]):
        stop = octets.find(b" ", at, end) if n < 2 else end
        stop = end if stop < 0 else stop
        spans.append(Span(name, at, stop))
        at = min(stop + 1, end)
    at = _after(octets, end)
    whole, count = at, 0
    lines: list[Span] = []
    while at < len(octets):
        end = _line_end(octets, at)
        if end == at:
            spans.append(Span("fields", whole, at))
            spans.extend(lines)
            at = _after(octets, end)
            spans.append(Span("content", at, len(octets)))
            return spans, at
        colon = octets.find(b":", at, end)
        colon = end if colon < 0 else colon
        behind = min(colon + 1, end)
        value = octets[behind:end]
        begin = behind + len(value) - len(value.lstrip(b" \t"))
        lines.append(Span(f"fields[{count}]", at, _after(octets, end)))
        lines.append(Span(f"fields[{count}].name", at, colon))
        lines.append(Span(f"fields[{count}].value", begin, max(begin, behind + len(value.rstrip(b" \t")))))
        count += 1
        at = _after(octets, end)
    return spans + lines, len(octets)


def _line_end(octets: bytes, at: int) -> int:
    end = octets.find(b"\n", at)
    if end < 0:
        return len(octets)
    return end - 1 if end > at and octets[end - 1] == 0x0D else end


def _after(octets: bytes, end: int) -> int:
    if octets[end : end + 2] == b"\r\n":
        return end + 2
    return min(end + 1, len(octets))


def rendered(fields: FieldLines, content: bytes, trailers: FieldLines = ()) -> tuple[bytes, tuple[Span, ...]]:
    """A message of HTTP/2 or HTTP/3 in the shape of the recipes, with its spans; pseudo-fields are lines too."""
    out: list[bytes] = []
    spans: list[Span] = []
    at = _lines(out, spans, 0, "fields", fields)
    out.append(b"\r\n")
    at += 2
    spans.append(Span("content", at, at + len(content)))
    out.append(content)
    if trailers:
        _lines(out, spans, at + len(content), "trailers", trailers)
        out.append(b"\r\n")
    return b"".join(out), tuple(spans)


def _lines(out: list[bytes], spans: list[Span], at: int, path: str, lines: Iterable[tuple[bytes, bytes]]) -> int:
    count = 0
    for name, value in lines:
        begin, stop = at + len(name) + 2, at + len(name) + 2 + len(value)
        if name.startswith(b":"):
            spans.append(Span(_PARTS.get(name, name[1:].decode("latin-1")), begin, stop))
        else:
            spans.append(Span(f"{path}[{count}]", at, stop + 2))
            spans.append(Span(f"{path}[{count}].name", at, at + len(name)))
            spans.append(Span(f"{path}[{count}].value", begin, stop))
            count += 1
        out += (name, b": ", value, b"\r\n")
        at = stop + 2
    return at
