"""Messages as recipes: named parts in wire order, some computed from others, all of which can be changed.

One rule: what is computed from a changed part follows it; nothing else does. So a change inside sealed content is
sealed again, a change below a signature is signed again, and a changed length is a lie. A change with `wire` alters the
octets that leave and nothing follows.

Changes are applied in their order, at each part first those of its recipe, then those of the octets it comes to. One
that cannot be done where it points (no such part, no such place in it, a number that has no such form) is left out.

    Message(length=lambda get: Varint(len(get("value"))), value=b"hello")

Parts are octets, `UInt`, `Varint`, a `Message`, a `Many` (a list of parts), `Sealed` (part of the recipe, but not of
the octets) or a function that computes one of these from `get`, which gives the octets of a part of this message or,
failing that, of the messages around it. `build` raises KeyError for a name that nothing has, RecursionError for a part
that is computed from itself, ValueError for a number of the recipe (not of a change) that cannot be encoded.
"""

from __future__ import annotations

import contextlib
import re
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
    """A part that leaves only inside what is computed from it: there its octets count, changes with `wire` included."""

    part: Any


class Many:
    """A list of parts. `key` is the part of an item by whose text a path can name it (empty: by its own text)."""

    __slots__ = ("items", "key")

    def __init__(self, items: Iterable[Any] = (), key: str = "") -> None:
        self.items = tuple(items)
        self.key = key

    def names(self, item: Any, segment: str) -> bool:
        """Whether a path segment means this item: its key's text, if that is literal octets, whatever its case."""
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

    `sealed` holds (path, octets, spans, whether changed) of each sealed part, `applied` the places (in the given
    changes) of those that were applied, `leaving` the changes that concern how the message leaves, `fields` every
    part's octets by path.
    """

    octets: bytes
    spans: tuple[Span, ...]
    sealed: tuple[tuple[str, bytes, tuple[Span, ...], bool], ...] = ()
    changed: bool = False
    applied: frozenset[int] = frozenset()
    leaving: tuple[Change, ...] = ()

    @property
    def fields(self) -> dict[str, bytes]:
        """Every part's octets by path; where parts were changed away, their place holds what took it."""
        found: dict[str, bytes] = {"": self.octets}
        for path, start, end, _ in self.spans:
            found[path] = self.octets[start:end]
        for prefix, octets, spans, _ in self.sealed:
            found[prefix] = octets
            for path, start, end, _ in spans:
                found[prefix + path if path.startswith("[") else f"{prefix}.{path}"] = octets[start:end]
        return found


Get = Callable[[str], bytes]
_SPAN = tuple.__new__
"""Makes a `Span` of four values in half the time: a message has a hundred of them."""


class _Node:
    """A part that is made: `value` is what others compute from, `out` what leaves.

    Its spans lie in `out`: the `known` ones, or else its own under `path` and those of the `inner` parts. A message
    places them when it is whole, each once; only a change needs those of a part before.
    """

    __slots__ = ("changed", "inner", "known", "out", "path", "sealed", "value")

    def __init__(
        self,
        value: bytes,
        out: bytes,
        path: str = "",
        inner: Sequence[_Node] | None = None,
        known: tuple[Span, ...] | None = None,
        *,
        changed: bool = False,
        sealed: bool = False,
    ) -> None:
        self.value = value
        self.out = out
        self.path = path
        self.inner = inner
        self.known = known
        self.changed = changed
        self.sealed = sealed

    @property
    def spans(self) -> tuple[Span, ...]:
        if self.known is None:
            found: list[Span] = []
            self.place(0, found)
            self.known = tuple(found)
        return self.known

    def place(self, at: int, found: list[Span]) -> None:
        if self.known is not None:
            found.extend(Span(p, s + at, e + at, c) for p, s, e, c in self.known) if at else found.extend(self.known)
            return
        if self.path or self.inner is None:
            found.append(_SPAN(Span, (self.path, at, at + len(self.out), False)))
        for node in self.inner or ():
            end = at + len(node.out)
            if node.inner is None and node.known is None:
                found.append(_SPAN(Span, (node.path, at, end, False)))
            else:
                node.place(at, found)
            at = end


Pending = list[tuple[int, Change, tuple[str, ...]]]
"""Changes that concern a part: place among all changes, the change, and what is left of its path."""


_WORD = re.compile(r"(?P<name>[^\[\]]*)(?P<indexes>(?:\[-?[0-9]+\])*)")


