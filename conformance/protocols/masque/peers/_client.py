"""The reference client (RFC 9298, Sections 2 to 5): every step a method, so that a fault replaces one of them.

    template → connection → settings → request → answer → payloads → what comes back

It answers as an adapter does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from conformance.bench import Hello, Reply, RoleOffer
from conformance.model import Ended
from conformance.net import Connection, HTTP3Settings, Nobody, Route, Seen, Tunnel, connect
from conformance.protocols.masque.messages import (
    CAPSULE_PROTOCOL,
    TOKEN,
    CapsuleStream,
    Payload,
    capsule_datagram,
    decode_payload_untrusted,
    quic_datagram,
    target_of,
    template_of,
    udp_payload,
)
from conformance.wire import DecodeError, Message
from conformance.wire.http import FieldLines, combined, upgrade, values

PATIENCE, REPLIES = 1.0, 0.9
"""Seconds that a proxy gets for its answer, and all payloads to come back."""
MALFORMED = {2: 0x1, 3: 0x10E}
CONTENT_FIELDS = (b"content-length", b"content-type", b"transfer-encoding")
NO_CONTENT = (204, 205, 206)


class Failed(Exception):
    """There is no tunnel: the class of the refusal, and why."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(why)
        self.step = step


class Client:
    """Opens tunnels, each on a connection of its own."""

    def hello(self) -> Hello:
        """What it is."""
        return Hello(
            "reference client",
            language="python",
            roles={"masque.client": RoleOffer((), {"http": (1, 2, 3)})},
            operations=("masque.client.connect-udp",),
            parallel=8,
        )

    async def masque_client_connect_udp(
        self, template: str, host: str, port: int, payloads: list[str], http: int, certificate: str = ""
    ) -> Reply:
        """Send payloads to a target, one after the other, each when the one before came back or did not.

        The reply holds what came back.
        """
        try:
            route = self.route(template, certificate)
            connection = await connect(route, Nobody(), version=http, patience=PATIENCE, settings=self.http3_settings())
            try:
                back = await self.through(connection, template, host, port, [bytes.fromhex(p) for p in payloads])
            finally:
                await connection.close()
        except Failed as why:
            return {"refused": {"class": why.step, "detail": str(why)}}
        except (DecodeError, Ended) as error:
            return {"refused": {"class": "tunnel", "detail": str(error)}}
        return {"ok": {"payloads": [p.hex() for p in back]}}

    def route(self, template: str, certificate: str) -> Route:
        """The way to the proxy that a template names (Section 2)."""
        parts = urlsplit(template_of(template).text)
        route = Route.of(f"{parts.scheme}://{parts.netloc}/")
        return replace(route, ca_data=certificate) if certificate else route

    def http3_settings(self) -> HTTP3Settings:
        """What it says at first in HTTP/3."""
        return HTTP3Settings()

    async def through(
        self, connection: Connection, template: str, host: str, port: int, payloads: Sequence[bytes]
    ) -> list[bytes]:
        """A tunnel on a connection, and what comes back through it."""
        await self.settled(connection)
        tunnel = await self.asked(connection, template, host, port)
        early = await self.early(tunnel, payloads)
        answer = await tunnel.head(PATIENCE)
        await self.check(tunnel, answer)
        back: list[bytes] = []
        reader = self.reader()
        until = asyncio.get_running_loop().time() + REPLIES
        for payload in payloads[early:]:
            await self.send(tunnel, payload)
            await self.receive(tunnel, reader, back, until)
        return back

    async def settled(self, connection: Connection) -> None:
        """Wait for the proxy's settings; Failed where it has no extended CONNECT (RFC 8441, Section 3)."""
        if connection.version == 1:
            return
        said = await connection.announced()
        if said is None or said.get(0x8) != 1:
            raise Failed("settings", "the proxy has no extended CONNECT")

    async def asked(self, connection: Connection, template: str, host: str, port: int) -> Tunnel:
        """Send the request (RFC 9298, Sections 3.2 and 3.4)."""
        parts = urlsplit(template)
        target = target_of(template_of(template), host, str(port))
        made = upgrade(
            TOKEN, self.placed(target), parts.netloc.encode(), self.fields(),  # type: ignore[arg-type]
            version=connection.version, scheme=parts.scheme.encode(),
        )  # fmt: skip
        return await connection.tunnel(Nobody(), made.build(), "connect")

    def placed(self, target: Message) -> Message:
        """The path, as it is sent."""
        return target

    def fields(self) -> FieldLines:
        """The fields of the request (RFC 9297, Section 3.4)."""
        return ((CAPSULE_PROTOCOL, b"?1"),)

    async def early(self, tunnel: Tunnel, payloads: Sequence[bytes]) -> int:
        """Send payloads before the answer: none, which is always right (RFC 9931); how many were sent."""
        del tunnel, payloads
        return 0

    def reader(self) -> CapsuleStream:
        """What reads the stream."""
        return CapsuleStream()

    # The answer

    async def check(self, tunnel: Tunnel, answer: Seen) -> None:
        """Whether the answer grants a tunnel; otherwise the request is aborted (Sections 3.3 and 3.5)."""
        wrong = self.wrong(tunnel, answer)
        if wrong:
            await tunnel.reset(MALFORMED.get(tunnel.version))
            raise Failed("answer", wrong)

    def wrong(self, tunnel: Tunnel, answer: Seen) -> str:
        """Why the answer grants no tunnel, or an empty string."""
        if not self.success(tunnel, answer.status):
            return f"status {answer.status}"
        if answer.status in self.no_content():
            return f"status {answer.status} where capsules follow"
        for name in self.content_fields():
            if values(answer.fields, name):
                return f"{name.decode()} where capsules follow"
        if tunnel.version == 1:
            options = {o.strip() for o in (combined(answer.fields, b"connection") or b"").lower().split(b",")}
            if b"upgrade" not in options or not self.upgraded(values(answer.fields, b"upgrade")):
                return "no upgrade to connect-udp"
        return ""

    def success(self, tunnel: Tunnel, status: int) -> bool:
        """Whether a status is one of success."""
        return status == 101 if tunnel.version == 1 else 200 <= status < 300

    def no_content(self) -> Sequence[int]:
        """Statuses that no answer with capsules has (RFC 9297, Section 3.2)."""
        return NO_CONTENT

    def content_fields(self) -> Sequence[bytes]:
        """Fields that no answer with capsules has (RFC 9297, Section 3.2)."""
        return CONTENT_FIELDS

    def upgraded(self, tokens: Sequence[bytes]) -> bool:
        """Whether Upgrade names connect-udp, and once."""
        return [t.lower() for t in tokens] == [TOKEN]

    # Payloads

    async def send(self, tunnel: Tunnel, octets: bytes) -> None:
        """Send a payload in the best way that there is."""
        payload = udp_payload(octets)
        if not (self.by_datagram(tunnel) and await tunnel.datagram(quic_datagram(tunnel.quarter, payload).build())):
            await tunnel.send(capsule_datagram(payload).build())

    def by_datagram(self, tunnel: Tunnel) -> bool:
        """Whether the proxy takes QUIC datagrams."""
        return tunnel.has_datagrams

    async def receive(self, tunnel: Tunnel, reader: CapsuleStream, back: list[bytes], until: float) -> None:
        """Take what comes until one more payload came back, or time is over; Failed where the tunnel ends."""
        loop = asyncio.get_running_loop()
        wanted = len(back) + 1
        while len(back) < wanted and loop.time() < until:
            seen = await tunnel.quiet(until - loop.time())
            if seen is None:
                return
            try:
                await self.took(tunnel, seen, reader, back)
            except DecodeError as why:
                await tunnel.reset(MALFORMED.get(tunnel.version))
                raise Failed("payload", str(why)) from why

    async def took(self, tunnel: Tunnel, seen: Seen, reader: CapsuleStream, back: list[bytes]) -> None:
        """Take one thing that came."""
        match seen.what:
            case "data":
                for octets in reader.feed(seen.octets):
                    self.took_payload(octets, back)
            case "datagram":
                self.took_payload(seen.octets, back)
            case "end":
                self.cut(reader)
                await tunnel.finish()
                raise Failed("end", "the proxy ended the tunnel")

    def cut(self, reader: CapsuleStream) -> None:
        """The stream is over: DecodeError within a capsule (RFC 9297, Section 3.3)."""
        reader.end()

    def took_payload(self, octets: bytes, back: list[bytes]) -> None:
        """Take an HTTP datagram: what is in no known context is dropped (RFC 9298, Section 5)."""
        try:
            payload = decode_payload_untrusted(octets)
        except DecodeError as why:
            if why.path.endswith("udp"):
                raise
            return
        if self.is_udp(payload):
            back.append(payload.octets)

    def is_udp(self, payload: Payload) -> bool:
        """Whether it is in a context that is known."""
        return payload.context == 0
