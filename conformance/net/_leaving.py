"""How a message leaves, read from the changes that say so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from conformance.model import Change, UsageError

Barrier = Callable[[], Awaitable[object]]
"""Waits until all that are held may leave."""

HALF, FULL, RESET = "half", "full", "reset"


@dataclass(frozen=True, slots=True)
class Leaving:
    """Offsets count octets of the message.

    `cuts` part it into pieces that leave apart, what stands from `held` on waits for a barrier, all of it waits `delay`
    seconds, and `end` is what follows: nothing, the end of our direction (`half`), of both (`full`), or `reset`.
    """

    cuts: tuple[int, ...] = ()
    held: int | None = None
    delay: float = 0.0
    end: str = ""

    @classmethod
    def of(cls, changes: Iterable[Change], length: int) -> Leaving:
        """Read the changes: `split(offset, …)`, `hold(octets)`, `delay(seconds)`, `close("half" | "full")`, `reset()`.

        Offsets from the end are negative. UsageError for what cannot be.
        """
        cuts: set[int] = set()
        held, delay, end = None, 0.0, ""
        for change in changes:
            match change.op, change.args:
                case "split", [*offsets] if offsets and all(isinstance(o, int) for o in offsets):
                    cuts.update(o if o >= 0 else length + o for o in offsets)
                case "hold", [int(octets)]:
                    held = max(length - octets, 0)
                case "delay", [int() | float() as seconds]:
                    delay += seconds
                case "close", []:
                    end = HALF
                case "close", ["half" | "full" as how]:
                    end = how
                case "reset", []:
                    end = RESET
                case _:
                    raise UsageError(f"{change} does not say how a message leaves")
        return cls(tuple(sorted(c for c in cuts if 0 < c < length)), held, delay, end)

    def moved(self, at: int, by: int) -> Leaving:
        """The same places after `by` octets were put in at `at`."""
        cuts = tuple(c if c <= at else c + by for c in self.cuts)
        return replace(self, cuts=cuts, held=self.held if self.held is None or self.held <= at else self.held + by)

    def pieces(self, length: int) -> Iterable[tuple[int, int, bool]]:
        """Start and end of each piece, and whether it waits for the barrier."""
        ends = sorted({*self.cuts, length} | ({self.held} if self.held else set()))
        start = 0
        for end in ends:
            yield start, end, start == self.held
            start = end
