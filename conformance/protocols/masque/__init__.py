"""HTTP Datagrams and capsules (RFC 9297), proxying UDP in HTTP (RFC 9298 as updated by RFC 9931)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import CLIENT, SERVER, Ask, Fault, Found, Protocol, Role


def _peers() -> Mapping[str, Any]:
    from conformance.protocols.masque import peers

    return {"masque.proxy": peers.Proxy, "masque.client": peers.Client}


def _faults() -> Sequence[Fault]:
    from conformance.protocols.masque.faults import FAULTS

    return FAULTS


async def _probe(url: str, **settings: Any) -> Sequence[Found]:
    from conformance.protocols.masque.probe import probe

    return await probe(url, **settings)


_PROXY = {"rfc9297": ("proxy",), "rfc9298": ("proxy",), "masque-http-layer": ("proxy",)}

_CLIENT = {"rfc9297": ("client",), "rfc9298": ("client",), "masque-http-layer": ("client",)}
_OP = "masque.client.connect-udp"
_IMPOSSIBLE = {
    "masque.client": (
        Ask(
            _OP,
            {
                "template": "https://127.0.0.1:9/{target_host}/{target_port}/", "host": "127.0.0.1", "port": 9,
                "payloads": ["00"], "http": 1, "certificate": "",
            },
            "nobody answers there",
        ),
    ),
}  # fmt: skip

PROTOCOL = Protocol(
    name="masque",
    title="MASQUE",
    package="conformance.protocols.masque",
    roles=(
        Role("masque.proxy", "proxy for UDP", SERVER, _PROXY, "proxy"),
        Role("masque.client", "client of UDP proxies", CLIENT, _CLIENT, "client", (_OP,)),
    ),
    peers=_peers,
    faults=_faults,
    probe=_probe,
    impossible=_IMPOSSIBLE,
)
