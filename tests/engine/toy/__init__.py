"""A made-up protocol: messages of a length and a value, a library that reads them and a server that keeps sessions.

The library's role and operation have the names that the lying adapters of tests/subjects offer, so that they can be run
as subjects of this protocol.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from conformance.bench import CLIENT, LIBRARY, SERVER, Ask, Bench, Fault, Found, Hello, Protocol, Role, RoleOffer
from conformance.model import ACCEPTED, ANYWAY, WRONG, Outcome, Part, exchange
from conformance.subjects import ObjectSubject
from conformance.wire import Message, UInt

DECODER, SERVED, MEETER = "bhttp.decoder", "toy.server", "toy.client"
REFUSED = Outcome("refused", survives="session")
SECRET = "5ec2e7"


def message(value: bytes) -> Message:
    return Message(length=lambda get: UInt(len(get("value")), 2), value=value)


def lawful(octets: bytes) -> bytes | None:
    return octets[2:] if len(octets) >= 2 and int.from_bytes(octets[:2], "big") == len(octets) - 2 else None


def ended(part: Part) -> Outcome:
    reply = part.last("reply")
    sent = part.sent("message")
    if reply is None or sent is None:
        return part.ending()
    if "refused" in reply.value:
        return REFUSED
    if "ok" not in reply.value:
        return part.ending()
    value = lawful(sent.event.octets)
    if value is None:
        return ANYWAY
    return ACCEPTED if reply.value["ok"].get("value") == value.hex() else WRONG


@exchange(DECODER, ended)
async def decode(bench: Bench, live: None = None, value: bytes = b"hello") -> None:
    built = bench.point("message", message(value))
    await bench.do("bhttp.decode", message=built.octets.hex())


class Session:
    scope = "session"

    def __init__(self, number: int) -> None:
        self.number = number
        self.open = True


@exchange(SERVED, ended, over={"http": (1, 2), "suite": ("a", "b", "c")})
async def ask(bench: Bench, live: Session | None = None, value: bytes = b"hello") -> Session:
    session = live or Session(int((await bench.do("toy.open"))["ok"]["session"]))
    built = bench.point("message", message(value))
    reply = await bench.do("toy.ask", session=session.number, message=built.octets.hex(), **bench.variant)
    session.open = not reply.get("ok", {}).get("leaves", False)
    return session


@exchange(MEETER, ended, over={"suite": ("a", "b", "c")}, meets=(SERVED,))
async def meet(bench: Bench, live: None = None, value: bytes = b"hello") -> None:
    """The client sends a message of ours where the server is: ours is nowhere, another is asked where it is."""
    other = bench.other(SERVED)
    url = (await other.serve(SERVED, {})).url if other else "http://ours/"
    built = bench.point("message", message(value))
    await bench.do("toy.meet", url=url, message=built.octets.hex())


class Client:
    """The reference client: it takes a message to a server."""

    hello = Hello("toy-client", roles={MEETER: RoleOffer((), {"suite": ("a", "b")})}, operations=("toy.meet",))

    def toy_meet(self, url: str, message: str) -> dict[str, Any]:
        return Decoder().bhttp_decode(message)


class Decoder:
    """The reference library."""

    hello = Hello("toy-decoder", roles={DECODER: RoleOffer()}, operations=("bhttp.decode",), parallel=4)

    def bhttp_decode(self, message: str) -> dict[str, Any]:
        value = lawful(bytes.fromhex(message))
        return {"refused": {"class": "length"}} if value is None else {"ok": {"value": value.hex()}}


class Server:
    """The reference server; its sessions are numbers."""

    hello = Hello(
        "toy-server",
        roles={SERVED: RoleOffer(("greeting",), {"http": (1, 2), "suite": ("a", "c")})},
        operations=("toy.open", "toy.ask"),
        parallel=4,
        controls=("reset",),
    )

    def __init__(self) -> None:
        self.sessions: set[int] = set()

    def serve(self, role: str, options: Mapping[str, Any]) -> dict[str, Any]:
        return {"url": "http://127.0.0.1:9/", "keys": "http://127.0.0.1:9/keys"}

    def toy_open(self) -> dict[str, Any]:
        self.sessions.add(len(self.sessions) + 1)
        return {"ok": {"session": len(self.sessions)}}

    def toy_ask(self, session: int, message: str) -> dict[str, Any]:
        if session not in self.sessions:
            return {"refused": {"class": "no such session"}}
        return Decoder.bhttp_decode(self, message)  # type: ignore[arg-type]


def bent(bend: Any, kind: type = Decoder) -> Any:
    """Makes objects that answer as `bend(self, octets)` says, where it says something; `count` counts its questions.

    `bend` may raise (a crash), wait (a hang), or return a reply; `lives` counts the objects made before.
    """
    lives = 0

    class Bent(kind):  # type: ignore[misc,valid-type]
        def __init__(self) -> None:
            nonlocal lives
            super().__init__()
            lives += 1
            self.lives = lives
            self.count = 0

        async def _bent(self, op: str, **given: Any) -> dict[str, Any]:
            self.count += 1
            reply = bend(self, bytes.fromhex(given["message"]))
            reply = await reply if inspect.isawaitable(reply) else reply
            return getattr(super(), op)(**given) if reply is None else reply

        if kind is Decoder:

            async def bhttp_decode(self, message: str) -> dict[str, Any]:
                return await self._bent("bhttp_decode", message=message)

        else:

            async def toy_ask(self, session: int, message: str) -> dict[str, Any]:
                return await self._bent("toy_ask", session=session, message=message)

    return Bent


class Standing(ObjectSubject):
    """A subject that is not ours to start: it has one life, and who asks after its death gets no answer."""

    ours = False

    async def start(self) -> None:
        if not self.generation:
            await super().start()

    async def stop(self) -> None:
        """It goes on without us."""

    def died(self) -> str:
        return ""

    async def do(self, op: str, given: Mapping[str, Any], patience: float | None = None) -> Any:
        from conformance.model import Ended

        reply = await super().do(op, given, patience)
        if "died" in reply:
            raise Ended("closed", "nobody there")
        return reply


async def probe(url: str, *, setup: Any, **settings: Any) -> list[Found]:
    if "nobody" in setup.options:
        return []
    hello = Hello("", roles={SERVED: RoleOffer((), {"http": (1, 2), "suite": ("a", "b")})})
    return [Found(SERVED, hello, url, ["it answers"], {}, setup.options.get("reduced", ""))]


def fault(name: str, role: str, bend: Any, *breaks: str, **more: Any) -> Fault:
    return Fault(name, role, name, breaks, bent(bend, Decoder if role == DECODER else Server), **more)


def _wrong_length(self: Any, octets: bytes) -> Any:
    return None if lawful(octets) is not None else {"ok": {"value": octets[2:].hex()}}


def _forgets_session(self: Any, octets: bytes) -> Any:
    if lawful(octets) is not None:
        return None
    self.sessions.clear()
    return {"refused": {"class": "length"}}


def _dies(self: Any, octets: bytes) -> Any:
    if lawful(octets) is None:
        raise IndexError(octets.hex())


FAULTS = (
    fault("accepts-wrong-length", DECODER, _wrong_length, "toy/1/length-holds", "toy/1/nothing-behind"),
    fault("dies-of-wrong-length", DECODER, _dies, "toy/1/length-holds", shows=("crash",)),
    fault("forgets-session", SERVED, _forgets_session, "toy/2/*"),
)

PROTOCOL = Protocol(
    name="toy",
    title="Toy",
    package="tests.engine.toy",
    roles=(
        Role(DECODER, "Toy decoder", LIBRARY, {"toy": ("decoder",), "toy-draft": ("decoder",)}, "library", ("x",)),
        Role(SERVED, "Toy server", SERVER, {"toy": ("server",)}, "server"),
        Role(MEETER, "Toy client", CLIENT, {"toy": ("client",)}, "client"),
    ),
    peers=lambda: {DECODER: Decoder, SERVED: Server, MEETER: Client},
    faults=lambda: FAULTS,
    probe=probe,
    impossible={DECODER: (Ask("bhttp.decode", {"message": ""}, "an empty message has no length"),)},
    unprovable={"toy/library/sizes": "no fault of ours loses values"},
)
