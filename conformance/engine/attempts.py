"""Cases on their way to a verdict, and how lanes share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from conformance.engine.judge import Seen, look
from conformance.engine.plan import Planned
from conformance.model import Part, Transcript

GROUP_SIZE = 24
"""How many cases with the same twin a lane takes at once, at most: fewer where other lanes would have none."""


@dataclass(slots=True, eq=False)
class Attempt:
    """A case on its way to a verdict: its rounds so far. `shared` is the part that it has of the case before it.

    `seen` is what its last round showed, looked at when it had `events`.
    """

    planned: Planned
    started: float = 0.0
    shared: Part | None = None
    company: bool = False
    rounds: list[list[Part]] = field(default_factory=list)
    shown: str = ""
    seen: Seen | None = None
    events: int = 0

    def look(self) -> Seen:
        """What the last round shows."""
        self.events = self._events()
        self.seen = look(self.planned.case, Transcript("", {}, tuple(self.rounds[-1])))
        return self.seen

    def only(self) -> Seen | None:
        """What the one round showed, unless there are more rounds, or more was seen since."""
        return self.seen if len(self.rounds) == 1 and self.events == self._events() else None

    def _events(self) -> int:
        return sum(len(part.events) for part in self.rounds[-1])

    def transcript(self) -> Transcript:
        """All that was seen of it."""
        parts = tuple(p for parts in self.rounds for p in parts)
        return Transcript(self.planned.case.id, self.planned.variant, parts)

    def set_aside(self) -> None:
        """Let the last round decide nothing; the part of the other case stays that case's."""
        self.rounds[-1] = [part for part in self.rounds[-1] if part is not self.shared]
        self.seen = None
        for part in self.rounds[-1]:
            part.round = 0

    @property
    def counts(self) -> bool:
        """Whether it has a round that decides something."""
        return any(part.round for parts in self.rounds for part in parts)


def groups_of(planned: Sequence[Planned], lanes: int) -> list[list[Planned]]:
    """Runs of cases with the same twin, none longer than a lane takes at once; what waits long is a run of one."""
    size = max(1, min(GROUP_SIZE, ceil(len(planned) / lanes)))
    groups: list[list[Planned]] = []
    joinable = False
    for item in planned:
        slow = "slow" in item.case.needs
        if joinable and not slow and groups[-1][0].shares == item.shares and len(groups[-1]) < size:
            groups[-1].append(item)
        else:
            groups.append([item])
        joinable = not slow
    return groups