def parse_path(path: str) -> tuple[str, ...]:
    """`entry[-1].key` as its segments: ("entry", "[-1]", "key"); ValueError for what is no path."""
    segments: list[str] = []
    for word in path.split(".") if path else ():
        found = _WORD.fullmatch(word)
        if not word or found is None:
            msg = f"{path!r} is no path: {word!r} is neither a name nor one with indexes, such as entry[-1]"
            raise ValueError(msg)
        if found["name"]:
            segments.append(found["name"])
        segments.extend(f"[{int(index)}]" for index in found["indexes"][1:-1].split("][") if index)
    return tuple(segments)


class _Scope:
    """One message being built: its parts by name, made when first asked for; names not found are looked up outwards."""

    __slots__ = ("around", "builder", "message", "nodes", "path", "pending")

    def __init__(self, builder: _Builder, message: Message, path: str, pending: Pending, around: _Scope | None) -> None:
        self.builder = builder
        self.message = message
        self.path = path
        self.pending = pending
        self.around = around
        self.nodes: dict[str, _Node | None] = {}
        """None while a part is being made."""

    def get(self, name: str) -> bytes:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.message.parts:
                part = scope.message.parts[name]
                return part if type(part) is bytes and not scope.pending else scope.node(name).value
            scope = scope.around
        msg = f"no part {name!r} here or around {self.path or 'the message'}"
        raise KeyError(msg)

    def node(self, name: str) -> _Node:
        if name in self.nodes:
            made = self.nodes[name]
            if made is None:
                msg = f"{self.path}{name} is computed from itself"
                raise RecursionError(msg)
            return made
        self.nodes[name] = None
        inner = [(n, c, left[1:]) for n, c, left in self.pending if left[0] == name] if self.pending else []
        made = self.builder.make(self.message.parts[name], f"{self.path}{name}", inner, self)
        self.nodes[name] = made
        return made

    def all(self) -> list[_Node]:
        """Every part, in order. Of most, which are octets that no change concerns, there is nothing to be made."""
        parts = self.message.parts
        if self.pending:
            return [self.node(name) for name in parts]
        path = self.path
        return [
            _Node(part, part, path + name) if type(part) is bytes else self.node(name) for name, part in parts.items()
        ]


