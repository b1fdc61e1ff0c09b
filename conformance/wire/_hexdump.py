"""Octets with the names of their fields beside them, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.model import Span

WIDTH = 16


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a dump: offset, the field's path, up to 16 octets, and whether they were changed."""

    offset: int
    path: str
    octets: bytes
    changed: bool

    @property
    def hex(self) -> str:
        """The octets in hex, in two groups of eight."""
        return f"{self.octets[:8].hex(' ')}  {self.octets[8:].hex(' ')}".rstrip() or "(empty)"

    @property
    def text(self) -> str:
        """The octets as ASCII, a dot for what is none."""
        return "".join(chr(o) if 32 <= o < 127 else "." for o in self.octets)


def leaves(octets: bytes, spans: Sequence[Span]) -> list[Span]:
    """The innermost fields in wire order, with nameless spans for octets that no field claims.

    Fields that hold others are left out; a field that was changed and has nothing left stays, at its place.
    """
    outer = {outer for s in spans for outer in _around(s.path)}
    inner = sorted((s for s in spans if s.path not in outer), key=lambda s: (s.start, s.end))
    whole: list[Span] = []
    at = 0
    for span in inner:
        start = max(span.start, at)
        if start > at:
            whole.append(Span("", at, start))
        if span.end > start or span.changed or span.start == span.end:
            whole.append(Span(span.path, start, max(span.end, start), span.changed))
        at = max(at, span.end)
    if at < len(octets):
        whole.append(Span("", at, len(octets)))
    return whole


def _around(path: str) -> Iterator[str]:
    """The paths of all fields that hold this one."""
    for at, letter in enumerate(path):
        if letter in ".[":
            yield path[:at]


def hexdump(octets: bytes, spans: Sequence[Span] = (), limit: int = 512) -> Iterator[Line]:
    """Lines field by field; of a field longer than `limit` octets only the first are shown."""
    for path, start, end, changed in leaves(octets, spans):
        shown = min(end, start + limit)
        if start == end:
            yield Line(start, path, b"", changed)
        for at in range(start, shown, WIDTH):
            yield Line(at, path if at == start else "", octets[at : min(at + WIDTH, shown)], changed)
        if shown < end:
            yield Line(shown, f"… {end - shown} octets more", b"", changed)
