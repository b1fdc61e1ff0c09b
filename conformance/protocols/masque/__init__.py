"""HTTP Datagrams and capsules (RFC 9297), proxying UDP in HTTP (RFC 9298 as updated by RFC 9931)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import SERVER, Fault, Found, Protocol, Role


def _peers() -> Mapping[str, Any]:
    from conformance.protocols.masque import peers

    return {"masque.proxy": peers.Proxy}


def _faults() -> Sequence[Fault]:
    from conformance.protocols.masque.faults import FAULTS

    return FAULTS


async def _probe(url: str, **settings: Any) -> Sequence[Found]:
    from conformance.protocols.masque.probe import probe

    return await probe(url, **settings)


_PROXY = {"rfc9297": ("proxy",), "rfc9298": ("proxy",), "masque-http-layer": ("proxy",)}

PROTOCOL = Protocol(
    name="masque",
    title="MASQUE",
    package="conformance.protocols.masque",
    roles=(Role("masque.proxy", "proxy for UDP", SERVER, _PROXY, "proxy"),),
    peers=_peers,
    faults=_faults,
    probe=_probe,
)