class _Builder:
    __slots__ = ("applied", "changes", "sealed")

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        self.applied: set[int] = set()
        self.sealed: list[tuple[str, bytes, tuple[Span, ...], bool]] = []

    def run(self, message: Message) -> Built:
        pending = [(n, c, parse_path(c.path)) for n, c in enumerate(self.changes) if c.op in IN_MESSAGE]
        node = self.make(message, "", pending, _Scope(self, Message(), "", [], None))
        return Built(
            node.out,
            node.spans,
            tuple(self.sealed),
            node.changed,
            frozenset(self.applied),
            tuple(c for c in self.changes if c.op not in IN_MESSAGE),
        )

    def make(self, part: Any, path: str, pending: Pending, scope: _Scope) -> _Node:
        if not pending:
            kind = type(part)
            if kind is bytes:
                return _Node(part, part, path)
            if kind is Message:
                return self._honest(part, path, pending, scope)
        while callable(part):
            part = part(scope.get)
        if isinstance(part, Sealed):
            return self._sealed(part, path, pending, scope)
        if not pending:
            return self._honest(part, path, pending, scope)
        part, inner, outer, replaced = self._recipe_changed(part, pending)
        node = self._honest(part, path, inner, scope)
        return self._octets_changed(_marked(node) if replaced else node, path, outer)

    def _honest(self, part: Any, path: str, inner: Pending, scope: _Scope) -> _Node:
        if isinstance(part, Message):
            inside = _Scope(self, part, f"{path}." if path else "", inner, scope)
            return _joined(path, inside.all())
        if isinstance(part, Many):
            return self._many(part, path, inner, scope)
        octets = part if isinstance(part, bytes) else part.encode()
        return _Node(octets, octets, path)

    def _sealed(self, part: Sealed, path: str, pending: Pending, scope: _Scope) -> _Node:
        node = self.make(part.part, path, pending, scope)
        inner: tuple[Span, ...] = ()
        if node.inner is not None or node.known is not None:
            at = len(path)
            inner = tuple(
                _SPAN(Span, (name[at:].removeprefix("."), start, end, changed))
                for name, start, end, changed in node.spans
                if name != path
            )
        self.sealed.append((path, node.out, inner, node.changed))
        return _Node(node.out, b"", known=(), changed=node.changed, sealed=True)

    def _recipe_changed(self, part: Any, pending: Pending) -> tuple[Any, Pending, Pending, bool]:
        """Apply what changes the recipe of a part: a number's value or width, or another recipe in its place.

        Gives the part, the changes of what it holds, those of the octets that it comes to, and whether it is another.
        """
        inner: Pending = []
        outer: Pending = []
        replaced = gone = False
        for place in pending:
            n, change, left = place
            if left or (isinstance(part, Many) and change.op in {"insert", "swap"}):
                if not gone:
                    inner.append(place)
            elif not change.wire and (new := _recipe_of(part, change)) is not None:
                if change.op == "put":  # it stands in place of all that was done to what stood there
                    inner, outer, gone = [], [], False
                part, replaced = new, True
                self.applied.add(n)
            else:
                outer.append(place)
                gone = gone or (change.op in {"put", "drop"} and not change.wire and _operate(change, b"") is not None)
        return part, inner, outer, replaced

    def _many(self, part: Many, path: str, pending: Pending, scope: _Scope) -> _Node:
        """The items, each change in its turn: an index counts in the list as the changes before it left it."""
        if not pending:
            honest = [self.make(item, f"{path}[{at}]", pending, scope) for at, item in enumerate(part.items)]
            return _joined(path, honest)
        items = [_Item(item) for item in part.items]
        for n, change, left in pending:
            at = _index(part, items, left[0]) if left else None
            if (not left and _list_changed(items, change)) or (
                at is not None and len(left) == 1 and not change.wire and _rearranged(items, at, change)
            ):
                self.applied.add(n)
            elif at is not None:
                items[at].pending.append((n, change, left[1:]))
        nodes: list[_Node] = []
        for at, item in enumerate(items):
            node = self.make(item.part, f"{path}[{at}]", item.pending, scope)
            if item.moved:
                node = _marked(node)
            if item.extra:
                node.value = b""
            nodes.append(node)
        joined = _joined(path, nodes)
        if len(items) != len(part.items):
            joined.changed = True
            joined.known = tuple(s._replace(changed=True) if s.path == path else s for s in joined.spans)
        return joined

    def _octets_changed(self, node: _Node, path: str, outer: Pending) -> _Node:
        for n, change, _ in outer:
            new = _operate(change, node.out)
            value = node.value if change.wire else new if node.value == node.out else _operate(change, node.value)
            if new is None and (change.wire or value is None):
                continue
            self.applied.add(n)
            out = node.out if new is None else new
            known = _moved(node.spans, path, node.out, out)
            node = _Node(node.value if value is None else value, out, known=known, changed=True)
        return node


@dataclass(slots=True)
class _Item:
    """An item of a list with its changes; `moved` when it did not stand there, `extra` when nothing is to follow it."""

    part: Any
    pending: Pending = field(default_factory=list)
    moved: bool = False
    extra: bool = False


def _index(part: Many, items: Sequence[_Item], segment: str) -> int | None:
    if segment.startswith("["):
        return _at(int(segment[1:-1]), len(items))
    return next((at for at, item in enumerate(items) if part.names(item.part, segment)), None)


def _at(at: int, length: int) -> int | None:
    """A place among `length` others, from the end when negative; None where there is none."""
    return at % length if -length <= at < length else None


def _list_changed(items: list[_Item], change: Change) -> bool:
    """Apply a change of a list; whether it could be done."""
    match change.op, change.args:
        case "insert", [int(at), item] if -len(items) - 1 <= at <= len(items) and (
            isinstance(item, (bytes, Message, Many, UInt, Varint, Sealed)) or callable(item)
        ):
            items.insert(at % (len(items) + 1), _Item(item, moved=True, extra=change.wire))
            return True
        case "swap", [int(one), int(other)] if not change.wire:
            return _swapped(items, one, other)
    return False


def _rearranged(items: list[_Item], at: int, change: Change) -> bool:
    """Apply a change of an item's place in its list; whether this was one and could be done."""
    match change.op, change.args:
        case "drop", []:
            del items[at]
        case "repeat", [] | [int()]:
            times = change.args[0] if change.args else 2
            item = items[at]
            copies = (_Item(item.part, list(item.pending), moved=True, extra=item.extra) for _ in range(times - 1))
            items[at : at + 1] = [item, *copies] if times > 0 else []
        case "swap", [int(other)]:
            return _swapped(items, at, other)
        case _:
            return False
    return True


