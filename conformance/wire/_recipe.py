"""Messages as recipes: named parts in wire order, some computed from others, all of which can be changed.

One rule: what is computed from a changed part follows it; nothing else does. So a change inside sealed content is
sealed again, a change below a signature is signed again, and a changed length is a lie. A change with `wire` alters the
octets that leave and nothing follows.

    Message(length=lambda get: Varint(len(get("value"))), value=b"hello")

Parts are octets, `UInt`, `Varint`, a `Message`, a `Many` (a list of parts), `Sealed` (part of the recipe, but not of
the octets) or a function that computes one of these from `get`, which gives the octets of a part of this message or,
failing that, of the messages around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.model import IN_MESSAGE, Change, Span
from conformance.wire._codec import encode_varint


@dataclass(frozen=True, slots=True)
class UInt:
    """An unsigned integer of `size` octets, network order."""

    value: int
    size: int

    def encode(self) -> bytes:
        """The octets; a value that is too large loses its upper octets, as a careless encoder would have it."""
        return (self.value & ((1 << 8 * self.size) - 1)).to_bytes(self.size, "big")


@dataclass(frozen=True, slots=True)
class Varint:
    """A QUIC variable-length integer, in the shortest form unless `width` says otherwise."""

    value: int
    width: int = 0

    def encode(self) -> bytes:
        """The octets."""
        return encode_varint(self.value, self.width)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A part that leaves only inside what is computed from it."""

    part: Any


class Many:
    """A list of parts. `key` is the part of an item by whose text the item can be named in a path."""

    __slots__ = ("items", "key")

    def __init__(self, items: Iterable[Any] = (), key: str = "") -> None:
        self.items = tuple(items)
        self.key = key

    def names(self, item: Any, segment: str) -> bool:
        """Whether a path segment means this item: its key's text, whatever its case."""
        part = item
        for name in self.key.split(".") if self.key else ():
            part = part.parts.get(name) if isinstance(part, Message) else None
        return isinstance(part, bytes) and part.decode("latin-1").lower() == segment.lower()


