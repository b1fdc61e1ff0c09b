"""VRFs (RFC 9381), the IETF protocol as drafted, AKD, and Plexi's auditor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import CLIENT, LIBRARY, Ask, Fault, Found, Protocol, Role


def _peers() -> Mapping[str, Any]:
    from conformance.protocols.keytrans.peers import AKDLibrary, Monitor, VRFLibrary
    from conformance.protocols.keytrans.peers.client import Client

    return {
        "akd.verifier": AKDLibrary,
        "keytrans.client": Client,
        "plexi.monitor": Monitor,
        "vrf.prover": VRFLibrary,
        "vrf.verifier": VRFLibrary,
    }


def _faults() -> Sequence[Fault]:
    from conformance.protocols.keytrans.faults import FAULTS

    return FAULTS


async def _probe(url: str, **settings: Any) -> Sequence[Found]:
    del url, settings
    return ()


_ROLES = (
    Role("akd.verifier", "verifier of AKD's proofs", LIBRARY, {"akd": ("client", "auditor")}, "library",
         ("akd.verify-lookup", "akd.verify-audit")),
    Role(
        "keytrans.client",
        "client of the IETF's log (a draft without a transport: no client of other people's is known that speaks ours)",
        CLIENT,
        {"ietf-keytrans-protocol": ("client",)},
        "client",
        ("keytrans.client.init", "keytrans.client.search"),
    ),
    Role("plexi.monitor", "monitor of Plexi's auditor", CLIENT, {"plexi-auditor-api": ("client", "monitor")}, "monitor",
         ("plexi.monitor.audit",)),
    Role("vrf.prover", "prover of VRFs", LIBRARY, {"rfc9381": ("prover",)}, "library", ("vrf.prove",)),
    Role("vrf.verifier", "verifier of VRFs", LIBRARY, {"rfc9381": ("verifier",)}, "library", ("vrf.verify",)),
)  # fmt: skip

_NO_SUITE = {"suite": "ECVRF-NONE", "alpha": ""}
_NO_PROOF = {"configuration": "none", "public_key": "", "root": "", "epoch": 1, "label": "", "proof": ""}
_IMPOSSIBLE = {
    "akd.verifier": (Ask("akd.verify-lookup", _NO_PROOF, "there is no such configuration"),),
    "keytrans.client": (
        Ask("keytrans.client.init", {"config": "0000", "url": "http://127.0.0.1:1"}, "there is no such suite"),
    ),
    "plexi.monitor": (
        Ask("plexi.monitor.audit", {"url": "http://127.0.0.1:1", "namespace": "none"}, "nobody answers there"),
    ),
    "vrf.prover": (Ask("vrf.prove", _NO_SUITE | {"secret_key": "00"}, "there is no such suite"),),
    "vrf.verifier": (Ask("vrf.verify", _NO_SUITE | {"public_key": "00", "proof": "00"}, "there is no such suite"),),
}

PROTOCOL = Protocol(
    name="keytrans",
    title="Key transparency",
    package="conformance.protocols.keytrans",
    roles=_ROLES,
    peers=_peers,
    faults=_faults,
    probe=_probe,
    impossible=_IMPOSSIBLE,
)
