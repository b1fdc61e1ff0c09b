"""VRFs (RFC 9381), the IETF protocol as drafted, AKD, and Plexi's auditor."""

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
    name="keytrans",
    title="Key transparency",
    package="conformance.protocols.keytrans",
    roles=(),
    peers=_peers,
    faults=_faults,
    probe=_probe,
)
