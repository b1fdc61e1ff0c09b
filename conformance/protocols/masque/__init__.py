"""HTTP Datagrams and capsules (RFC 9297), proxying UDP in HTTP (RFC 9298 as updated by RFC 9931)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import Fault, Found, Protocol


def _peers() -> Mapping[str, Any]:
    return {}


def _faults() -> Sequence[Fault]:
    return ()


async def _probe(url: str, **settings: Any) -> Sequence[Found]:
    del url, settings
    return ()


PROTOCOL = Protocol(
    name="masque",
    title="MASQUE",
    package="conformance.protocols.masque",
    roles=(),
    peers=_peers,
    faults=_faults,
    probe=_probe,
)
