"""Tunnels through a proxy: one is opened, payloads go to a target of ours and come back, a sentinel ends it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from conformance.bench import Bench, UDPLab, UDPTarget
from conformance.model import ACCEPTED, Ended, Outcome, Part, exchange
from conformance.net import Connection, HTTP3Settings, QUICSettings, Tunnel, connect
from conformance.protocols.masque.exchanges._outcomes import (
    SENTINEL,
    arrived,
    left,
    proxy_ended,
    refused,
    returned,
)
from conformance.protocols.masque.messages import (
    CAPSULE_PROTOCOL,
    TOKEN,
    WELL_KNOWN,
    CapsuleStream,
    capsule_datagram,
    decode_payload_untrusted,
    grease,
    quic_datagram,
    target_of,
    template_of,
    udp_payload,
    unknown_capsule,
)
from conformance.wire import Many, Message, Varint
from conformance.wire.http import control_stream, request, upgrade

IDENTITY = (b"user-agent", b"conformance")
SENTINELS = 3
"""Datagrams may be lost: so many sentinels are sent, one after the other, before a tunnel counts as silent."""
LONGEST = 5
"""So many times the patience a sentinel behind something long may take, while octets move."""
GRACE = 0.25
"""Seconds for what should have come before the sentinel."""
SETTINGS = ((0x8, 1), (0x33, 1))
BEST, BY_CAPSULES = "best", "capsules"
OVER = {"http": (1, 2, 3)}


def run_of_capsules() -> tuple[Message, ...]:
    """Capsules of all kinds: unknown ones, every varint width, and datagrams between them."""
    return (
        unknown_capsule(grease(0), b"abc"),
        capsule_datagram(udp_payload(b"first")),
        unknown_capsule(Varint(grease(1), 2), b""),
        Message(type=Varint(0, 2), length=Varint(7, 2), payload=udp_payload(b"second")),
        unknown_capsule(Varint(grease(1000), 4), b"\0" * 9),
        Message(type=Varint(0, 8), length=Varint(7, 8), payload=Message(context=Varint(0, 2), udp=b"third")),
        unknown_capsule(Varint(grease((1 << 62) // 0x29 - 1), 8), b""),
    )


CAPSULES = Message(capsule=Many(run_of_capsules()))
"""The run of capsules that cases cut up."""
PLAIN_CAPSULES = Message(capsule=Many([capsule_datagram(udp_payload(octets)) for octets in (b"one", b"two", b"three")]))
"""Capsules with nothing unusual about them."""


@dataclass(slots=True)
class Live:
    """A tunnel that is open: what health goes on with."""

    connection: Connection
    tunnel: Tunnel
    target: UDPTarget
    by: str
    reader: CapsuleStream = field(default_factory=CapsuleStream)
    scope: str = "stream"

    @property
    def open(self) -> bool:
        """Whether it still is."""
        return self.tunnel.open


async def dialled(
    bench: Bench,
    *,
    pairs: Sequence[tuple[int, int]] = SETTINGS,
    quic: QUICSettings | None = None,
) -> Connection:
    """A new connection to the proxy, closed with the case; in HTTP/3 what we say at first passes `settings`."""
    served = await bench.serving()
    route = served.trusted(bench.run.setup.route(served.url, bench.via))
    if served.more.get("ca"):
        route = replace(route, ca_file=str(served.more["ca"]))
    version = int(bench.variant.get("http", bench.variant.get("asked", 1)))
    settings = None
    if version == 3:
        built = bench.point("settings", control_stream(pairs))
        settings = HTTP3Settings(tuple(pairs), built.octets, quic or QUICSettings())
    connection = await connect(route, bench, version=version, patience=bench.patience, settings=settings)
    bench.run.stack.push_async_callback(connection.close)
    bench.live = connection
    return connection


async def spoken(bench: Bench, connection: Connection) -> None:
    """Wait for the proxy's settings, without which nothing may be asked of it (RFC 8441, Section 3)."""
    said = await connection.announced()
    if said is not None:
        bench.saw("decoded", "settings", pairs=[[n, v] for n, v in said.items()])


