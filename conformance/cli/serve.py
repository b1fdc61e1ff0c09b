"""`conformance serve`: a peer of ours, for those who write the other side."""

from __future__ import annotations

from typing import Any

import click

from conformance.cli._common import interruptible, near, say
from conformance.model import EnvironmentProblem, UsageError


@click.command("serve")
@click.argument("role")
@click.option("--fault", metavar="NAME", help="Behave wrongly in this one way (conformance show faults).")
@click.option("--listen", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Which port; 0: any.")
@click.option("--target", "targets", multiple=True, metavar="ORIGIN", help="What it may forward to; else our echo.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of its keys and all else that is random.")
def command(role: str, fault: str | None, listen: str, port: int, targets: tuple[str, ...], seed: int) -> None:
    """Start our peer of ROLE (ohttp.gateway, …) until Ctrl-C (exit 0); its URL is the first line of standard output."""
    import asyncio

    make = _peer(role, fault)

    async def serve() -> None:
        from conformance.bench import Quiet
        from conformance.net import serve as listen_http

        echo = await listen_http(_echo, host="127.0.0.1")
        options = {"targets": list(targets) or [echo.url], "listen": listen, "port": port}
        peer = make(Quiet(seed, make.changes), options)
        try:
            served = await peer.start()
        except OSError as why:
            await echo.close()
            raise EnvironmentProblem(f"{listen}:{port} cannot be listened at: {why.strerror or why}") from why
        try:
            click.echo(served.url)
            say(f"{role}{f' with the fault {fault}' if fault else ''} serves until Ctrl-C")
            if not targets:
                say(f"it forwards to {echo.url}, which answers with the content it gets")
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            say("stopped")
        finally:
            await peer.stop()
            await echo.close()

    interruptible(serve, "stopping; once more to leave at once")


def _peer(role: str, fault: str | None) -> Any:
    from conformance.bench import Peer
    from conformance.engine.catalogue import protocols

    peers = {r: (make, p) for p in protocols().values() for r, make in p.peers().items()}
    servers = sorted(r for r, (make, _) in peers.items() if isinstance(make, type) and issubclass(make, Peer))
    if role not in servers:
        raise UsageError(f"we have no server for {role!r}", hint=near(role, servers))
    make, protocol = peers[role]
    if fault is None:
        return make
    known = {f.name: f for f in protocol.faults() if f.role == role}
    if fault not in known:
        raise UsageError(
            f"{role} has no fault {fault!r}", hint=near(fault, known, "conformance show faults lists them")
        )
    return known[fault].make


async def _echo(exchange: Any) -> None:
    from conformance.wire.http import response

    content = exchange.request.content
    fields = [(b"content-type", b"application/octet-stream")]
    await exchange.answer(response(200, fields, content, version=exchange.request.version).build())
