"""A change: one named difference from the honest exchange, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GIVEN = "given"
"""The operation of a change that sets a parameter of the exchange instead of changing a message."""

IN_MESSAGE = ("cut", "extend", "flip", "put", "drop", "insert", "repeat", "swap", "widen")
IN_LEAVING = ("split", "hold", "delay", "close", "reset")
"""How a message leaves: in pieces, held for a race, late, followed by an end or by an abortive end of the stream."""


@dataclass(frozen=True, slots=True)
class Change:
    """One operation at one place: stored, replayed and drawn by the fuzzer as data.

    `point` may carry an index (`log[1]`: only the second time that a part reaches the point). With `wire` the octets
    change and nothing that is computed follows.
    """

    point: str
    path: str
    op: str
    args: tuple[Any, ...] = ()
    wire: bool = False

    @property
    def place(self) -> str:
        """Point and path as they are written in a case."""
        return f"{self.point}.{self.path}" if self.path else self.point

    def applies_to(self, name: str, nth: int) -> bool:
        """Whether this change belongs to the nth arrival (from 0) at the point `name`."""
        return self.point in {name, f"{name}[{nth}]"}

    def __str__(self) -> str:
        """The change as a person writes it, long octets cut."""
        if self.op == GIVEN:
            return f"given({', '.join(f'{name}={_short(value)}' for name, value in self.args)})"
        args = "".join(f", {_short(a)}" for a in self.args)
        return f"{self.op}({self.place}{args}{', wire only' if self.wire else ''})"


def _short(value: Any) -> str:
    if not isinstance(value, str) and hasattr(value, "encode"):
        # A recipe is told by its octets, as it is from a stored run; one that needs what is around it, by its kind.
        try:
            value = value.encode()
        except Exception:  # noqa: BLE001
            return f"<{type(value).__name__}>"
    if isinstance(value, bytes):
        return f"{value[:16].hex()}… ({len(value)} octets)" if len(value) > 24 else value.hex() or "(empty)"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
