"""The PrivateToken scheme (RFC 9577), issuance (RFC 9578), and their cryptography (RFC 9497, RFC 9474)."""

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
    name="privacypass",
    title="Privacy Pass",
    package="conformance.protocols.privacypass",
    roles=(),
    peers=_peers,
    faults=_faults,
    probe=_probe,
)
