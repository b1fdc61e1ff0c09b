"""What the connections need of whoever records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from conformance.model import Span
from conformance.wire.http import FieldLines

SHOWN = 64 * 1024
"""How many octets of a content go into a record; of a longer one, the record says how long it was."""


class Recorder(Protocol):
    """The part that an operation belongs to: two parts may interleave on one connection."""

    def saw(
        self,
        what: str,
        name: str = "",
        *,
        where: str = "",
        octets: bytes = b"",
        spans: Sequence[Span] = (),
        **value: Any,
    ) -> None:
        """Record one event (`conformance.model.Event`)."""


class Nobody:
    """Records nothing: for peers that stand as subjects, and for requests of the suite's own housekeeping."""

    def saw(self, what: str, name: str = "", **value: Any) -> None:
        """Forget it."""


def texts(fields: FieldLines) -> list[list[str]]:
    """Field lines as they are stored: [name, value], one character for each octet."""
    return [[n.decode("latin-1"), v.decode("latin-1")] for n, v in fields]


def shown(octets: bytes, spans: Sequence[Span], content_at: int, content: int) -> tuple[bytes, Sequence[Span], Any]:
    """Octets and spans with no more than `SHOWN` octets of content, and what the record must say of that."""
    limit = content_at + SHOWN
    if len(octets) <= limit:
        return octets, spans, {}
    cut = [Span(s.path, min(s.start, limit), min(s.end, limit), s.changed) for s in spans]
    return octets[:limit], cut, {"content_octets": content, "cut": True}