def _swapped(items: list[_Item], one: int, other: int) -> bool:
    here, there = _at(one, len(items)), _at(other, len(items))
    if here is None or there is None:
        return False
    items[here], items[there] = items[there], items[here]
    items[here].moved = items[there].moved = True
    return True


def _recipe_of(part: Any, change: Change) -> Any:
    """The recipe that a change puts in place of a part, or None where it changes no recipe."""
    new: Any
    match change.op, change.args, part:
        case "put", [Message() | Many() as new], _:
            return new
        case "put", [UInt() | Varint() as new], _:
            pass
        case "put", [int(value)], UInt(size=size):
            new = UInt(value, size)
        case "put", [int(value)], Varint(width=width):
            new = Varint(value, width if value < 1 << max(8 * width - 2, 0) else 0)
        case "widen", [int(width)], UInt(value=value):
            new = UInt(value, width)
        case "widen", [int(width)], Varint(value=value):
            new = Varint(value, width)
        case _:
            return None
    return new if _octets(new) is not None else None


def _operate(change: Change, old: bytes) -> bytes | None:
    """The octets after an operation on them, or None where it cannot be done to them."""
    args = [a if isinstance(a, (bytes, int)) else _octets(a) for a in change.args]
    match change.op, args:
        case "cut", [int(n)] if 0 < n <= len(old):
            return old[: len(old) - n]
        case "extend", [bytes(more)]:
            return old + more
        case "flip", [int(at), int(mask)] if -len(old) <= at < len(old) and 0 < mask < 256:
            at %= len(old)
            return old[:at] + bytes([old[at] ^ mask]) + old[at + 1 :]
        case "put", [bytes(new)]:
            return new
        case "drop", []:
            return b""
        case "insert", [int(at), bytes(more)] if -len(old) - 1 <= at <= len(old):
            at %= len(old) + 1
            return old[:at] + more + old[at:]
        case "repeat", [int(times)]:
            return old * times
        case "swap", [int(one), int(other)] if -len(old) <= min(one, other) and max(one, other) < len(old):
            new_order = bytearray(old)
            new_order[one], new_order[other] = old[other], old[one]
            return bytes(new_order)
    return None


def _octets(value: Any) -> bytes | None:
    with contextlib.suppress(ValueError):  # no such form
        return Message(part=value).encode() if isinstance(value, (Message, Many, UInt, Varint)) else None
    return None


def _joined(path: str, nodes: Sequence[_Node]) -> _Node:
    out = value = b"".join([n.out for n in nodes])
    changed = True in [n.changed for n in nodes]
    if changed:  # otherwise others compute from what leaves
        value = b"".join([n.value for n in nodes if not n.sealed])
    return _Node(value, out, path, nodes, changed=changed)


def _marked(node: _Node) -> _Node:
    known = tuple(Span(p, s, e, True) for p, s, e, _ in node.spans)
    return _Node(node.value, node.out, known=known, changed=True, sealed=node.sealed)


def _moved(spans: Sequence[Span], path: str, old: bytes, new: bytes) -> tuple[Span, ...]:
    """The fields' places after the octets changed; what the difference touches is marked, what it adds is named."""
    limit = min(len(old), len(new))
    front = next((i for i in range(limit) if old[i] != new[i]), limit)
    back = next((i for i in range(limit - front) if old[-1 - i] != new[-1 - i]), limit - front)
    before, after, shift = front, len(old) - back, len(new) - len(old)

    def begin(at: int) -> int:
        return at if at < before else at + shift if at >= after else front

    def finish(at: int) -> int:
        return at if at <= before else at + shift if at >= after else len(new) - back

    moved: list[Span] = []
    for name, start, end, changed in spans:
        if name == path:
            moved.append(Span(name, 0, len(new), True))
        else:
            touched = start < after and end > before
            last = finish(end)
            moved.append(Span(name, min(begin(start), last), last, changed or touched))
    if before == after and path not in {name for name, *_ in spans}:
        moved.append(Span(path or ADDED, front, len(new) - back, True))
    return tuple(moved)


ADDED = "(added)"
"""The name of octets that a change added to a whole message."""
