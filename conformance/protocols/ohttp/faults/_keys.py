"""Faults of gateways in publishing keys (RFC 9458, Section 3; RFC 9540), and before the keys of a KEM that we lack."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace

from conformance import crypto
from conformance.bench import Fault, RoleOffer, Served, faults_of
from conformance.net import ServerExchange
from conformance.protocols.ohttp.faults._encapsulation import Panic
from conformance.protocols.ohttp.faults._kit import gateway_fault
from conformance.protocols.ohttp.messages import (
    KEYS_TYPE,
    GatewayKey,
    KeyEntry,
    Line,
    Refused,
    ResponseContext,
    key_collection,
)
from conformance.protocols.ohttp.peers import WELL_KNOWN, Gateway
from conformance.wire import DecodeError, Message, UInt
from conformance.wire.http import combined

LAYOUT, PREFIXED = "rfc9458/3.1/key-config-layout-exact", "rfc9458/3.2/collection-entries-length-prefixed"
VALID, GET = "rfc9540/6/key-reply-typed-and-valid", "rfc9540/6/get-request-allowed"
TRACKING = "rfc9458/7/key-config-tracking-prevented"
REFUSED_4XX = "rfc9458/5.2/invalid-message-gets-4xx"


# What is served


@gateway_fault(PREFIXED, VALID, origin="payjoin-mailroom: a single entry without the prefix of a list")
class EntryWithoutLength(Gateway):
    """Serves its first key as the drafts before the last had it, without a length in front."""

    def collection(self) -> Message:
        return Message(entry=key_collection([self.keys[0].entry]).encode()[2:])


@gateway_fault(LAYOUT, VALID, origin="microsoft/attested-ohttp-server: keys in hexadecimal")
class KeysInHex(Gateway):
    """Serves its keys as text."""

    def collection(self) -> Message:
        return Message(text=super().collection().encode().hex().encode())


@gateway_fault(LAYOUT, VALID)
class AlgorithmsCounted(Gateway):
    """Counts algorithms in pairs where octets are meant."""

    def collection(self) -> Message:
        made = super().collection().encode()
        first = int.from_bytes(made[:2], "big")
        at = 2 + 3 + len(self.keys[0].entry.public)
        pairs = UInt(len(self.keys[0].entry.algorithms), 2).encode()
        return Message(first=made[:at] + pairs + made[at + 2 : first + 2], rest=made[first + 2 :])


@gateway_fault("rfc9458/3.2/collection-media-type-exact", "rfc9458/9/registered-media-types-used", VALID)
class KeysAsOctets(Gateway):
    """Serves keys as octets of no particular type."""

    def keys_fields(self) -> Sequence[Line]:
        return ((b"Content-Type", b"application/octet-stream"),)


@gateway_fault("rfc9458/6.4/key-rotation-uses-new-ids")
class OneIdForTwoKeys(Gateway):
    """Gives the second key the identifier of the first, as each stands in a list of its own."""

    def make_keys(self) -> list[GatewayKey]:
        keys = super().make_keys()
        keys[-1] = GatewayKey(replace(keys[-1].entry, key_id=keys[0].entry.key_id), keys[-1].private)
        return keys


# How it is asked


@gateway_fault(GET)
class AcceptAsText(Gateway):
    """Serves keys to those who accept exactly their type."""

    async def serve_keys(self, exchange: ServerExchange) -> None:
        if combined(exchange.request.fields, b"accept") in {None, KEYS_TYPE.encode()}:
            await super().serve_keys(exchange)
        else:
            await self.plain(exchange, 406, "not acceptable")


@gateway_fault(VALID)
class PanicsWithoutAccept(Gateway):
    """Looks into a field that need not be there."""

    async def serve_keys(self, exchange: ServerExchange) -> None:
        if combined(exchange.request.fields, b"accept") is None:
            raise Panic("no such field")
        await super().serve_keys(exchange)


class _Elsewhere(Gateway):
    """A gateway at a place of its own. No fault by itself."""

    async def start(self) -> Served:
        served = await super().start()
        return Served(served.url.replace(WELL_KNOWN.decode(), "/gateway"))

    async def handle(self, exchange: ServerExchange) -> None:
        asked = exchange.request
        if asked.target == b"/gateway":
            exchange.request = replace(asked, target=WELL_KNOWN)
            await super().handle(exchange)
        else:
            await self.elsewhere(exchange)

    async def elsewhere(self, exchange: ServerExchange) -> None:
        """Answer at any other place."""
        await self.plain(exchange, 404, "nothing here")


@gateway_fault("rfc9540/5/well-known-gateway-served")
class WelcomeEverywhere(_Elsewhere):
    """Has a page of welcome at the well-known place, as at all others."""

    async def elsewhere(self, exchange: ServerExchange) -> None:
        await self.plain(exchange, 200, "welcome")


@gateway_fault("rfc9540/5/gateway-redirect-allowed")
class RedirectToNowhere(_Elsewhere):
    """Redirects from the well-known place, and does not say where to."""

    async def elsewhere(self, exchange: ServerExchange) -> None:
        await self.plain(exchange, 308, "elsewhere")


# Whether everybody gets the same


class _Tagged(Gateway):
    """A gateway that has another last key for each tag. No fault by itself."""

    async def serve_keys(self, exchange: ServerExchange) -> None:
        tag = hashlib.sha256(self.tag(exchange)).digest()
        own = crypto.generate(0x0020, random.Random(tag))
        entries = [k.entry for k in self.keys]
        entries.append(KeyEntry(99, 0x0020, own.public, ((0x0001, 0x0001),)))
        await self.send(exchange, 200, self.keys_fields(), key_collection(entries).encode())

    def tag(self, exchange: ServerExchange) -> bytes:
        """What a client is known by."""
        raise NotImplementedError


@gateway_fault(TRACKING, shows=("leak",))
class KeyPerFetch(_Tagged):
    """Makes a key for everybody who comes."""

    fetches = 0

    def tag(self, exchange: ServerExchange) -> bytes:
        del exchange
        self.fetches += 1
        return b"%d" % self.fetches


@gateway_fault(TRACKING, shows=("leak",))
class KeyPerClient(_Tagged):
    """Makes a key for everybody whom it knows by a cookie or the like."""

    def tag(self, exchange: ServerExchange) -> bytes:
        return combined(exchange.request.fields, b"cookie") or b""


@gateway_fault(TRACKING, shows=("leak",))
class KeyPerAddress(_Tagged):
    """Makes a key for every address."""

    def tag(self, exchange: ServerExchange) -> bytes:
        return exchange.request.peer[0].encode()


# Before the keys of a KEM that we lack


class _Foreign(Gateway):
    """A gateway with a KEM that is none of ours. No fault by itself."""

    offers = RoleOffer(variants={"http": (1, 2)})

    def make_keys(self) -> list[GatewayKey]:
        public = b"\x04" + self.bench.rng.randbytes(64)
        return [GatewayKey(KeyEntry(1, 0x0016, public, ((0x0001, 0x0003),)), bytes(32))]


@gateway_fault("rfc9458/4.3/short-request-refused", REFUSED_4XX)
class ForeignClosesOnShortRequest(_Foreign):
    """With a KEM of its own: closes on a request that is cut within header or encapsulated key, or has no tag."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        if isinstance(why, DecodeError) or len(exchange.request.content) < 88:
            await exchange.close()
        else:
            await super().refuse(exchange, why)


@gateway_fault("rfc9458/4.3/unknown-key-or-kem-refused", REFUSED_4XX)
class ForeignInternalErrorForUnknownKey(_Foreign):
    """With a KEM of its own: 500 for a key that it does not have."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        if isinstance(why, Refused) and why.step == "key":
            await self.plain(exchange, 500, str(why))
        else:
            await super().refuse(exchange, why)


@gateway_fault(
    "rfc9458/4.3/undecryptable-request-refused", REFUSED_4XX, origin="payjoin: asserts the size of a request"
)
class ForeignAssertsTheSize(_Foreign):
    """With a KEM of its own: expects requests of the sizes that its own client sends."""

    def decapsulate(self, content: bytes) -> tuple[bytes, ResponseContext]:
        if len(content) > 10_000:
            raise Panic("assertion failed")
        return super().decapsulate(content)


@gateway_fault("rfc9458/4.5/wrong-media-type-refused", REFUSED_4XX)
class ForeignInternalErrorForWrongType(_Foreign):
    """With a KEM of its own: 500 for another media type, or none."""

    async def plain(self, exchange: ServerExchange, status: int, why: str, more: Sequence[Line] = ()) -> None:
        await super().plain(exchange, 500 if status == 415 else status, why, more)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