class Message:
    """Parts by name, in the order in which they leave."""

    __slots__ = ("parts",)

    def __init__(self, parts: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        self.parts: dict[str, Any] = {**(parts or {}), **named}

    def build(self, changes: Sequence[Change] = ()) -> Built:
        """The octets that leave, with the changes applied whose operation concerns the message."""
        return _Builder(changes).run(self)

    def encode(self) -> bytes:
        """The octets of the honest message."""
        return self.build().octets


@dataclass(frozen=True, slots=True)
class Built:
    """What a recipe came to: octets and their fields, sealed parts with theirs, and what the changes did.

    `sealed` holds (path, octets, spans) of each sealed part, `applied` the places (in the given changes) of those that
    were applied, `leaving` the changes that concern how the message leaves, `fields` every part's octets by path.
    """

    octets: bytes
    spans: tuple[Span, ...]
    sealed: tuple[tuple[str, bytes, tuple[Span, ...]], ...] = ()
    changed: bool = False
    applied: frozenset[int] = frozenset()
    leaving: tuple[Change, ...] = ()

    @property
    def fields(self) -> dict[str, bytes]:
        """Every part's octets by path; where parts were changed away, their place holds what took it."""
        found: dict[str, bytes] = {"": self.octets}
        for path, start, end, _ in self.spans:
            found[path] = self.octets[start:end]
        for prefix, octets, spans in self.sealed:
            found[prefix] = octets
            for path, start, end, _ in spans:
                found[f"{prefix}.{path}"] = octets[start:end]
        return found


Get = Callable[[str], bytes]


@dataclass(slots=True)
class _Node:
    """A part that is made: `value` is what others compute from, `out` what leaves, `spans` lie in `out`."""

    value: bytes
    out: bytes
    spans: tuple[Span, ...]
    changed: bool = False
    sealed: bool = False


Pending = list[tuple[int, Change, tuple[str, ...]]]
"""Changes that concern a part: place among all changes, the change, and what is left of its path."""


def parse_path(path: str) -> tuple[str, ...]:
    """`entry[-1].key` as its segments: ("entry", "[-1]", "key")."""
    segments: list[str] = []
    for word in path.split(".") if path else ():
        name, bracket, index = word.partition("[")
        if name:
            segments.append(name)
        while bracket:
            number, _, rest = index.partition("]")
            segments.append(f"[{int(number)}]")
            _, bracket, index = rest.partition("[")
    return tuple(segments)


class _Scope:
    """One message being built: its parts by name, made when first asked for; names not found are looked up outwards."""

    __slots__ = ("around", "builder", "making", "message", "nodes", "path", "pending")

    def __init__(self, builder: _Builder, message: Message, path: str, pending: Pending, around: _Scope | None) -> None:
        self.builder = builder
        self.message = message
        self.path = path
        self.pending = pending
        self.around = around
        self.nodes: dict[str, _Node] = {}
        self.making: set[str] = set()

    def get(self, name: str) -> bytes:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.message.parts:
                return scope.node(name).value
            scope = scope.around
        msg = f"no part {name!r} here or around {self.path or 'the message'}"
        raise KeyError(msg)

    def node(self, name: str) -> _Node:
        made = self.nodes.get(name)
        if made is None:
            if name in self.making:
                msg = f"{self.path}{name} is computed from itself"
                raise RecursionError(msg)
            self.making.add(name)
            inner = [(n, c, left[1:]) for n, c, left in self.pending if left[0] == name]
            made = self.builder.make(self.message.parts[name], f"{self.path}{name}", inner, self)
            self.nodes[name] = made
        return made


class _Builder:
    __slots__ = ("applied", "changes", "sealed")

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        self.applied: set[int] = set()
        self.sealed: list[tuple[str, bytes, tuple[Span, ...], bool]] = []

    def run(self, message: Message) -> Built:
        pending = [(n, c, parse_path(c.path)) for n, c in enumerate(self.changes) if c.op in IN_MESSAGE]
        node = self.make(message, "", pending, None)
        return Built(
            node.out,
            node.spans,
            tuple((path, octets, spans) for path, octets, spans, _ in self.sealed),
            node.changed or any(changed for *_, changed in self.sealed),
            frozenset(self.applied),
            tuple(c for c in self.changes if c.op not in IN_MESSAGE),
        )

    def make(self, part: Any, path: str, pending: Pending, scope: _Scope | None) -> _Node:
        if isinstance(part, Sealed):
            return self._sealed(part, path, pending, scope)
        if scope is not None and callable(part):
            part = part(scope.get)
        own = [place for place in pending if not place[2]]
        part, replaced = self._recipe_changed(part, own)
        if isinstance(part, Message):
            inside = _Scope(self, part, f"{path}." if path else "", [p for p in pending if p[2]], scope)
            node = _joined(path, [inside.node(name) for name in part.parts])
        elif isinstance(part, Many):
            node = self._many(part, path, pending, scope)
        else:
            octets = part if isinstance(part, bytes) else part.encode()
            node = _Node(octets, octets, (Span(path, 0, len(octets), False),))
        if replaced:
            node = _marked(node)
        return self._octets_changed(node, path, own)

    def _sealed(self, part: Sealed, path: str, pending: Pending, scope: _Scope | None) -> _Node:
        node = self.make(part.part, path, pending, scope)
        inner = tuple(Span(s.path[len(path) + 1 :], s.start, s.end, s.changed) for s in node.spans if s.path != path)
        self.sealed.append((path, node.out, inner, node.changed))
        return _Node(node.value, b"", (), node.changed, sealed=True)

    def _recipe_changed(self, part: Any, own: Pending) -> tuple[Any, bool]:
        """Apply what changes the recipe of a part: a number's value or width, or another recipe in its place."""
        replaced = False
        for n, change, _ in own:
            new: Any = None
            if change.wire:
                continue
            if change.op == "put" and isinstance(change.args[0], (Message, Many, UInt, Varint)):
                new = change.args[0]
            elif change.op == "put" and isinstance(change.args[0], int) and isinstance(part, UInt):
                new = UInt(change.args[0], part.size)
            elif change.op == "put" and isinstance(change.args[0], int) and isinstance(part, Varint):
                new = Varint(change.args[0])
            elif change.op == "widen" and isinstance(part, Varint):
                new = Varint(part.value, change.args[0])
            elif change.op == "widen" and isinstance(part, UInt):
                new = UInt(part.value, change.args[0])
            if new is not None:
                part, replaced = new, True
                self.applied.add(n)
        return part, replaced

    def _many(self, part: Many, path: str, pending: Pending, scope: _Scope | None) -> _Node:
        """The items, each change in its turn: an index counts in the list as the changes before it left it."""
        items = [_Item(item) for item in part.items]
        for n, change, left in pending:
            if not left:
                if change.op == "insert":
                    at = change.args[0]
                    items.insert(at if at >= 0 else len(items) + 1 + at, _Item(change.args[1], moved=True))
                    self.applied.add(n)
                continue
            at = _index(part, items, left[0])
            if at is None:
                continue
            if len(left) > 1 or change.wire or not _rearranged(part, items, at, change):
                items[at].pending.append((n, change, left[1:]))
            else:
                self.applied.add(n)
        nodes = [
            _marked(node) if item.moved else node
            for item, node in (
                (item, self.make(item.part, f"{path}[{at}]", item.pending, scope)) for at, item in enumerate(items)
            )
        ]
        joined = _joined(path, nodes)
        joined.changed = joined.changed or len(items) != len(part.items)
        return joined

    def _octets_changed(self, node: _Node, path: str, own: Pending) -> _Node:
        for n, change, _ in own:
            if n in self.applied:
                continue
            new = _operate(change, node.out if change.wire else node.value)
            if new is None:
                continue
            self.applied.add(n)
            spans = _moved(node.spans, path, node.out, new)
            node = _Node(node.value if change.wire else new, new, spans, changed=True)
        return node


@dataclass(slots=True)
class _Item:
    part: Any
    pending: Pending = field(default_factory=list)
    moved: bool = False


def _index(part: Many, items: Sequence[_Item], segment: str) -> int | None:
    if segment.startswith("["):
        at = int(segment[1:-1])
        return at % len(items) if -len(items) <= at < len(items) else None
    return next((at for at, item in enumerate(items) if part.names(item.part, segment)), None)


def _rearranged(part: Many, items: list[_Item], at: int, change: Change) -> bool:
    """Apply a change of the list itself; whether this was one."""
    if change.op == "drop":
        del items[at]
    elif change.op == "repeat":
        times = change.args[0] if change.args else 2
        items[at + 1 : at + 1] = [_Item(items[at].part, moved=True) for _ in range(times - 1)]
    elif change.op == "swap" and (there := _index(part, items, f"[{change.args[0]}]")) is not None:
        items[at], items[there] = items[there], items[at]
        items[at].moved = items[there].moved = True
    else:
        return False
    return True


def _operate(change: Change, old: bytes) -> bytes | None:
    """The octets after an operation on them, or None where it cannot be done to them."""
    args = [a if isinstance(a, (bytes, int)) else _octets(a) for a in change.args]
    match change.op, args:
        case "cut", [int(n)] if 0 < n <= len(old):
            return old[: len(old) - n]
        case "extend", [bytes(more)]:
            return old + more
        case "flip", [int(at), int(mask)] if -len(old) <= at < len(old):
            at %= len(old)
            return old[:at] + bytes([old[at] ^ mask]) + old[at + 1 :]
        case "put", [bytes(new)]:
            return new
        case "drop", []:
            return b""
        case "insert", [int(at), bytes(more)]:
            at = at if at >= 0 else len(old) + 1 + at
            return old[:at] + more + old[at:]
        case "repeat", [int(times)]:
            return old * times
        case "swap", [int(one), int(other)] if max(one, other) < len(old):
            new_order = bytearray(old)
            new_order[one], new_order[other] = old[other], old[one]
            return bytes(new_order)
    return None


def _octets(value: Any) -> bytes | None:
    if isinstance(value, bytes):
        return value
    if isinstance(value, Message):
        return value.encode()
    return value.encode() if isinstance(value, (UInt, Varint)) else None


def _joined(path: str, nodes: Sequence[_Node]) -> _Node:
    spans: list[Span] = []
    at = 0
    for node in nodes:
        spans.extend(node.spans if not at else (Span(p, s + at, e + at, c) for p, s, e, c in node.spans))
        at += len(node.out)
    out = b"".join(n.out for n in nodes)
    changed = any(n.changed for n in nodes)
    whole = (Span(path, 0, at, False),) if path else ()
    return _Node(b"".join(n.value for n in nodes if not n.sealed), out, (*whole, *spans), changed)


def _marked(node: _Node) -> _Node:
    return _Node(node.value, node.out, tuple(Span(p, s, e, True) for p, s, e, _ in node.spans), True)


def _moved(spans: Sequence[Span], path: str, old: bytes, new: bytes) -> tuple[Span, ...]:
    """The fields' places after the octets changed; what the difference touches is marked, what it adds is named."""
    limit = min(len(old), len(new))
    front = next((i for i in range(limit) if old[i] != new[i]), limit)
    back = next((i for i in range(limit - front) if old[-1 - i] != new[-1 - i]), limit - front)
    before, after, shift = front, len(old) - back, len(new) - len(old)

    def place(at: int, inside: int) -> int:
        return at if at <= before else at + shift if at >= after else inside

    moved: list[Span] = []
    for name, start, end, changed in spans:
        touched = start < after and end > before
        if name == path:
            moved.append(Span(name, 0, len(new), True))
        else:
            moved.append(Span(name, place(start, front), place(end, len(new) - back), changed or touched))
    if before == after and path not in {name for name, *_ in spans}:
        moved.append(Span(path or ADDED, front, len(new) - back, True))
    return tuple(moved)


ADDED = "(added)"
"""The name of octets that a change added to a whole message."""
