"""How a log is searched (draft-ietf-keytrans-protocol, 4.2, 6 and 7): one walk for whoever proves and whoever verifies.

The walks ask an `Entries` for timestamps and lookups. A prover answers from its trees and writes down what was asked
for, a verifier answers from the proof that it got: so both agree on the contents and the order of every field.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from conformance.protocols.keytrans.trees._order import (
    Omitted,
    direct_path,
    frontier,
    left_child,
    right_child,
    search_ladder,
    search_root,
    view_update,
)

ABSENT, EXPIRED, NOT_GREATEST = "absent", "expired", "not-greatest"


class SearchFailed(Exception):
    """A search that ends without a result: `kind` says whether the version is absent, expired or not the greatest."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class Entries(ABC):
    """The entries of a log of `size`, as far as a search sees them. Durations in milliseconds."""

    omitting: ClassVar[type[Omitted]] = Omitted

    def __init__(self, size: int, window: int, lifetime: int | None) -> None:
        self.size = size
        self.window = window
        self.lifetime = lifetime
        self.omitted = self.omitting()

    @abstractmethod
    def timestamp(self, entry: int) -> int:
        """The timestamp of an entry."""

    @abstractmethod
    def begin(self, entry: int) -> None:
        """A series of lookups in an entry begins."""

    @abstractmethod
    def look(self, entry: int, version: int) -> bool:
        """Whether a version is in the prefix tree of an entry."""

    @abstractmethod
    def end(self, entry: int, versions: list[int]) -> None:
        """A series of lookups of these versions is over."""

    def ladder(self, entry: int, target: int) -> int:
        """A search ladder (6.2): 1, 0 or -1 as the greatest version in an entry is above, at or below the target."""
        self.begin(entry)
        results: dict[int, bool] = {}

        def included(version: int) -> bool:
            known = self.omitted.known(entry, version)
            if known is None:
                known = results[version] = self.look(entry, version)
            return known

        order = search_ladder(target, included)
        for version, found in results.items():
            self.omitted.shown(entry, version, included=found)
        self.end(entry, list(results))
        return order

    def lookup(self, entry: int, version: int) -> bool:
        """A single lookup."""
        self.begin(entry)
        found = self.look(entry, version)
        self.end(entry, [version])
        return found

    @property
    def newest(self) -> int:
        """The timestamp of the rightmost entry."""
        return self.timestamp(self.size - 1)

    def expired(self, entry: int) -> bool:
        """Whether an entry is past the maximum lifetime (7.1)."""
        return self.lifetime is not None and self.newest - self.timestamp(entry) >= self.lifetime

    def distinguished(self, entry: int) -> bool:
        """Whether an entry is distinguished (6.1)."""
        left, right = 0, self.newest
        for at in [*reversed(direct_path(entry, self.size)), entry]:
            if right - left < self.window:
                return False
            if entry < at:
                right = self.timestamp(at)
            else:
                left = self.timestamp(at)
        return True

    def greatest_path(self) -> list[int]:
        """The frontier from the rightmost distinguished entry on, or all of it where there is none (6.3)."""
        path = frontier(self.size)
        started = [n for n, entry in enumerate(path) if self.distinguished(entry)]
        return path[started[-1] if started else 0 :]

    def greater_there(self, entry: int, version: int) -> None:
        """An entry holds a greater version than that which is said to be the greatest (6.3)."""
        raise SearchFailed(NOT_GREATEST, f"version {version} is not the greatest in entry {entry}")

    def missing_there(self, entry: int, version: int) -> None:
        """The rightmost entry does not hold the version that is said to be the greatest (6.3)."""
        raise SearchFailed(NOT_GREATEST, f"version {version} is not in entry {entry}")

    def vouched(self, terminal: int, inspected: Sequence[int]) -> bool:
        """Whether no inspected entry is expired, or one left of the chosen was there for owners to check (7.2)."""
        if not any(map(self.expired, inspected)):
            return True
        return any(e < terminal and not self.expired(e) and self.distinguished(e) for e in inspected)


def update_view(entries: Entries, known: int) -> None:
    """Learn the timestamps that bring a view of `known` entries up to date (4.2)."""
    for entry in view_update(entries.size, known):
        entries.timestamp(entry)


def search_greatest(entries: Entries, version: int) -> int:
    """Check that a version is the greatest (6.3); gives the terminal entry. SearchFailed where it is not."""
    terminal: int | None = None
    for entry in entries.greatest_path():
        order = entries.ladder(entry, version)
        if order > 0:
            entries.greater_there(entry, version)
        if order < 0 and entry == entries.size - 1:
            entries.missing_there(entry, version)
        if order == 0 and terminal is None:
            terminal = entry
    return entries.size - 1 if terminal is None else terminal


def search_version(entries: Entries, version: int) -> int:
    """Find a version (7.2); gives the terminal entry. SearchFailed where it is absent or expired."""
    inspected: list[int] = []
    greater: list[int] = []
    at: int | None = search_root(entries.size)
    while at is not None:
        entry = at
        inspected.append(entry)
        entries.timestamp(entry)  # that of every entry is asked for, in this order (12.3.3)
        if entries.expired(entry):
            at = right_child(entry, entries.size)
            continue
        order = entries.ladder(entry, version)
        if order == 0:
            return _equal(entries, entry)
        if order > 0:
            greater.append(entry)
        at = left_child(entry) if order > 0 else right_child(entry, entries.size)
    if not greater:
        raise SearchFailed(ABSENT, f"no entry has version {version}")
    terminal = min(greater)
    if not entries.vouched(terminal, inspected):
        raise SearchFailed(EXPIRED, f"version {version} is expired")
    if not entries.lookup(terminal, version):
        raise SearchFailed(ABSENT, f"version {version} is absent")
    return terminal


def _equal(entries: Entries, entry: int) -> int:
    """Whether an entry in which the version is the greatest may end a search (7.2, step 5)."""
    above = direct_path(entry, entries.size)
    if not any(map(entries.expired, above)) or entries.distinguished(entry):
        return entry
    if any(e < entry and not entries.expired(e) and entries.distinguished(e) for e in above):
        return entry
    raise SearchFailed(EXPIRED, "the version is expired")
