"""What cases about the message inside share: how it may be refused, and messages that have every part."""

from __future__ import annotations

from typing import Any

from conformance.cases import cut, drop, given
from conformance.model import ACCEPTED, ANYWAY, Change, Outcome
from conformance.protocols.ohttp.exchanges import ENCAPSULATED_4XX, ENCAPSULATED_5XX, PLAIN_4XX, PLAIN_5XX, Inner


def refusals(requirement: str, *better: Outcome) -> list[Outcome]:
    """Every refusal, best first, behind what is better; where and with which status is for other requirements."""
    anyhow = (ENCAPSULATED_4XX, ENCAPSULATED_5XX, PLAIN_4XX, PLAIN_5XX)
    return [*better, *(outcome.per(requirement) for outcome in anyhow)]


NOT_PROCESSED = "rfc9292/4/invalid-message-not-processed"
LATER = {"rfc9458/5.2/later-errors-encapsulated": [ENCAPSULATED_4XX, ENCAPSULATED_5XX, ANYWAY, ACCEPTED]}
"""Whatever is refused behind the decapsulation is refused inside; what is not refused decides nothing of this."""

REFUSED: dict[str, Any] = {
    "expect": refusals(NOT_PROCESSED),
    "also": {
        NOT_PROCESSED: refusals(NOT_PROCESSED),
        "rfc9458/5.2/invalid-message-gets-4xx": [ENCAPSULATED_4XX, PLAIN_4XX],
        **LATER,
    },
}
"""An invalid message: Binary HTTP asks that it is refused, Oblivious HTTP how: with a 4xx, inside the encapsulation."""

FIELDS = ((b"x-one", b"1"), (b"x-two", b"two"))
TRAILERS = ((b"x-sum", b"abc"),)

PARTS = ("control.method", "control.scheme", "control.authority", "control.path", "headers", "content", "trailers")
"""The parts of a request behind the framing indicator, in their order."""


def named(*values: bytes) -> dict[str, bytes]:
    """Attempts that are called after their octets, which are text."""
    return {value.decode(): value for value in values}


def inside(path: str = "") -> str:
    """The place of a part of the message inside."""
    return f"request.content.{path}" if path else "request.content"


def full(**more: Any) -> Change:
    """The message inside has fields and content."""
    return given(inner=Inner(**({"fields": FIELDS} | more)))


def holding(**more: Any) -> dict[str, Any]:
    """Settings of a case: the message inside has this in all parts, the twin included, and fields unless told."""
    return {"inner": Inner(**({"fields": FIELDS} | more))}


def without_behind(part: str) -> tuple[Change, ...]:
    """Nothing is left behind a part of the message."""
    return tuple(drop(inside(later)) for later in PARTS[PARTS.index(part) + 1 :])


def ends_inside(part: str, missing: int) -> tuple[Change, ...]:
    """The message ends so many octets before the end of a part."""
    return (*without_behind(part), *((cut(inside(part), missing),) if missing else ()))
