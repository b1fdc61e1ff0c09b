"""A subject that is only a URL: somebody else's server, which we neither start nor stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import Hello, Reply, RoleOffer, Served, Subject
from conformance.model import AdapterError


class URLSubject(Subject):
    """A server at a URL in one or several roles; `more` is what its roles add to the URL (`keys`, …).

    A fresh start is a new connection, which is the bench's matter: there is one life, and no death that could be told
    from an outage.
    """

    ours = False

    def __init__(
        self,
        url: str,
        roles: Sequence[str] | Mapping[str, RoleOffer],
        more: Mapping[str, Any] | None = None,
        *,
        name: str = "",
    ) -> None:
        self.url = url
        self.more = dict(more or {})
        offers = dict(roles) if isinstance(roles, Mapping) else {role: RoleOffer() for role in roles}
        self.hello = Hello(name=name or url, roles=offers, parallel=1)

    async def start(self) -> None:
        """Its one life, as far as we are concerned."""
        self.generation = 1

    async def stop(self) -> None:
        """It goes on without us."""

    async def do(self, op: str, given: Mapping[str, Any], patience: float | None = None) -> Reply:  # noqa: ARG002  # Subject
        """It can be asked nothing."""
        return {"unsupported": {"reason": f"a bare URL does no {op}"}}

    async def serve(self, role: str, options: Mapping[str, Any]) -> Served:  # noqa: ARG002  # options are its owner's matter
        """Where it runs; AdapterError for a role that it was not said to play."""
        if role not in self.hello.roles:
            raise AdapterError(f"{self.url}: was not said to be {role}", step="serve", hint="See --role.")
        return Served(self.url, self.more)

    def died(self) -> str:
        """Never: see the class."""
        return ""
