"""Clients: payloads go through a proxy of ours to a target of ours and come back, and how that ended.

With our own peer as proxy, `accepted` means that everything came back to the application as it was sent, and nothing
else, over an answer that grants a tunnel. With another subject in its place (a cell of the matrix) it means the same,
but for the answer, which is not ours to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance.bench import Bench, UDPLab
from conformance.model import ACCEPTED, ANYWAY, WRONG, AdapterError, Outcome, Part, exchange
from conformance.protocols.masque.messages import WELL_KNOWN, CapsuleStream
from conformance.protocols.masque.peers import FakeProxy
from conformance.wire import DecodeError, Message

CLIENT_ERROR = Outcome("client-error")
"""The client tells its application that there is no tunnel, or no more."""
ROLE, PROXY, OP = "masque.client", "masque.proxy", "masque.client.connect-udp"
CONTENT_FIELDS = frozenset({b"content-length", b"content-type", b"transfer-encoding"})


def client_ended(part: Part) -> Outcome:
    """How it ended, as the client told it."""
    asked, reply = part.last("asked", OP), part.last("reply", OP)
    if asked is None or reply is None or not {"ok", "refused"} & reply.value.keys():
        return part.ending()
    if "refused" in reply.value:
        return CLIENT_ERROR
    wanted = [bytes.fromhex(p) for p in asked.value["payloads"]]
    said = told(reply.value)
    arrived = [e.octets for e in part.all("udp", where="target")]
    if [p for p in arrived if p not in wanted]:
        return WRONG.at("another payload at the target")
    if [p for p in said if p not in wanted]:
        return WRONG.at("another payload told")
    if said != wanted:
        return WRONG.at(f"{len(said)} of {len(wanted)} came back")
    return ANYWAY if part.last("counterpart", PROXY) is None and unlawful(part) else ACCEPTED


def told(reply: Any) -> list[bytes]:
    """What the application got; AdapterError where that is no list of payloads."""
    try:
        return [bytes.fromhex(p) for p in reply["ok"]["payloads"]]
    except (KeyError, TypeError, ValueError) as why:
        raise AdapterError(f"no payloads: {why}", step=OP, hint="See docs/adapter.md.") from None


def unlawful(part: Part) -> str:
    """Why what our proxy answered grants no tunnel, or an empty string."""
    answer = part.sent("answer")
    if answer is None:
        return "no answer"
    status = answer.fields.get("status", b"")
    version = int(part.variant["http"])
    if (status != b"101") if version == 1 else (status[:1] != b"2" or status in {b"204", b"205", b"206"}):
        return f"status {status!r}"
    names = {
        value.lower() for path, value in answer.fields.items() if path.startswith("fields[") and path.endswith(".name")
    }
    if names & CONTENT_FIELDS:
        return "content is announced"
    if version == 1 and b"upgrade" not in names:
        return "no upgrade"
    stream = CapsuleStream()
    try:
        for event in part.all("sent", "capsules"):
            stream.feed(event.octets)
    except DecodeError as why:
        return str(why)
    return "" if stream.between else "the last capsule is not whole"


@exchange(ROLE, client_ended, over={"http": (1, 2, 3)}, needs={"target"}, meets={PROXY})
async def client_echo(
    bench: Bench,
    live: None = None,
    *,
    sizes: Sequence[int] = (16, 16),
    capsules: Message | None = None,
    interim: int = 0,
    strays: Sequence[tuple[int, bytes]] = (),
    late: float = 0.0,
    path: str = WELL_KNOWN,
    local: str = "",
) -> None:
    """The client sends payloads of these sizes through a proxy to our target, which gives them back.

    Before the first reply our proxy sends `capsules` on the stream, and QUIC datagrams that are `strays`; before its
    answer one of the status `interim`, and the answer comes `late`. `path` stands behind the origin in the template
    that the client is told; the target listens at `local`, an address of this machine.
    """
    del live
    lab = UDPLab.of(bench)
    if lab is None:
        bench.absent("no target of ours can be reached from there")
    assert lab is not None
    if path != WELL_KNOWN and bench.other(PROXY) is not None:
        bench.absent("another proxy has a template of its own")
    if local and not lab.has(local):
        bench.absent(f"this machine has no address {local}")
    target = lab.target(recorder=bench, host=local or None)
    proxy = await bench.counterpart(
        PROXY, FakeProxy, capsules=capsules, interim=interim, strays=strays, late=late, path=path
    )
    own = str(proxy.more.get("template") or f"{proxy.url.rstrip('/')}{WELL_KNOWN}")
    if path != WELL_KNOWN:
        own = proxy.url.rstrip("/") + path
    certificate = str(proxy.more.get("certificate") or "")
    if not certificate and proxy.more.get("ca"):
        certificate = _read(str(proxy.more["ca"]))
    reply = await bench.do(
        OP, template=own, host=local or lab.host, port=target.port, http=int(bench.variant["http"]),
        certificate=certificate,
        payloads=[bench.rng.randbytes(size).hex() for size in sizes],
    )  # fmt: skip
    if "ok" in reply:
        told(reply)
    elif bench.record.sent("answer") is None:
        bench.saw("closed", PROXY, detail="the client gave up before our proxy could answer")


def _read(file: str) -> str:
    return Path(file).read_text(encoding="ascii")


__all__ = ["CLIENT_ERROR", "client_echo", "client_ended"]