async def opened(
    bench: Bench,
    connection: Connection,
    *,
    by: str = BEST,
    host: str = "",
    port: int = 0,
    local: str = "",
    fields: Sequence[tuple[bytes, bytes]] = (),
    optimistic: str = "",
    encoded: tuple[str, int] | None = None,
) -> Live | None:
    """Ask for a tunnel to a target of ours; None where it was refused.

    `host` and `port` stand in the request in place of the target's own, which listens at `local`.
    With `optimistic` one payload leaves before the answer: behind the request, in its packet, or ahead of it.
    `encoded` is ("host" or "port", n): every nth octet of it is percent-encoded.
    """
    lab = UDPLab.of(bench)
    if lab is None:
        bench.absent("no target of ours can be reached from there")
    assert lab is not None
    target = lab.target(recorder=bench, host=local or None)
    await spoken(bench, connection)
    asked = await request_for(bench, connection, host or local or lab.host, port or target.port, fields, encoded)
    built = bench.point("connect", asked)
    early: list[Any] = []
    version3: Any = connection
    if optimistic in {"ahead of it", "in its packet"}:
        quarter = version3.link.quic.get_next_available_stream_id() // 4
        made = bench.point("datagram", quic_datagram(quarter, udp_payload(unique(bench))))
        early.append(made)
        if optimistic == "ahead of it":
            await version3.datagram(bench, made)
        else:
            version3.link.quic.send_datagram_frame(made.octets)
    tunnel = await connection.tunnel(bench, built, "connect")
    path = "capsules" if connection.version != 3 or by == BY_CAPSULES else "datagrams"
    bench.saw("opened", "tunnel", quarter=tunnel.quarter, by=path)
    if optimistic == "behind the request":
        await send_payload(bench, tunnel, path, "datagram", udp_payload(unique(bench)))
    if not await granted(bench, connection, tunnel):
        return None
    if path == "datagrams" and not tunnel.has_datagrams:
        path = "capsules"
        bench.saw("opened", "tunnel", quarter=tunnel.quarter, by=path)
    return Live(connection, tunnel, target, path)


async def through(bench: Bench, connection: Connection, *, host: str = "", port: int = 0) -> Live:
    """A tunnel to a target of ours that is granted; Ended where it is not."""
    live = await opened(bench, connection, host=host, port=port)
    if live is None:
        raise Ended("refused", "no tunnel")
    return live


async def acknowledged(tunnel: Tunnel) -> None:
    """Wait until the proxy has what was sent on a stream of HTTP/3, head and end included."""
    stream: Any = tunnel
    await stream.session.link.arrived(tunnel.stream_id)


async def datagram_to(bench: Bench, connection: Connection, quarter: int) -> None:
    """Send a payload in a QUIC datagram, for whatever stream."""
    connection3: Any = connection
    await connection3.datagram(bench, bench.point("datagram", quic_datagram(quarter, udp_payload(unique(bench)))))


def far_on(connection: Connection, stream_id: int) -> None:
    """Use up streams of HTTP/3, each reset at once, until the next one has this ID."""
    connection3: Any = connection
    if connection.version == 3:
        while connection3.link.quic.get_next_available_stream_id() < stream_id:
            connection3.link.reset_stream(connection3.open_stream(), 0x10C)


async def granted(bench: Bench, connection: Connection, tunnel: Tunnel) -> bool:
    """Wait for the answer, and record whether it grants a tunnel."""
    head = await tunnel.head()
    success = head.status == 101 if connection.version == 1 else 200 <= head.status < 300
    bench.saw("decoded", "answer", status=head.status, success=success)
    return success


async def request_for(
    bench: Bench,
    connection: Connection,
    host: str,
    port: int | str,
    fields: Sequence[tuple[bytes, bytes]] = (),
    encoded: tuple[str, int] | None = None,
) -> Message:
    """The request for a tunnel (RFC 9298, Sections 3.2 and 3.4)."""
    served = await bench.serving()
    parts = urlsplit(served.url)
    own = str(served.more.get("template") or bench.run.setup.options.get("template") or "")
    template = template_of(own or f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}")
    authority = urlsplit(template.text).netloc.encode()
    where = target_of(template, host, str(port))
    if encoded is not None:
        part = f"target_{encoded[0]}"
        octets = {"target_host": host, "target_port": str(port)}[part].encode()
        where.parts[part] = b"".join(b"%%%02X" % o if n % encoded[1] == 0 else bytes([o]) for n, o in enumerate(octets))
    return upgrade(
        TOKEN,
        where,  # type: ignore[arg-type]
        authority,
        (IDENTITY, (CAPSULE_PROTOCOL, b"?1"), *fields),
        version=connection.version,
        scheme=parts.scheme.encode(),
    )


def unique(bench: Bench, size: int = 16) -> bytes:
    """Octets that no other part sends."""
    return bench.rng.randbytes(size)


