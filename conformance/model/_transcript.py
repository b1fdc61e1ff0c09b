"""Everything that was seen in a case, in order: data, and storable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from conformance.model._changes import Change
from conformance.model._outcomes import ENDINGS, NOTHING, UNSUPPORTED, Outcome


class Span(NamedTuple):
    """A field's place in the octets of its event."""

    path: str
    start: int
    end: int
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One thing seen: `at` in seconds since the run began, `where` at which of our peers (empty: at the driver).

    `what` is sent, sealed, received, decoded, asked, reply, opened, an ending (closed, reset, timeout, …), absent or a
    note of the exchange. `octets` are what passed, `spans` its fields; a `sealed` event holds octets that went out only
    inside others, its name being point and path.
    """

    at: float
    where: str
    what: str
    name: str = ""
    value: Mapping[str, Any] = field(default_factory=dict)
    octets: bytes = b""
    spans: tuple[Span, ...] = ()
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What left at a point: the event, and every field by its path, sealed ones included."""

    event: Event
    fields: Mapping[str, bytes]


@dataclass(slots=True)
class Part:
    """One run of an exchange within a case: twin, changed, health, or a named step.

    `generation` is the life of the subject it ran in, `scope` where health was tried (in what still lived, or anew:
    `subject`). `round` is 1, 2 on the second attempt after a fresh start, and 0 where it ran in the company of other
    cases and its controls failed, which decides nothing. `turn` counts the repetitions of a script, `number` is its
    place in the stored stream (0: not stored yet). `known` is what `Exchange.ended` found, by which function and of how
    many events.
    """

    name: str
    variant: Mapping[str, Any] = field(default_factory=dict)
    generation: int = 0
    scope: str = "subject"
    changes: tuple[Change, ...] = ()
    events: list[Event] = field(default_factory=list)
    round: int = 1
    exchange: str = ""
    turn: int = 1
    number: int = 0
    known: tuple[Any, int, Outcome] | None = field(default=None, init=False, repr=False, compare=False)

    def all(self, what: str, name: str = "", where: str | None = None) -> list[Event]:
        """The events of a kind, oldest first; `name` and `where` narrow."""
        return [
            e for e in self.events if e.what == what and name in {"", e.name} and (where is None or e.where == where)
        ]

    def last(self, what: str, name: str = "", where: str | None = None) -> Event | None:
        """The newest event of a kind, or None."""
        return next(reversed(self.all(what, name, where)), None)

    def sent(self, point: str, nth: int = -1) -> Sent | None:
        """What left at a point (the last time, unless `nth` says otherwise), or None if the part did not get there."""
        places = [i for i, e in enumerate(self.events) if e.what == "sent" and e.name == point]
        if not places or not -len(places) <= nth < len(places):
            return None
        at = places[nth]
        event = self.events[at]
        fields = _fields(event, "")
        for sealed in self.events[at + 1 :]:
            if sealed.what != "sealed" or not sealed.name.startswith(point + "."):
                break
            fields |= _fields(sealed, sealed.name[len(point) + 1 :])
        return Sent(event, fields)

    def ending(self) -> Outcome:
        """The end that needs no knowledge of a protocol; the code is its first detail."""
        for outcome in ENDINGS:
            seen = self.last(outcome.name)
            if seen is not None:
                return outcome.at(str(seen.value.get("code", "")))
        if any("unsupported" in e.value for e in self.all("reply")):
            return UNSUPPORTED
        return NOTHING

    def detail(self) -> str:
        """What the ending said, for people."""
        for outcome in ENDINGS:
            seen = self.last(outcome.name)
            if seen is not None:
                return str(seen.value.get("detail", ""))
        reasons = [e.value["unsupported"].get("reason", "") for e in self.all("reply") if "unsupported" in e.value]
        return str(reasons[0]) if reasons else ""

    @property
    def applied(self) -> frozenset[int]:
        """Which of the part's changes (by their place in `changes`) were applied at a point, or given."""
        done = {n for e in self.events for n in e.value.get("applied", ())} if self.changes else set()
        return frozenset(done)


def _fields(event: Event, prefix: str) -> dict[str, bytes]:
    fields = {prefix: event.octets}
    for path, start, end, _ in event.spans:
        whole = f"{prefix}.{path}" if prefix and not path.startswith("[") else prefix + path
        fields[whole] = event.octets[start:end]
    return fields


@dataclass(frozen=True, slots=True)
class Transcript:
    """A case's parts in the order in which they were run."""

    case: str
    variant: Mapping[str, Any]
    parts: tuple[Part, ...]

    def named(self, name: str) -> list[Part]:
        """The parts of that name."""
        return [p for p in self.parts if p.name == name]

    def starting(self, prefix: str) -> list[Part]:
        """The parts whose names start so."""
        return [p for p in self.parts if p.name.startswith(prefix)]

    @property
    def tested(self) -> list[Part]:
        """All parts but the controls."""
        return [p for p in self.parts if p.name not in CONTROLS]

    def rounds(self) -> Iterator[Transcript]:
        """The transcript of each round by itself."""
        for number in sorted({p.round for p in self.parts}):
            yield Transcript(self.case, self.variant, tuple(p for p in self.parts if p.round == number))


TWIN, HEALTH = "twin", "health"
CONTROLS = (TWIN, HEALTH)
