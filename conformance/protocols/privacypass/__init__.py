"""The PrivateToken scheme (RFC 9577), issuance (RFC 9578), and their cryptography (RFC 9497, RFC 9474)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import SERVER, Fault, Found, Protocol, Role


def _peers() -> Mapping[str, Any]:
    from conformance.protocols.privacypass import peers

    return {"privacypass.issuer": peers.Issuer}


def _faults() -> Sequence[Fault]:
    from conformance.protocols.privacypass.faults import FAULTS

    return FAULTS


async def _probe(url: str, **settings: Any) -> Sequence[Found]:
    from conformance.protocols.privacypass.probe import probe

    return await probe(url, **settings)


_ISSUER = {
    "rfc9578": ("issuer", "all"),
    "rfc9577": ("issuer", "all"),
    "rfc9576": ("issuer", "issuance"),
    "rfc9497": ("issuer", "all"),
    "rfc9474": ("issuer", "all"),
}

PROTOCOL = Protocol(
    name="privacypass",
    title="Privacy Pass",
    package="conformance.protocols.privacypass",
    roles=(Role("privacypass.issuer", "issuer of Privacy Pass tokens", SERVER, _ISSUER, "issuer"),),
    peers=_peers,
    faults=_faults,
    probe=_probe,
)
