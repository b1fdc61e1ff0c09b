"""Several subjects under one name: our own peers, one for each role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import Hello, Reply, RoleOffer, Served, Subject


class SeveralSubject(Subject):
    """Plays the roles of all its members. A run of one role has to do with the member that plays it alone."""

    def __init__(self, name: str, members: Sequence[Subject], version: str = "") -> None:
        self.members = tuple(members)
        self.hello = Hello(name=name, version=version)

    async def start(self) -> None:
        """Begin a new life of every member."""
        self.generation += 1
        for member in self.members:
            await member.start()
        roles: dict[str, RoleOffer] = {}
        for member in self.members:
            roles |= member.hello.roles
        self.hello = Hello(
            name=self.hello.name,
            version=self.hello.version,
            language="python",
            roles=roles,
            operations=tuple(op for m in self.members for op in m.hello.operations),
            parallel=min(m.hello.parallel for m in self.members),
            controls=tuple({c for m in self.members for c in m.hello.controls}),
        )

    async def stop(self) -> None:
        """End them all."""
        for member in self.members:
            await member.stop()

    async def do(self, op: str, given: Mapping[str, Any], patience: float | None = None) -> Reply:
        """Ask the member that has the operation."""
        for member in self.members:
            if op in member.hello.operations:
                return await member.do(op, given, patience)
        return {"unsupported": {"reason": f"{self.hello.name} has no operation {op}"}}

    def playing(self, role: str) -> Subject:
        """The member that plays this role."""
        return next(m for m in self.members if role in m.hello.roles)

    async def serve(self, role: str, options: Mapping[str, Any]) -> Served:
        """Let the member serve that has the role."""
        return await self.playing(role).serve(role, options)

    def died(self) -> str:
        """How the first member died that did."""
        return next((told for m in self.members if (told := m.died())), "")

    def evidence(self) -> str:
        """What any of them wrote."""
        return "\n".join(told for m in self.members if (told := m.evidence()))
