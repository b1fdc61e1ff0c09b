"""The orders in which log entries and versions are visited: implicit binary search tree, update of a view, ladders.

Sections are those of draft-ietf-keytrans-protocol. Indexes count log entries from 0; `size` is a number of entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

VERSION_LIMIT = 1 << 32
"""One more than the greatest version (5)."""


def search_root(size: int) -> int:
    """The root of the implicit binary search tree of `size` > 0 entries (4.1)."""
    return (1 << (size.bit_length() - 1)) - 1


def _level(index: int) -> int:
    """How many ones stand at the end of the index: the height of an entry above the bottom of the search tree."""
    return (~index & (index + 1)).bit_length() - 1


def left_child(index: int) -> int | None:
    """The left child of an entry (4.1), or None."""
    level = _level(index)
    return index - (1 << (level - 1)) if level else None


def right_child(index: int, size: int) -> int | None:
    """The right child of an entry in a tree of that size (4.1), or None: the root of what lies right below it."""
    level = _level(index)
    below = min(size - index - 1, (1 << level) - 1)
    return index + 1 + search_root(below) if below > 0 else None


def frontier(size: int, start: int | None = None) -> list[int]:
    """The root, its right child and so on to the rightmost entry (4.1); `start` begins further down."""
    found: list[int] = []
    at = (search_root(size) if size else None) if start is None else start
    while at is not None:
        found.append(at)
        at = right_child(at, size)
    return found


def direct_path(index: int, size: int) -> list[int]:
    """The ancestors of an entry, its parent first (3.1)."""
    path: list[int] = []
    at = search_root(size)
    while at != index:
        path.append(at)
        step = left_child(at) if index < at else right_child(at, size)
        assert step is not None
        at = step
    return path[::-1]


def view_update(size: int, known: int = 0) -> list[int]:
    """The entries whose timestamps bring a view from `known` entries (0: none yet) to `size` (4.2), in their order."""
    if not known:
        return frontier(size)
    if known == size:
        return []
    above = [index for index in direct_path(known - 1, size) if index >= known]
    return above + frontier(size, above[-1] if above else known - 1)[1:]


def base_ladder(greatest: int) -> list[int]:
    """The versions that are looked up to show which one is the greatest (5)."""
    looked: list[int] = []

    def included(version: int) -> bool:
        looked.append(version)
        return version <= greatest

    for _ in _climb(included):
        pass
    return looked


def _climb(included: Callable[[int], bool]) -> Iterator[tuple[int, bool]]:
    """Each lookup of a full ladder with what came of it; versions above the limit are not looked up, and absent."""

    def look(version: int) -> bool:
        return version < VERSION_LIMIT and included(version)

    low, high, step = -1, 0, 0
    while look(high):
        yield high, True
        low, step = high, step + 1
        high = (1 << step) - 1
    yield high, False
    while low + 1 < high:
        middle = (low + high) // 2
        found = look(middle)
        yield middle, found
        low, high = (middle, high) if found else (low, middle)


def search_ladder(target: int, included: Callable[[int], bool]) -> int:
    """Look up what a search ladder does (6.2): 1, 0 or -1 as the greatest version is above, at or below the target.

    `included` is asked for each version once, in the order of the ladder, those included that the ladder may omit.
    """
    for version, found in _climb(included):
        if found and version > target:
            return 1
        if not found and version <= target:
            return -1
    return 0


class Omitted:
    """Which lookups a response leaves out, since it has shown the same before (6.2)."""

    def __init__(self) -> None:
        self._included: dict[int, int] = {}  # version: leftmost entry in which it was shown to be
        self._absent: dict[int, int] = {}  # version: rightmost entry in which it was shown not to be

    def known(self, entry: int, version: int) -> bool | None:
        """What is known of a version in an entry without a lookup: inclusion on its left, absence on its right."""
        if self._included.get(version, entry) < entry:
            return True
        if self._absent.get(version, entry) > entry:
            return False
        return None

    def anywhere(self, version: int) -> bool | None:
        """What was shown of a version in any entry; the absence, where both was."""
        return False if version in self._absent else True if version in self._included else None

    def shown(self, entry: int, version: int, *, included: bool) -> None:
        """Note what a lookup showed."""
        if included:
            self._included[version] = min(entry, self._included.get(version, entry))
        else:
            self._absent[version] = max(entry, self._absent.get(version, entry))
