"""A protocol of somebody else's, in a package of its own: rumours that lose a hop each time they are told.

    POST /   hops (1 octet) ‖ rumour   →   200  hops - 1 ‖ rumour,  or 400 where no hop is left

It has all that a protocol has: requirements, a server and a client role, reference peers, exchanges, cases, faults, a
probe. The suite learns of it through the entry point `gossip = gossip:PROTOCOL` in the group `conformance.protocols`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from conformance.bench import CLIENT, SERVER, Bench, Fault, Found, Hello, Peer, Protocol, Role, RoleOffer, Served
from conformance.model import ACCEPTED, ANYWAY, WRONG, Ended, Outcome, Part, exchange
from conformance.net import Connection, Nobody, Route, connect, serve
from conformance.wire import Message, UInt
from conformance.wire.http import request, response

TELLER, LISTENER = "gossip.server", "gossip.client"
REFUSED, DISBELIEVED = Outcome("plain-4xx", survives="session"), Outcome("disbelieved")


def rumour(hops: int, text: bytes) -> Message:
    return Message(hops=UInt(hops, 1), text=text)


class Teller(Peer):
    """The reference server."""

    role: ClassVar[str] = TELLER
    offers: ClassVar[RoleOffer] = RoleOffer(variants={"http": (1, 2)})

    async def start(self) -> Served:
        self.server = await serve(self.handle, host="127.0.0.1", port=self.options.get("port", 0))
        return Served(self.server.url)

    async def stop(self) -> None:
        await self.server.close()

    async def handle(self, asked: Any) -> None:
        content = asked.request.content
        status, told = self.answer(content[0], content[1:]) if content else (400, Message(nothing=b""))
        built = self.bench.point("told", told)
        outer = response(status, ((b"content-type", b"text/gossip"),), built.octets, version=asked.request.version)
        await asked.answer(self.bench.point("outer", outer))

    def answer(self, hops: int, text: bytes) -> tuple[int, Message]:
        return (400, Message(nothing=b"")) if hops == 0 else (200, rumour(hops - 1, text))


class Listener:
    """The reference client."""

    hello = Hello("gossip-client", roles={LISTENER: RoleOffer()}, operations=("gossip.client.pass",))

    async def gossip_client_pass(self, url: str, rumour: str) -> dict[str, Any]:
        content = bytes.fromhex(rumour)
        connection = await connect(Route.of(url), Nobody(), version=1, patience=2.0)
        try:
            asked = request(b"POST", b"/", b"gossip", (), content, version=1)
            answer = await (await connection.request(Nobody(), asked.build(), "outer")).answer()
        except Ended as why:
            return {"refused": {"class": why.what}}
        finally:
            await connection.close()
        return self.believe(content, answer.status, answer.content)

    def believe(self, sent: bytes, status: int, told: bytes) -> dict[str, Any]:
        if status != 200 or told[:1] != bytes([sent[0] - 1]):
            return {"refused": {"class": "hops"}}
        return {"ok": {"rumour": told.hex()}}


def told(part: Part) -> Outcome:
    """How a rumour at a server ended."""
    answer, sent = part.last("decoded", "told"), part.sent("rumour")
    if answer is None or sent is None:
        return part.ending()
    if answer.value["status"] != 200:
        return REFUSED if answer.value["status"] // 100 == 4 else WRONG
    hops, text = sent.event.octets[0], sent.event.octets[1:]
    if hops == 0:
        return ANYWAY
    return ACCEPTED if answer.octets == bytes([hops - 1]) + text else WRONG


@exchange(TELLER, told, over={"http": (1, 2)})
async def tell(bench: Bench, live: Connection | None = None) -> Connection:
    connection = live or await bench.connect()
    built = bench.point("rumour", rumour(3, b"the suite has a fifth protocol"))
    outer = request(b"POST", b"/", b"gossip", (), built.octets, version=connection.version)
    answer = await (await connection.request(bench, bench.point("outer", outer), "outer")).answer()
    bench.saw("decoded", "told", octets=answer.content, status=answer.status)
    return connection


def passed_on(part: Part) -> Outcome:
    """How a client took what it was told: by ours, or by another server that stands in its place."""
    reply, answer = part.last("reply"), part.sent("told")
    if reply is None or "ok" not in reply.value:
        return DISBELIEVED if reply is not None and "refused" in reply.value else part.ending()
    asked = part.last("asked")
    assert asked is not None
    sent = bytes.fromhex(asked.value["rumour"])
    right = bytes([sent[0] - 1]) + sent[1:]
    if answer is not None and answer.event.octets[:1] != right[:1]:
        return ANYWAY
    return ACCEPTED if bytes.fromhex(reply.value["ok"]["rumour"]) == right else WRONG


@exchange(LISTENER, passed_on, meets=(TELLER,))
async def pass_on(bench: Bench, live: None = None, hops: int = 3) -> None:
    teller = await bench.counterpart(TELLER, Teller)
    await bench.do("gossip.client.pass", url=teller.url, rumour=(bytes([hops]) + b"psst").hex())


class CountsSigned(Teller):
    """Takes the hops for a signed number: with more than 127 none are taken off."""

    def answer(self, hops: int, text: bytes) -> tuple[int, Message]:
        return super().answer(hops, text) if hops < 128 else (200, rumour(hops, text))


class TellsForever(Teller):
    """Takes a rumour without hops for one with 256 of them."""

    def answer(self, hops: int, text: bytes) -> tuple[int, Message]:
        return 200, rumour((hops - 1) % 256, text)


class BelievesAll(Listener):
    """Looks at no hops."""

    def believe(self, sent: bytes, status: int, told: bytes) -> dict[str, Any]:
        return {"ok": {"rumour": told.hex()}}


class Forgetful(Listener):
    """Tells its own rumour in place of the answer, where that has many hops left."""

    def believe(self, sent: bytes, status: int, told: bytes) -> dict[str, Any]:
        seen = super().believe(sent, status, told)
        return {"ok": {"rumour": sent.hex()}} if "ok" in seen and sent[0] > 5 else seen


FAULTS = (
    Fault("counts-signed", TELLER, str(CountsSigned.__doc__), ("gossip/2/hops-counted-down",), CountsSigned),
    Fault("tells-forever", TELLER, str(TellsForever.__doc__), ("gossip/2/exhausted-rumour-refused",), TellsForever),
    Fault("believes-all", LISTENER, str(BelievesAll.__doc__), ("gossip/3/wrong-hops-noticed",), BelievesAll),
    Fault("forgetful", LISTENER, str(Forgetful.__doc__), ("gossip/3/rumour-passed-on",), Forgetful),
)


async def probe(url: str, *, setup: Any, versions: Any = (), served: Any = None) -> list[Found]:
    """A server that answers a rumour."""
    try:
        connection = await connect(setup.route(url, None), Nobody(), version=1, patience=1.0)
        asked = request(b"POST", b"/", b"gossip", (), b"\x01?", version=1)
        answer = await (await connection.request(Nobody(), asked.build(), "probe")).answer()
        await connection.close()
    except Ended:
        return []
    if (answer.status, answer.content) != (200, b"\x00?"):
        return []
    offer = RoleOffer(variants={"http": tuple(v for v in (1, 2) if not versions or v in versions)})
    return [Found(TELLER, Hello("", roles={TELLER: offer}), url, ["it passes rumours on"])]


PROTOCOL = Protocol(
    name="gossip",
    title="Gossip",
    package="gossip",
    roles=(
        Role(TELLER, "teller of rumours", SERVER, {"gossip": ("server",)}, "server"),
        Role(LISTENER, "listener to rumours", CLIENT, {"gossip": ("client",)}, "client", ("gossip.client.pass",)),
    ),
    peers=lambda: {TELLER: Teller, LISTENER: Listener},
    faults=lambda: FAULTS,
    probe=probe,
)
