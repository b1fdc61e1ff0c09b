"""What can be changed in an exchange: the points that its twin passed, and the fields of what left there."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from conformance.model import Change, Part

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_INDEX = re.compile(r"\[(\d+)\]$")
NUMBERS = (1, 2, 3, 4, 8)
"""Fields of so many octets may be numbers."""
MOST_ITEMS = 8
"""So many items of a list are worth a site of their own."""
STAYS, DRAWS = 0.3, 400
"""How often a walk stops where it can go on, and how finely chances are told apart."""
FULL, SHARE = 60, 12
"""A point with so many sites is as likely as it gets; each so many sites make it once more likely."""
MOST_OCTETS = 4096
"""So many octets are put in one place at most."""


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """A place at which something can be changed: `kind` is whole, field, list or item, `length` that of its octets."""

    point: str
    path: str
    kind: str
    length: int
    items: int = 0


def sites(part: Part) -> list[Site]:
    """Every place in what left at the points of a part, sealed content included; in the order of their names."""
    found: dict[tuple[str, str], Site] = {}
    counts: dict[tuple[str, str], int] = {}
    for event in part.events:
        if event.what not in {"sent", "sealed"}:
            continue
        point, _, prefix = event.name.partition(".") if event.what == "sealed" else (event.name, "", "")
        paths = [(prefix, len(event.octets))]
        paths += [(_below(prefix, path), end - start) for path, start, end, _ in event.spans if path]
        for path, length in paths:
            kind = "item" if _INDEX.search(path) else "field" if path else "whole"
            found.setdefault((point, path), Site(point, path, kind, length))
            for parent, index in _parents(path):
                counts[point, parent] = max(counts.get((point, parent), 0), index + 1)
    for (point, path), count in counts.items():
        known = found.get((point, path))
        found[point, path] = Site(point, path, "list", known.length if known else 0, count)
        for index in range(min(count, MOST_ITEMS)):
            item = f"{path}[{index}]"
            found.setdefault((point, item), Site(point, item, "item", 0))
    return sorted(site for site in found.values() if not _beyond(site.path))


def _below(prefix: str, path: str) -> str:
    return path if not prefix else prefix + path if path.startswith("[") else f"{prefix}.{path}"


def _parents(path: str) -> list[tuple[str, int]]:
    """The lists that a path leads through, with the place in each."""
    return [(path[: found.start()], int(found[1])) for found in re.finditer(r"\[(\d+)\]", path)]


def _beyond(path: str) -> bool:
    return any(index >= MOST_ITEMS for _, index in _parents(path))


def octets_of(seed: int, length: int) -> bytes:
    """So many octets from a seed: what Hypothesis draws itself stays tiny."""
    return random.Random(seed).randbytes(length)


def changes(found: Sequence[Site]) -> SearchStrategy[Change]:
    """One change at one of the sites. A point is the likelier, the more of ours has its place there."""
    from hypothesis import strategies as st

    counts = Counter(site.point for site in found)
    points = [point for point, count in sorted(counts.items()) for _ in range(1 + min(count, FULL) // SHARE)]

    @cache  # a strategy that is made anew for each draw is looked over anew
    def at_point(point: str) -> SearchStrategy[Change]:
        own = weighted([site for site in found if site.point == point])
        inside = st.sampled_from(own).flatmap(_at)
        return st.one_of(inside, inside, inside, inside, _leaving(point, max(site.length for site in own)))

    return st.sampled_from(points).flatmap(at_point)


_SEGMENT = re.compile(r"\[\d+\]|[^.\[]+")


def weighted(own: Sequence[Site]) -> list[Site]:
    """The sites of a point, each as often as it is reached by one who walks down the message and may stop anywhere.

    So a field of one octet in the header of a message with a hundred fields inside is not lost among them.
    """
    below: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    at = {tuple(_SEGMENT.findall(site.path)): site for site in own}
    for path in at:
        for depth in range(len(path)):
            below.setdefault(path[:depth], set()).add(path[: depth + 1])
    made: list[Site] = []

    def walk(path: tuple[str, ...], chance: float) -> None:
        further = sorted(below.get(path, ()))
        if path in at:
            stays = chance * (STAYS if further else 1.0)
            chance -= stays
            made.extend([at[path]] * max(1, round(stays * DRAWS)))
        for one in further:
            walk(one, chance / len(further))

    walk((), 1.0)
    return made


def _octets() -> SearchStrategy[bytes]:
    from hypothesis import strategies as st

    edges = st.sampled_from(
        [b"", b"\0", b"\xff", b"\0" * 8, b"\xff" * 8, b" ", b"\r\n", b":", b"%00", b"\x80", b"\x40\0"]
    )
    lengths = st.integers(0, 64) | st.sampled_from([255, 256, 1024, MOST_OCTETS])
    seeded = st.builds(octets_of, st.integers(0, 255), lengths)
    return edges | st.binary(max_size=8) | seeded


def _numbers(length: int) -> SearchStrategy[int]:
    from hypothesis import strategies as st

    most = (1 << 8 * length) - 1
    edges = {0, 1, 2, most, most - 1, *(v for k in (6, 7, 8, 14, 16, 30, 31, 32, 62) for v in (1 << k, (1 << k) - 1))}
    return st.sampled_from(sorted(e for e in edges if e <= most)) | st.integers(0, most)


@cache
def _at(site: Site) -> SearchStrategy[Change]:
    """An operation that can be done at a site."""
    from hypothesis import strategies as st

    def change(op: str, *args: SearchStrategy[object]) -> SearchStrategy[Change]:
        return st.builds(lambda *a: Change(site.point, site.path, op, tuple(a[:-1]), a[-1]), *args, wire)

    wire = st.sampled_from([False, False, False, True])
    kinds: list[SearchStrategy[Change]] = []
    if site.kind in {"whole", "field"}:
        kinds += [
            change("extend", _octets()),
            change("put", _octets()),
            change("insert", st.integers(0, site.length), _octets()),
        ]
        kinds.append(change("repeat", st.integers(2, 4)))
        if site.length:
            kinds.append(change("cut", st.integers(1, site.length)))
            kinds.append(change("flip", st.integers(0, site.length - 1), st.sampled_from([1 << n for n in range(8)])))
        if site.kind == "field":
            kinds.append(change("drop"))
            if site.length in NUMBERS:
                kinds += [change("put", _numbers(site.length)), change("widen", st.sampled_from([1, 2, 4, 8]))]
    elif site.kind == "item":
        kinds += [change("drop"), change("repeat", st.integers(2, 4)), change("put", _octets())]
    else:
        kinds += [change("insert", st.integers(0, site.items), _octets()), change("drop"), change("extend", _octets())]
        if site.items > 1:
            places = st.integers(0, site.items - 1)
            kinds.append(change("swap", places, places))
    return st.one_of(kinds)


def _leaving(point: str, length: int) -> SearchStrategy[Change]:
    from hypothesis import strategies as st

    cut = st.integers(1, max(1, length - 1)).map(lambda at: Change(point, "", "split", (at,)))
    return cut | st.sampled_from([Change(point, "", "close"), Change(point, "", "reset")])