async def send_payload(bench: Bench, tunnel: Tunnel, by: str, point: str, payload: Message) -> str:
    """Send one HTTP datagram, as a QUIC datagram or as a capsule; how our direction ended with it, if it did."""
    if by == "datagrams":
        built = bench.point(point, quic_datagram(tunnel.quarter, payload))
        await tunnel.datagram(built)
    else:
        built = bench.point(point, capsule_datagram(payload))
        await tunnel.send(built)
    return next((c.op for c in built.leaving if c.op in {"close", "reset"}), "")


async def hear(bench: Bench, live: Live, seen: Any) -> None:
    """Record what came on a tunnel: each HTTP datagram, by which path, in which context. DecodeError for none."""
    payloads: Sequence[bytes] = ()
    if seen.what == "data":
        payloads = live.reader.feed(seen.octets)
    elif seen.what == "datagram":
        payloads = (seen.octets,)
    for octets in payloads:
        payload = decode_payload_untrusted(octets)
        bench.saw(
            "decoded", "udp", octets=payload.octets, context=payload.context,
            by="capsule" if seen.what == "data" else "datagram",
        )  # fmt: skip
        if payload.octets.startswith(SENTINEL) and payload.context == 0:
            bench.saw("decoded", "sentinel", lost=int(payload.octets[-1]))


async def send_all(bench: Bench, live: Live, payloads: Sequence[bytes], capsules: Message | None) -> str:
    """Send what is to be sent; how our direction ended with it, if it did."""
    over = ""
    if capsules is not None:
        built = bench.point("capsules", capsules)
        await live.tunnel.send(built)
        over = next((c.op for c in built.leaving if c.op in {"close", "reset"}), "")
    for octets in payloads:
        over = over or await send_payload(bench, live.tunnel, live.by, "datagram", udp_payload(octets))
    return over


async def until_over(bench: Bench, live: Live) -> None:
    """Take what comes until the proxy ended its direction too."""
    while live.tunnel.open:
        await hear(bench, live, await live.tunnel.next())


async def sentinel(bench: Bench, live: Live) -> None:
    """Send something right and wait until it comes back; what should have come before it gets a little time."""
    tries = SENTINELS if live.by == "datagrams" else 1
    patience = bench.patience / tries
    loop = asyncio.get_running_loop()
    for n in range(tries):
        await send_payload(
            bench, live.tunnel, live.by, "sentinel", udp_payload(SENTINEL + unique(bench, 8) + bytes([n]))
        )
        begun = loop.time()
        while bench.record.last("decoded", "sentinel") is None:
            # What was sent before may be long, and takes its time: as long as something moves, there is hope.
            moved = live.tunnel.carrier.progress if live.by == BY_CAPSULES else begun
            until = min(max(begun, moved) + patience, begun + LONGEST * patience)
            if loop.time() >= until:
                break
            seen = await live.tunnel.quiet(until - loop.time())
            if seen is None:
                continue
            await hear(bench, live, seen)
            if not live.tunnel.open and seen.what == "end":
                return
        if bench.record.last("decoded", "sentinel") is not None:
            await grace(bench, live)
            bench.saw("decoded", "packets", tos=sorted({d.tos or 0 for d in live.target.endpoint.received}))
            return
    bench.saw("timeout", "sentinel", detail=f"{tries} sentinels did not come back")
    raise Ended("timeout", "no sentinel came back")


async def grace(bench: Bench, live: Live) -> None:
    """Give what should have come before the sentinel a little time, where something is missing."""
    loop = asyncio.get_running_loop()
    until = loop.time() + GRACE
    while loop.time() < until:
        wanted = Counter(left(bench.record).payloads)
        missing = wanted - Counter(arrived(bench.record))
        wanted += Counter(e.octets for e in bench.record.all("replied"))
        missing = missing or wanted - Counter(returned(bench.record))
        if not missing:
            return
        seen = await live.tunnel.quiet(min(0.05, until - loop.time()))
        if seen is not None:
            await hear(bench, live, seen)


async def told(bench: Bench, connection: Connection) -> None:
    """Record how the connection ended, where only a GOAWAY was seen of it: its code comes right behind."""
    last = bench.record.last("closed")
    if connection.version != 3 or last is None or last.value.get("code") != "GOAWAY":
        return
    link: Any = connection.stream
    until = link.loop.time() + GRACE
    while not link.ended and await link.moved(until):
        pass
    if link.ended and link.code:
        bench.saw("closed", "connect", detail=link.detail, code=link.code)


