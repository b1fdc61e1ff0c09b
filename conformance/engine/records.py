"""Parts as JSON data, and back.

Octets are hex. Most of what passes in a part passes several times: sealed, inside what carries it, and as it arrives.
So octets that stand in an earlier event of the part are written as references to it: where the octets of an event are
a list, its items are hex or `[event, start, end]`, which means those octets of that event of the same part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.model import Change, Event, Part, Span

SHARED = 64
"""So many octets must be equal for a reference: below, it is hardly shorter than the octets."""
CHUNKS = 16
"""How many fields of an event are looked for in others, the longest first."""
SHOWN = 200
"""How much of the text of an object is kept that is neither octets nor JSON."""


def encode_part(part: Part) -> dict[str, Any]:
    """A part as JSON data: empty fields left out."""
    fields = [_chunks(e) if len(e.octets) >= SHARED else () for e in part.events]
    return {
        "type": "part",
        "n": part.number,
        "name": _text(part.name),
        "exchange": part.exchange,
        "variant": dict(part.variant),
        "generation": part.generation,
        "scope": part.scope,
        "round": part.round,
        "turn": part.turn,
        "changes": [_encode_change(c) for c in part.changes],
        "events": [_encode_event(e, _pieces(part.events, fields, n)) for n, e in enumerate(part.events)],
    }


def decode_part(record: Mapping[str, Any]) -> Part:
    """A part from its JSON data."""
    events: list[Event] = []
    for e in record["events"]:
        octets = _joined(e.get("octets", ""), events)
        spans = tuple(Span(*s) for s in e.get("spans", ()))
        value = _decode_value(e.get("value", {}))
        changed = e.get("changed", False)
        events.append(Event(e["at"], e.get("where", ""), e["what"], e.get("name", ""), value, octets, spans, changed))
    return Part(
        name=record["name"],
        variant=record["variant"],
        generation=record["generation"],
        scope=record["scope"],
        changes=tuple(
            Change(c["point"], c["path"], c["op"], _tuples(_decode_value(c["args"])), c["wire"])
            for c in record["changes"]
        ),
        events=events,
        round=record["round"],
        exchange=record["exchange"],
        turn=record["turn"],
        number=record["n"],
    )


def _encode_change(change: Change) -> dict[str, Any]:
    return {
        "point": change.point,
        "path": change.path,
        "op": change.op,
        "args": _encode_value(change.args),
        "wire": change.wire,
    }


def _encode_event(event: Event, octets: str | list[Any]) -> dict[str, Any]:
    record: dict[str, Any] = {"at": round(event.at, 6), "what": event.what}
    if event.where:
        record["where"] = event.where
    if event.name:
        record["name"] = _text(event.name)
    if event.value:
        record["value"] = _encode_value(event.value)
    if octets:
        record["octets"] = octets
    if event.spans:
        record["spans"] = event.spans
    if event.changed:
        record["changed"] = True
    return record


# values


def _encode_value(value: Any) -> Any:
    """A value of an event or an argument of a change: octets and recipes as `{"$octets": hex}`."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value)
    if kind is int or kind is bool or kind is float or value is None:
        return value
    if kind is list or kind is tuple:
        return [_encode_value(v) for v in value]
    match value:
        case int() | float():
            return value
        case str():
            return _text(value)
        case tuple() | list():
            return [_encode_value(v) for v in value]
        case bytes():
            return {"$octets": value.hex()}
        case dict() | Mapping():  # of a dictionary it need not be asked whether it is a mapping, which takes long
            if any([not isinstance(key, str) or key[:1] == "$" for key in value]):  # noqa: C419 - twice as fast
                return {"$pairs": [[_encode_value(k), _encode_value(v)] for k, v in value.items()]}
            return {_text(key): _encode_value(v) for key, v in value.items()}
    try:
        return {"$octets": value.encode().hex()}
    except AttributeError:  # no recipe: its text must do
        text = str(value)
        return _text(text if len(text) <= SHOWN else text[:SHOWN] + "…")
    except Exception:  # noqa: BLE001 - a recipe that needs what is around it
        return f"<{type(value).__name__}>"


def _decode_value(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$octets"}:
            return bytes.fromhex(value["$octets"])
        if set(value) == {"$pairs"}:
            return {_tuples(_decode_value(k)): _decode_value(v) for k, v in value["$pairs"]}
        return {key: _decode_value(v) for key, v in value.items()}
    return [_decode_value(v) for v in value] if isinstance(value, list) else value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


def _text(text: str) -> str:
    """Text that UTF-8 can hold: a subject may have sent half a surrogate pair."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


# octets


_Chunks = Sequence[tuple[int, int]]


def _pieces(events: Sequence[Event], fields: Sequence[_Chunks], n: int) -> str | list[Any]:
    """The octets of the nth event: hex, or hex and references to the events before it."""
    octets = events[n].octets
    if len(octets) < SHARED:
        return octets.hex()
    found = _shared(events, fields, n)
    if not found:
        return octets.hex()
    pieces: list[Any] = []
    at = 0
    for start, end, event, there in found:
        if start > at:
            pieces.append(octets[at:start].hex())
        pieces.append([event, there, there + end - start])
        at = end
    if at < len(octets):
        pieces.append(octets[at:].hex())
    return pieces


def _shared(events: Sequence[Event], fields: Sequence[_Chunks], n: int) -> list[tuple[int, int, int, int]]:
    """What the nth event shares with those before it: (start, end, event, start there), in order, without overlaps."""
    octets = events[n].octets
    mine = [(start, end, octets[start:end]) for start, end in fields[n]]
    candidates: list[tuple[int, int, int, int]] = []
    for other in range(n):
        if not fields[other]:
            continue
        theirs = events[other].octets
        for start, end, sought in mine:
            if end - start <= len(theirs) and (there := theirs.find(sought)) >= 0:
                candidates.append((start, end, other, there))
        for start, end in fields[other]:
            if end - start <= len(octets) and (here := octets.find(theirs[start:end])) >= 0:
                candidates.append((here, here + end - start, other, start))
    if len(candidates) < 2:
        return candidates
    candidates.sort(key=lambda c: (c[0] - c[1], c[2], c[0]))
    taken: list[tuple[int, int, int, int]] = []
    for one in candidates:
        if all(one[1] <= start or one[0] >= end for start, end, *_ in taken):
            taken.append(one)
    return sorted(taken)


def _chunks(event: Event) -> _Chunks:
    """The octets of an event as a whole and its longest fields: what may stand in another."""
    whole = len(event.octets)
    fields = {(start, end) for _, start, end, _ in event.spans if SHARED <= end - start < whole}
    return [(0, whole), *sorted(fields, key=lambda f: (f[0] - f[1], f[0]))[:CHUNKS]]


def _joined(pieces: str | Sequence[Any], events: Sequence[Event]) -> bytes:
    if isinstance(pieces, str):
        return bytes.fromhex(pieces)
    return b"".join(
        bytes.fromhex(piece) if isinstance(piece, str) else events[piece[0]].octets[piece[1] : piece[2]]
        for piece in pieces
    )
