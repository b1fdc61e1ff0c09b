"""Implementations of ours: reference peers, and the mutants that are made of them."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from conformance.bench._subject import Hello, Reply, RoleOffer, Served, Subject
from conformance.model import Change
from conformance.wire import Built, Message


class Quiet:
    """The bench of a peer that stands as subject itself: nothing is recorded, only its own faults change anything."""

    def __init__(self, seed: int = 0, changes: tuple[Change, ...] = ()) -> None:
        self.rng = random.Random(seed)
        self.changes = changes
        self._arrivals: Counter[str] = Counter()

    def point(self, name: str, message: Message) -> Built:
        """Build a message, with the fault's changes if it has any here."""
        nth = self._arrivals[name]
        self._arrivals[name] += 1
        return message.build([c for c in self.changes if c.applies_to(name, nth)] if self.changes else ())

    def saw(self, what: str, name: str = "", **value: Any) -> None:
        """Record nothing."""


class Peer(ABC):
    """A peer in a server role. Each step is a method, so that a fault is a subclass which replaces one.

    `changes` of a fault are applied at the points of a peer that stands as subject.
    """

    role: ClassVar[str]
    changes: ClassVar[tuple[Change, ...]] = ()
    offers: ClassVar[RoleOffer] = RoleOffer()

    def __init__(self, bench: Any, options: Mapping[str, Any] | None = None) -> None:
        self.bench = bench
        self.options = options or {}

    @abstractmethod
    async def start(self) -> Served:
        """Begin to serve on loopback."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop serving."""


class PeerSubject(Subject):
    """A reference peer, or a mutant of it, in this process as the subject."""

    def __init__(self, peer_class: type[Peer], seed: int = 0) -> None:
        self.peer_class = peer_class
        self.seed = seed
        self.hello = Hello(
            name=f"reference-{peer_class.role}",
            language="python",
            roles={peer_class.role: peer_class.offers},
            parallel=16,
        )
        self._peer: Peer | None = None
        self._served: Served | None = None

    async def start(self) -> None:
        """Begin a new life."""
        self.generation += 1

    async def serve(self, role: str, options: Mapping[str, Any]) -> Served:
        """Start the peer, or say where it runs."""
        del role
        if self._served is None:
            self._peer = self.peer_class(Quiet(self.seed + self.generation, self.peer_class.changes), options)
            self._served = await self._peer.start()
        return self._served

    async def stop(self) -> None:
        """End this life."""
        if self._peer is not None:
            await self._peer.stop()
            self._peer = self._served = None

    async def do(self, op: str, given: Mapping[str, Any], patience: float | None = None) -> Reply:
        """A server role has no operations."""
        del given, patience
        return {"unsupported": {"reason": f"{self.hello.name} has no operation {op}"}}

    def died(self) -> str:
        """A peer in this process does not die by itself."""
        return ""