@exchange("masque.proxy", proxy_ended, over=OVER, needs={"target"})
async def echo(
    bench: Bench,
    live: Live | Connection | None = None,
    *,
    by: str = BEST,
    sizes: Sequence[int] = (16,),
    capsules: Message | None = None,
    frames: Message | None = None,
    stray: int = 0,
    reply: int = 0,
    pairs: Sequence[tuple[int, int]] = SETTINGS,
    quic: QUICSettings | None = None,
    **how: Any,
) -> Live | Connection:
    """A tunnel to our target, which gives back what it gets; then the sentinel.

    Payloads of these `sizes` are sent in the best way that there is, or `by` capsules; in front of them the run of
    `capsules`, and in HTTP/3 other `frames` on the stream. Then so many octets come from another port than the target's
    (`stray`), or from the target without being asked for (`reply`). `pairs` and `quic` are our settings; other
    parameters are those of `opened`.
    """
    connection: Connection = (
        live.connection if isinstance(live, Live) else live or await dialled(bench, pairs=pairs, quic=quic)
    )
    try:
        if isinstance(live, Live):
            bench.saw("opened", "tunnel", quarter=live.tunnel.quarter, by=live.by)
            return await _pass(bench, live, sizes, None, None, stray, reply)
        tunnel = await opened(bench, connection, by=by, **how)
        return connection if tunnel is None else await _pass(bench, tunnel, sizes, capsules, frames, stray, reply)
    except Ended:
        await told(bench, connection)
        raise


async def _pass(
    bench: Bench,
    live: Live,
    sizes: Sequence[int],
    capsules: Message | None,
    frames: Message | None,
    stray: int,
    reply: int,
) -> Live | Connection:
    """What passes through a tunnel, and the sentinel."""
    live.tunnel.recorder = live.target.endpoint.recorder = bench
    bench.live = live.connection
    if frames is not None:
        tunnel3: Any = live.tunnel
        built = bench.point("frames", frames)
        await tunnel3.send_frames(built)
        if built.leaving:
            await until_over(bench, live)
            return live.connection
    over = await send_all(bench, live, tuple(unique(bench, size) for size in sizes), capsules)
    if over:
        await until_over(bench, live)
        return live.connection
    if stray or reply:
        await unasked(bench, live, stray, reply)
    await sentinel(bench, live)
    return live if live.tunnel.open else live.connection


async def unasked(bench: Bench, live: Live, stray: int, reply: int) -> None:
    """Let packets come to the proxy's socket that answer nothing: from another port, or from the target's own."""
    came = live.target.endpoint.received
    if not came:
        await live.target.endpoint.next(bench.patience)
    for size, send, foreign in ((stray, live.target.stray, True), (reply, live.target.send, False)):
        if size:
            octets = unique(bench, size)
            send(octets, came[-1].source)
            bench.saw("replied", octets=octets, foreign=foreign)


async def _capsules(bench: Bench, live: Live | Connection | None = None, **settings: Any) -> Live | Connection:
    """The same by capsules in every version."""
    settings = {"by": BY_CAPSULES, "capsules": PLAIN_CAPSULES} | settings
    return await echo.drive(bench, live, **settings)  # type: ignore[no-any-return]


capsule_echo = replace(echo, name="capsule_echo", drive=_capsules, needs=frozenset({"target", "capsules"}))
"""The same with everything in capsules, which proxies must take in every version (RFC 9297, Section 3.5)."""


def knock_ended(part: Part) -> Outcome:
    """How a request for a tunnel was answered: any success is accepted, its form is looked at by watches."""
    answer = part.last("decoded", "answer")
    if answer is None:
        return proxy_ended(part)
    status = int(answer.value["status"])
    return ACCEPTED if 200 <= status < 300 or status == 101 else refused(status)


@exchange("masque.proxy", knock_ended, over={"asked": (1, 2, 3)}, needs={"target"})
async def knock(
    bench: Bench, live: Connection | None = None, *, where: tuple[str, int] | None = None, **how: Any
) -> Connection:
    """A request for a tunnel and its answer, nothing more; to a target of ours, unless `where` names another."""
    connection = live or await dialled(bench)
    try:
        if where is None:
            await opened(bench, connection, **how)
        else:
            await spoken(bench, connection)
            asked = bench.point("connect", await request_for(bench, connection, *where))
            await granted(bench, connection, await connection.tunnel(bench, asked, "connect"))
    except Ended:
        await told(bench, connection)
        raise
    return connection


async def plain(bench: Bench, connection: Connection, path: bytes = b"/") -> Any:
    """An ordinary request on the same connection."""
    served = urlsplit((await bench.serving()).url)
    asked = request(
        b"GET", path, served.netloc.encode(), (IDENTITY,), version=connection.version, scheme=served.scheme.encode()
    )
    return await connection.request(bench, bench.point("plain", asked), "plain")
