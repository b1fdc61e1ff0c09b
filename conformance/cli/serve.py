"""`conformance serve`: a peer of ours, for those who write the other side."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from conformance.cli._common import interruptible, near, say
from conformance.model import EnvironmentProblem, UsageError

EXAMPLE = "http://127.0.0.1:8099"
"""A place for our target that `serve --target` and `run --listen` can agree on."""


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

    make, told = _peer(role, fault)

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
            for line in told:
                say(line)
            if certificate := served.more.get("certificate"):
                _tell_certificate(served.url, str(certificate))
            elif _forwards(role):
                _tell_pair(served.url, targets, echo.url)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            say("stopped")
        finally:
            await peer.stop()
            await echo.close()

    interruptible(serve, "stopping; once more to leave at once")


def _tell_certificate(url: str, certificate: str) -> None:
    """Say where the certificate is that clients have to trust, and how `conformance run` tests it."""
    place = Path(tempfile.mkdtemp(prefix="conformance-")) / "certificate.pem"
    place.write_text(certificate, "ascii")
    say(f"its certificate is {place}; to test it: conformance run --target {url} --ca-file {place}")


def _forwards(role: str) -> bool:
    """Whether a peer in this role sends anything on: whether any case of the role needs a target of ours."""
    from conformance.engine.catalogue import load_cases, protocols
    from conformance.model import Case

    cases = (c for p in protocols().values() if role in {r.name for r in p.roles} for c in load_cases(p))
    return any(c.role == role and "target" in c.needs | c.exchange.needs for c in cases if isinstance(c, Case))


def _tell_pair(url: str, targets: tuple[str, ...], echo: str) -> None:
    """Say where it forwards to, and how `conformance run` sees all of it."""
    places = [f"{there.hostname}:{there.port}" for t in targets if (there := urlsplit(t)).hostname and there.port]
    if targets:
        say(f"it forwards to {', '.join(targets)}")
        if places:
            say(f"to test it in full: conformance run --target {url} --listen {places[0]}")
        return
    say(f"it forwards to {echo}, which answers with the content it gets, and to nothing else:")
    say(f"conformance run sees it in the reduced profile; for the full one serve it with --target {EXAMPLE}")


def _peer(role: str, fault: str | None) -> tuple[Any, list[str]]:
    """What makes the peer, and what to tell of its fault. UsageError for what we do not have."""
    from conformance.bench import Peer
    from conformance.cli._faults import visibility
    from conformance.engine.catalogue import load_cases, load_catalogue, protocols

    peers = {r: (make, p) for p in protocols().values() for r, make in p.peers().items()}
    servers = sorted(r for r, (make, _) in peers.items() if isinstance(make, type) and issubclass(make, Peer))
    if role not in servers:
        raise UsageError(f"we have no server for {role!r}", hint=near(role, servers))
    make, protocol = peers[role]
    if fault is None:
        return make, []
    known = {f.name: f for f in protocol.faults() if f.role == role}
    if fault not in known:
        raise UsageError(
            f"{role} has no fault {fault!r}", hint=near(fault, known, "conformance show faults lists them")
        )
    chosen = known[fault]
    seen = visibility(chosen, load_cases(protocol), load_catalogue([protocol]).requirements)
    told = [chosen.doc.partition("\n")[0], f"it breaks {', '.join(chosen.breaks)}"]
    return chosen.make, [*told, *([f"a run sees that {seen}"] if seen else [])]


async def _echo(exchange: Any) -> None:
    from conformance.wire.http import response

    content = exchange.request.content
    fields = [(b"content-type", b"application/octet-stream")]
    await exchange.answer(response(200, fields, content, version=exchange.request.version).build())
