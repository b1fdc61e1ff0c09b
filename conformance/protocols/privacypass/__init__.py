"""The PrivateToken scheme (RFC 9577), issuance (RFC 9578), and their cryptography (RFC 9497, RFC 9474)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import CLIENT, SERVER, Ask, Fault, Found, Protocol, Role
from conformance.model import Outcome


def _peers() -> Mapping[str, Any]:
    from conformance.protocols.privacypass import peers

    return {"privacypass.issuer": peers.Issuer, "privacypass.client": peers.Client, "privacypass.origin": peers.Origin}


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
_CLIENT = {
    "rfc9578": ("client", "all"),
    "rfc9577": ("client", "all"),
    "rfc9576": ("client", "issuance"),
    "rfc9497": ("client", "all"),
    "rfc9474": ("client", "all"),
}
_ORIGIN = {
    "rfc9578": ("origin", "all"),
    "rfc9577": ("origin", "all"),
    "rfc9576": ("origin", "issuance"),
    "rfc9497": ("origin", "all"),
    "rfc9474": ("origin", "all"),
}


def _told(role: str) -> Mapping[str, Any]:
    """An origin is told whom to trust: our issuer, with keys that are always the same."""
    if role != "privacypass.origin":
        return {}
    from conformance.protocols.privacypass.peers import trusted

    return {"issuer": trusted()}


_NEVER = (Outcome("plain-5xx", "500").per("rfc9578/5.2/policy-refusal-uses-4xx"),)
"""No request is so wrong that the server's failure would be its cause (RFC 9110, Section 15.6.1)."""

PROTOCOL = Protocol(
    name="privacypass",
    title="Privacy Pass",
    package="conformance.protocols.privacypass",
    roles=(
        Role("privacypass.issuer", "issuer of Privacy Pass tokens", SERVER, _ISSUER, "issuer"),
        Role("privacypass.origin", "origin that takes Privacy Pass tokens", SERVER, _ORIGIN, "origin"),
        Role("privacypass.client", "client of Privacy Pass", CLIENT, _CLIENT, "client", ("privacypass.client.issue",)),
    ),
    peers=_peers,
    faults=_faults,
    probe=_probe,
    told=_told,
    never=_NEVER,
    impossible={
        "privacypass.client": (
            Ask(
                "privacypass.client.issue",
                {"challenge": "0001", "issuer": "http://127.0.0.1:9/", "token_key": "00", "type": 1},
                "the challenge is cut, the key is no point, and nobody is there",
            ),
        )
    },
)
