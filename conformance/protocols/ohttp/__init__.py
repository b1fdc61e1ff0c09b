"""Oblivious HTTP (RFC 9458), Binary HTTP (RFC 9292), discovery (RFC 9540), HPKE as far as they need it (RFC 9180)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import CLIENT, LIBRARY, SERVER, Ask, Fault, Found, Protocol, Role
from conformance.model import Outcome


def _peers() -> Mapping[str, Any]:
    from conformance.protocols.ohttp import peers

    return {
        "ohttp.gateway": peers.Gateway,
        "ohttp.client": peers.ChunkedClient,
        "ohttp.relay": peers.Relay,
        "bhttp.decoder": peers.BinaryHTTP,
        "bhttp.encoder": peers.BinaryHTTP,
        "keyconfig.decoder": peers.KeyConfigurations,
        "keyconfig.encoder": peers.KeyConfigurations,
        "ohttp.sender": peers.Encapsulation,
        "ohttp.receiver": peers.Encapsulation,
        "hpke.sender": peers.HPKELibrary,
        "hpke.receiver": peers.HPKELibrary,
    }


def _faults() -> Sequence[Fault]:
    from conformance.protocols.ohttp.faults import FAULTS

    return FAULTS


async def _probe(url: str, **settings: Any) -> Sequence[Found]:
    if settings["setup"].role == "ohttp.relay":
        from conformance.protocols.ohttp._relay_probe import probe_relay

        return await probe_relay(url, setup=settings["setup"], versions=settings.get("versions", ()))
    from conformance.protocols.ohttp.probe import probe

    return await probe(url, **settings)


_GATEWAY = {
    "rfc9458": ("gateway",),
    "rfc9540": ("gateway",),
    "rfc9180": ("gateway",),
    "rfc9292": ("gateway", "decoder", "encoder"),
}
_RELAY = {"rfc9458": ("relay",), "ietf-ohai-chunked-ohttp": ("relay",), "rfc10036": ("relay",)}
_CLIENT = {
    "rfc9458": ("client", "decoder"),
    "rfc9180": ("client",),
    "rfc9292": ("decoder", "encoder"),
    "rfc9540": ("client",),
    "ietf-ohai-chunked-ohttp": ("client",),
}
_SENDER, _RECEIVER = {"rfc9458": ("client",)}, {"rfc9458": ("gateway",)}
_SENDING = ("ohttp.request.encapsulate", "ohttp.response.decapsulate")
_RECEIVING = ("keyconfig.encode", "ohttp.request.decapsulate", "ohttp.response.encapsulate")
_LIBRARIES = (
    Role("keyconfig.decoder", "reader of key configurations", LIBRARY, {"rfc9458": ("decoder",)}, "library",
         ("keyconfig.decode",)),
    Role("keyconfig.encoder", "writer of key configurations", LIBRARY, {"rfc9458": ("encoder",)}, "library",
         ("keyconfig.encode",)),
    Role("ohttp.sender", "sender of encapsulated requests", LIBRARY, _SENDER, "library", _SENDING),
    Role("ohttp.receiver", "receiver of encapsulated requests", LIBRARY, _RECEIVER, "library", _RECEIVING),
    Role("hpke.sender", "sender of HPKE", LIBRARY, {"rfc9180": ("client",)}, "library", ("hpke.seal",)),
    Role("hpke.receiver", "receiver of HPKE", LIBRARY, {"rfc9180": ("gateway",)}, "library",
         ("hpke.open", "hpke.export")),
)  # fmt: skip

_NO_SUITE = {"suite": "ffff/ffff/ffff", "info": "", "messages": []}
_NO_REQUEST = {
    "method": b"GET".hex(),
    "scheme": b"http".hex(),
    "authority": b"target.example".hex(),
    "path": b"/".hex(),
}
_IMPOSSIBLE = {
    "bhttp.decoder": (Ask("bhttp.decode", {"message": ""}, "an empty message has no framing indicator"),),
    "keyconfig.decoder": (
        Ask("keyconfig.decode", {"keys": "002d0100"}, "the only entry is cut behind its first octets"),
    ),
    "keyconfig.encoder": (
        Ask("keyconfig.encode", {"key_id": 1, "kem": 0xFFFF, "suites": [[0xFFFF, 0xFFFF]]}, "there is no such KEM"),
    ),
    "ohttp.client": (
        Ask(
            "ohttp.client.fetch",
            {"url": "http://127.0.0.1:9/", "keys": "002d0100", "request": _NO_REQUEST},
            "there is no key to seal for, and nobody answers there",
        ),
    ),
    "ohttp.sender": (
        Ask("ohttp.request.encapsulate", {"keys": "002d0100", "request": "00"}, "there is no key to seal for"),
    ),
    "ohttp.receiver": (
        Ask("keyconfig.encode", {"key_id": 1, "kem": 0xFFFF, "suites": [[0xFFFF, 0xFFFF]]}, "there is no such KEM"),
    ),
    "hpke.sender": (Ask("hpke.seal", _NO_SUITE | {"public_key": "00"}, "there are no such algorithms"),),
    "hpke.receiver": (
        Ask("hpke.open", _NO_SUITE | {"private_key": "00", "enc": "00"}, "there are no such algorithms"),
    ),
}

_NEVER = (Outcome("plain-5xx", "500").per("rfc9458/5.2/invalid-message-gets-4xx"),)
"""No request is so wrong that the server's failure would be its cause (RFC 9110, Section 15.6.1)."""

PROTOCOL = Protocol(
    name="ohttp",
    title="Oblivious HTTP",
    package="conformance.protocols.ohttp",
    roles=(
        Role("ohttp.gateway", "Oblivious Gateway Resource", SERVER, _GATEWAY, "gateway"),
        Role("ohttp.relay", "Oblivious Relay Resource", SERVER, _RELAY, "relay"),
        Role("ohttp.client", "client of Oblivious HTTP", CLIENT, _CLIENT, "client", ("ohttp.client.fetch",)),
        Role("bhttp.decoder", "Binary HTTP decoder", LIBRARY, {"rfc9292": ("decoder",)}, "library", ("bhttp.decode",)),
        Role("bhttp.encoder", "Binary HTTP encoder", LIBRARY, {"rfc9292": ("encoder",)}, "library", ("bhttp.encode",)),
        *_LIBRARIES,
    ),
    peers=_peers,
    faults=_faults,
    probe=_probe,
    impossible=_IMPOSSIBLE,
    never=_NEVER,
)
