"""Every public decoder of what peers send, found by its name: how it is called, and what writes what it reads."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from conformance import crypto
from conformance.crypto import groups, voprf, vrf
from conformance.engine.catalogue import protocols
from conformance.protocols.keytrans.messages import ietf_suites
from conformance.protocols.keytrans.messages.protobuf import Fields
from conformance.protocols.masque.messages import CapsuleStream, udp_payload
from conformance.protocols.ohttp import messages as ohttp
from conformance.protocols.privacypass import messages as privacypass
from conformance.wire import DecodeError, Reader, http

NAMED = re.compile(r"(decode|read|parse|lawful|open)(_|$)|.*_untrusted$|feed$")
OURS = {
    "wire._recipe.parse_path": "paths stand in cases",
    "crypto.hpke.Suite.parse": "names of suites stand in variants",
    "protocols.privacypass.messages._issuance.decode_blinded": "it takes what decode_request gives: see unlawful",
}
"""What is called like a decoder, and reads nothing that a peer sent."""
ALSO = {"protocols.privacypass.messages._issuance.unlawful"}
"""Decoders that are called otherwise."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """A decoder: `read` takes octets, `refusals` are what it may raise, `written` gives the octets of a value.

    `written` is None where nothing of ours writes what it reads.
    """

    name: str
    read: Callable[[bytes], Any]
    refusals: tuple[type[Exception], ...]
    written: Callable[[Any], bytes] | None


RNG = random.Random(1)
SUITE = crypto.SUITES[0]
PAIR = crypto.generate(SUITE.kem, RNG)
KEY = ohttp.GatewayKey(ohttp.KeyEntry(1, SUITE.kem, PAIR.public, ((SUITE.kdf, SUITE.aead),)), PAIR.private)


def _sent() -> ohttp.RequestContext:
    """The client's side of a request that was sealed."""
    context = ohttp.RequestContext(SUITE, PAIR.public, crypto.generate(SUITE.kem, RNG))
    ohttp.encapsulated_request(KEY.entry, context, b"").encode()
    return context


def _received() -> ohttp.ResponseContext:
    """The gateway's side of a request."""
    own = crypto.generate(SUITE.kem, RNG)
    return ohttp.ResponseContext(SUITE, own.public, crypto.setup_recipient(SUITE, own.public, PAIR.private, b""))


@cache
def instances() -> Mapping[str, Mapping[str, Callable[[], Any]]]:
    """What the methods that decode are methods of, made anew for each call where it has a state."""
    made: dict[str, dict[str, Any]] = {
        "crypto._group.Group": {name: groups.group(name) for name in groups.NAMES},
        "crypto.voprf.Suite": {name: voprf.suite(name, voprf.Mode.VOPRF) for name in voprf.IDENTIFIERS},
        "crypto.vrf.ECVRF": {name: vrf.ECVRF(suite) for name, suite in vrf.SUITES.items()},
        "crypto.hpke.Recipient": {"": _received().recipient},
        "protocols.ohttp.messages._encapsulation.RequestContext": {"": _sent()},
    }
    found: dict[str, dict[str, Callable[[], Any]]] = {
        kind: {name: lambda one=one: one for name, one in named.items()} for kind, named in made.items()
    }
    return found | {
        "wire.http._capsules.CapsuleReader": {"": http.CapsuleReader},
        "wire.http._frames.FrameReader": {"": http.FrameReader},
        "protocols.masque.messages._payloads.CapsuleStream": {"": CapsuleStream},
    }


def _half(octets: bytes) -> int:
    return len(octets) * 3 // 4


ARGUMENTS: Mapping[str, Callable[[bytes], Any]] = {
    **dict.fromkeys(("octets", "data", "value", "request", "response", "ciphertext"), lambda octets: octets),
    "text": lambda octets: octets.decode("latin-1"),
    "reader": Reader,
    "fields": Fields,
    "host": lambda octets: octets[: _half(octets)],
    "port": lambda octets: octets[_half(octets) :],
    "path": lambda _: "path",
    "name": lambda _: "name",
    "width": lambda _: 2,
    "least": lambda _: 1,
    "read": lambda _: lambda *_: None,
    "suite": lambda _: ietf_suites.P256,
    "context": lambda _: _received_once(),
}
"""What a parameter of a decoder gets, by its name."""


@cache
def _received_once() -> ohttp.ResponseContext:
    return _received()


@cache
def _issuer_keys() -> tuple[Any, ...]:
    return (privacypass.PrivateVOPRFKey.derived(bytes(32)).public,)


KEYS: Mapping[str, Callable[[], Any]] = {"ohttp": lambda: (KEY,), "privacypass": _issuer_keys}
"""The keys of whoever decodes, by protocol."""


def _bhttp(read: Any) -> bytes:
    write = ohttp.bhttp_request if isinstance(read, ohttp.BinaryRequest) else ohttp.bhttp_response
    return write(read).encode()


