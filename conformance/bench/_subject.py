"""What a run tests: one implementation in its roles, reachable."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.net import Route

Reply = Mapping[str, Any]
"""An adapter's answer: exactly one of `ok`, `refused`, `unsupported`; or `died` with what is known of the death."""


@dataclass(frozen=True, slots=True)
class RoleOffer:
    """What a subject says of one of its roles: optional features, and its values on the axes of variants."""

    features: tuple[str, ...] = ()
    variants: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hello:
    """What a subject says of itself (`docs/adapter.md`)."""

    name: str
    version: str = ""
    language: str = ""
    source: tuple[str, ...] = ()
    roles: Mapping[str, RoleOffer] = field(default_factory=dict)
    operations: tuple[str, ...] = ()
    parallel: int = 1
    controls: tuple[str, ...] = ()
    protocol: int = 1


@dataclass(frozen=True, slots=True)
class Served:
    """Where a server role of a subject is reached: its URL and whatever else its role adds (`keys`, …).

    `certificate` among these is PEM: what to trust at that URL, unless the user says otherwise.
    """

    url: str
    more: Mapping[str, Any] = field(default_factory=dict)

    def trusted(self, route: Route) -> Route:
        """The same way, with the subject's own certificate trusted there."""
        pem = self.more.get("certificate")
        if not pem or route.ca_file is not None:
            return route
        return replace(route, ca_data=str(pem))


class Subject(ABC):
    """One implementation, reachable. It has lives: each start is a new `generation`.

    The engine alone starts and stops it. `ours` tells whether it is a process (or object) that we start: only then a
    fresh start is a new life; otherwise it is a new connection.
    """

    hello: Hello
    generation: int = 0
    ours: bool = True

    @abstractmethod
    async def start(self) -> None:
        """Begin a new life; AdapterError when that fails through the adapter."""

    @abstractmethod
    async def stop(self) -> None:
        """End this life, whatever state it is in."""

    @abstractmethod
    async def do(self, op: str, given: Mapping[str, Any], patience: float | None = None) -> Reply:
        """Ask for an operation. AdapterError when the adapter broke the contract; Ended after `patience` seconds."""

    async def restart(self) -> None:
        """A fresh start."""
        await self.stop()
        await self.start()

    def playing(self, role: str) -> Subject:
        """The subject that plays this role: itself, unless it is several under one name."""
        del role
        return self

    @abstractmethod
    async def serve(self, role: str, options: Mapping[str, Any]) -> Served:
        """Start a server role, or say where it runs; once per life and role."""

    @abstractmethod
    def died(self) -> str:
        """How this life ended by itself (status, signal), or an empty string while it lasts."""

    def evidence(self) -> str:
        """The end of what the subject wrote to standard error in this life."""
        return ""
