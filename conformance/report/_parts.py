"""What was seen in a case, picked from its transcript and cut to a size that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.model import CONTROLS, Event, Part, Span
from conformance.report._words import compact, line
from conformance.wire import hexdump, leaves

OUTGOING = ("sent", "sealed", "asked")


def field_spans(event: Event) -> list[Span]:
    """The innermost fields of an event's octets.

    Where a field that holds others is marked as changed and none of those is (its length changed, or a part of it was
    taken away), all that it holds is marked, so that no change goes unseen.
    """
    inner = leaves(event.octets, event.spans)
    if any(span.changed for span in inner):
        return inner
    outer = [span for span in event.spans if span.changed]
    return [
        s._replace(changed=any(o.start <= s.start and s.end <= o.end and o.end > o.start for o in outer)) for s in inner
    ]


def dump(event: Event, limit: int = 256) -> Iterator[str]:
    """An annotated hexdump as lines of text; `>>` stands before octets that were changed."""
    for row in hexdump(event.octets, field_spans(event), limit):
        mark = ">>" if row.changed else "  "
        if row.path.startswith("… ") and not row.octets:
            yield f"{mark} {row.offset:04x}  {row.path}"
        else:
            yield f"{mark} {row.offset:04x}  {row.hex:<48}  {row.text:<16}  {line(row.path, 80)}".rstrip()


def direction(event: Event) -> str:
    """An arrow for the way of an event: from us to the subject, from the subject to us, or neither."""
    if event.what in OUTGOING:
        return "→"
    return "←" if event.what in {"received", "decoded", "reply", "opened"} else "·"


def title(event: Event) -> str:
    """One line that names an event: what, which, where, how many octets, its value."""
    words = [event.what, line(event.name, 80)]
    if event.where:
        words.append(f"at {line(event.where, 80)}")
    if event.octets:
        words.append(f"({len(event.octets)} octets)")
    if event.changed:
        words.append("changed")
    value = compact({k: v for k, v in event.value.items() if k != "applied"})
    return " ".join(word for word in (*words, value) if word)


def ended(part: Part) -> str:
    """How a part came to its end, without knowledge of its protocol: the last thing that was seen of the subject."""
    for event in reversed(part.events):
        if event.what not in (*OUTGOING, "received"):
            return title(event)
    return title(part.events[-1]) if part.events else "nothing was seen"


def heads(parts: Sequence[Part]) -> int:
    """How many controls stand before what was tested: twins, one of them perhaps the health of the case before."""
    return next((place for place, part in enumerate(parts) if part.name not in CONTROLS), len(parts))


def part_title(part: Part) -> str:
    """A part's name with what tells it from its namesakes: round, turn, scope of health, life of the subject."""
    words = [line(part.name, 120)]
    if part.round != 1:
        words.append("in company, decides nothing" if part.round == 0 else f"attempt {part.round}")
    if part.turn > 1:
        words.append(f"turn {part.turn}")
    if part.name in CONTROLS and part.name != "twin":
        words.append("anew" if part.scope == "subject" else f"in the same {line(part.scope, 40)}")
    words.append(f"life {part.generation}")
    return ", ".join(words)
