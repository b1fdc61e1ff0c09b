"""Oblivious HTTP (RFC 9458), Binary HTTP (RFC 9292), discovery (RFC 9540), HPKE as far as they need it (RFC 9180)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import LIBRARY, SERVER, Ask, Fault, Found, Protocol, Role


def _peers() -> Mapping[str, Any]:
    from conformance.protocols.ohttp import peers

    return {
        "ohttp.gateway": peers.Gateway,
        "bhttp.decoder": peers.BinaryHTTP,
        "bhttp.encoder": peers.BinaryHTTP,
    }


def _faults() -> Sequence[Fault]:
    from conformance.protocols.ohttp.faults import FAULTS

    return FAULTS


async def _probe(url: str, **settings: Any) -> Sequence[Found]:
    from conformance.protocols.ohttp.probe import probe

    return await probe(url, **settings)


_GATEWAY = {
    "rfc9458": ("gateway",),
    "rfc9540": ("gateway",),
    "rfc9180": ("gateway",),
    "rfc9292": ("gateway", "decoder", "encoder"),
}

PROTOCOL = Protocol(
    name="ohttp",
    title="Oblivious HTTP",
    package="conformance.protocols.ohttp",
    roles=(
        Role("ohttp.gateway", "Oblivious Gateway Resource", SERVER, _GATEWAY, "gateway"),
        Role("bhttp.decoder", "Binary HTTP decoder", LIBRARY, {"rfc9292": ("decoder",)}, "library", ("bhttp.decode",)),
        Role("bhttp.encoder", "Binary HTTP encoder", LIBRARY, {"rfc9292": ("encoder",)}, "library", ("bhttp.encode",)),
    ),
    peers=_peers,
    faults=_faults,
    probe=_probe,
    impossible={"bhttp.decoder": (Ask("bhttp.decode", {"message": ""}, "an empty message has no framing indicator"),)},
)