_MAPS: Mapping[str, Callable[[Any], Any]] = {
    "wire.http._capsules.decode_datagram_untrusted": lambda read: http.datagram(*read).encode(),
    "wire.http._capsules.decode_capsules_untrusted": lambda read: b"".join(
        http.encode_frame(one.type, one.value) for one in read
    ),
    "wire.http._frames.decode_settings": lambda read: http.settings(read).build().fields["value"],
    "protocols.masque.messages._payloads.decode_payload_untrusted": lambda read: udp_payload(
        read.octets, read.context
    ).encode(),
    **dict.fromkeys(
        (f"protocols.ohttp.messages._bhttp.{name}" for name in ("decode_bhttp", "decode_request", "decode_response")),
        _bhttp,
    ),
    "protocols.ohttp.messages._keys.decode_keys": lambda read: b"".join(map(_key, read)),
    "protocols.ohttp.messages._keys.decode_key_entry": lambda read: _key(read)[2:],
    "protocols.privacypass.messages._challenge.decode_challenge": lambda read: privacypass.token_challenge(
        read
    ).encode(),
    "protocols.privacypass.messages._directory.decode_directory": lambda read: privacypass.directory(read).encode(),
    "protocols.privacypass.messages._issuance.decode_voprf_response": lambda read: privacypass.voprf_response(
        *read
    ).encode(),
    **dict.fromkeys(
        (f"protocols.keytrans.messages.ietf.{name}" for name in ("decode_configuration", "decode_search_request")),
        lambda read: read.encode(),
    ),
    "protocols.keytrans.messages.akd.decode_audit": lambda read: _akd().audit_recipe(*read).encode(),
}
"""What writes what a decoder reads, where that is not what the value itself offers."""


def _key(entry: ohttp.KeyEntry) -> bytes:
    if entry.algorithms:
        return ohttp.key_collection([entry]).encode()
    # the KEM is unknown, and with it where its public key ends
    octets = bytes([entry.key_id]) + entry.kem.to_bytes(2, "big") + entry.public
    return len(octets).to_bytes(2, "big") + octets


def _akd() -> ModuleType:
    return importlib.import_module("conformance.protocols.keytrans.messages.akd")


def _written(name: str, owner: Any) -> Callable[[Any], bytes] | None:
    """What writes what the decoder of that name reads."""
    method = name.rpartition(".")[2].partition("[")[0]
    if name.partition("[")[0] in _MAPS:
        return _MAPS[name.partition("[")[0]]
    if isinstance(owner, type) and hasattr(owner, "recipe"):
        return lambda read: read.recipe().encode()
    writer = getattr(owner, method.replace("decode", "encode"), None) if owner is not None else None
    if method.startswith("decode_") and writer is not None:
        return writer
    if method == "decode" and owner is not None:
        return lambda read: read.encode()
    return None


def _exceptions(module: ModuleType, function: Any) -> tuple[type[Exception], ...]:
    """DecodeError, and the refusals that the documentation of a decoder names; nothing else, for any octets."""
    said = inspect.getdoc(function) or ""
    known = {**vars(crypto), **vars(module)}
    named = [known.get(word, ValueError) for word in re.findall(r"\b(?:[A-Z]\w+Error|\w*Refused)\b", said)]
    return tuple(dict.fromkeys((DecodeError, *(kind for kind in named if kind.__module__.startswith("conformance.")))))


def _modules() -> Iterator[ModuleType]:
    roots = ["conformance.wire", "conformance.crypto"]
    roots += [f"{protocol.package}.messages" for protocol in protocols().values()]
    for root in roots:
        package = importlib.import_module(root)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{root}."):
            yield importlib.import_module(found.name)


def _functions(module: ModuleType) -> Iterator[tuple[str, Any, Any]]:
    """The public functions and methods of a module that decode: name, function, and the class of a method."""
    prefix = module.__name__.removeprefix("conformance.")
    for name, value in vars(module).items():
        if getattr(value, "__module__", "") != module.__name__ or name.startswith("_"):
            continue
        if inspect.isfunction(value):
            yield f"{prefix}.{name}", value, None
        elif inspect.isclass(value):
            for inner, method in vars(value).items():
                if inspect.isfunction(getattr(method, "__func__", method)) and not inner.startswith("_"):
                    yield f"{prefix}.{name}.{inner}", method, value


def _called(name: str, function: Any, given: Callable[[], Any] | None) -> Callable[[bytes], Any]:
    """A function of octets that calls a decoder; `given` makes what it is a method of."""
    parameters = [
        p
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.name not in {"self", "cls"}
    ]

    def read(octets: bytes) -> Any:
        arguments = []
        for parameter in parameters:
            if parameter.name == "keys":
                arguments.append(KEYS[name.split(".")[1]]())
            else:
                arguments.append(ARGUMENTS[parameter.name](octets))
        value = function(*arguments) if given is None else getattr(given(), function.__name__)(*arguments)
        return list(value) if isinstance(value, Iterator) else value

    return read


def unknown() -> list[str]:
    """Decoders that nobody told how to call: a parameter without a value, a method without an instance."""
    found = []
    for module in _modules():
        for name, function, owner in _functions(module):
            if not _decodes(name):
                continue
            plain = getattr(function, "__func__", function)
            if owner is not None and plain is function and name.rpartition(".")[0] not in instances():
                found.append(f"{name}: nothing to call it on")
            for parameter in inspect.signature(plain).parameters.values():
                known = {*ARGUMENTS, "keys", "self", "cls"}
                if parameter.default is parameter.empty and parameter.name not in known:
                    found.append(f"{name}: what is {parameter.name}?")
    return found


def _decodes(name: str) -> bool:
    return name in ALSO or (NAMED.match(name.rpartition(".")[2]) is not None and name not in OURS)


def decoders() -> Iterator[Decoder]:
    """All that can be called."""
    for module in _modules():
        for name, function, owner in _functions(module):
            if not _decodes(name):
                continue
            refusals = _exceptions(module, getattr(function, "__func__", function))
            if owner is None:
                yield Decoder(name, _called(name, function, None), refusals, _written(name, None))
            elif isinstance(function, (classmethod, staticmethod)):
                bound = getattr(owner, name.rpartition(".")[2])
                yield Decoder(name, _called(name, bound, None), refusals, _written(name, owner))
            else:
                for label, given in instances().get(name.rpartition(".")[0], {}).items():
                    full = f"{name}[{label}]" if label else name
                    yield Decoder(full, _called(name, function, given), refusals, _written(full, given()))
