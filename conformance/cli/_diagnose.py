"""Why nothing was found at a URL: one look at it, by the ordinary way, told in words with what to do next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.model import Ended, Unreachable
from conformance.net import Route, connect, open_stream
from conformance.wire import Built, DecodeError
from conformance.wire.http import media_type, request

if TYPE_CHECKING:
    from conformance.engine.session import Request, Result
    from conformance.engine.stream import Run
    from conformance.model import Verdict

T = TypeVar("T")
IDENTIFIED = ((b"user-agent", b"conformance"), (b"accept", b"*/*"))
SHOWN = 40
"""Octets of what is no HTTP that a message shows."""
TLS_RECORD = b"\x15\x03", b"\x16\x03"
"""How an alert or a handshake record of TLS begins (RFC 8446, Section 5.1)."""


async def run_explained(
    wanted: Request,
    events: Path | None,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[Verdict], None] = lambda _: None,
    before: Run | None = None,
) -> Result:
    """Run a session, or go on with a run before this; where nothing is found at a URL, say why."""
    from conformance.engine.session import run_session

    _, result = await explained(wanted, run_session(wanted, events, say, progress, before))
    return result


async def explained(wanted: Request, step: Awaitable[T]) -> T:
    """What a step of a run gives; where nothing is found at a URL, the error says why."""
    try:
        return await step
    except Unreachable as why:
        if wanted.how != "url":
            raise
        found = await diagnose(wanted.route(wanted.subject.hello.name, None), wanted.patience, wanted.http)
        raise (found or why) from why


class _Notes:
    """A recorder that keeps the last event."""

    def __init__(self) -> None:
        self.octets = b""
        self.code = ""

    def saw(self, what: str, name: str = "", *, octets: bytes = b"", **value: Any) -> None:
        """Keep what a message can use."""
        del what, name
        self.octets, self.code = octets, str(value.get("code", ""))


async def diagnose(route: Route, patience: float, versions: Sequence[int] = ()) -> Unreachable | None:
    """Look at a URL once; what stands in the way, or that it speaks HTTP and yet serves nothing of ours."""
    notes = _Notes()
    here = route.origin
    version = versions[0] if versions else None
    try:
        connection = await connect(route, notes, version, patience)
    except Ended as why:
        return await _unopened(route, notes.code, why, patience)
    try:
        asked = _asked(route, connection.version)
        pending = await connection.request(notes, asked, "look")
        async with asyncio.timeout(10 * patience + 1):
            answer = await pending.answer()
    except DecodeError as why:
        if notes.octets.startswith(TLS_RECORD):
            return _use_tls(route)
        shown = notes.octets[:SHOWN].decode("latin-1").splitlines()[:1]
        began = f"; it begins {shown[0]!r}" if shown else ""
        return Unreachable(f"what {here} answers is no HTTP: {why}{began}", hint="is this the right port?")
    except (Ended, TimeoutError) as why:
        return await _unanswered(route, why, patience)
    finally:
        await connection.close()
    kind = media_type(answer.fields) or "content without a type"
    return Unreachable(
        f"{here} speaks HTTP, but nothing that we test was found there: GET {route.target} gave status "
        f"{answer.status} with {kind}",
        hint="give the whole URL of the resource, or say with --option keys=URL|FILE where its keys are",
    )


def _asked(route: Route, version: int) -> Built:
    scheme, target = route.scheme.encode(), route.target.encode()
    return request(b"GET", target, route.authority.encode(), IDENTIFIED, version=version, scheme=scheme).build()


async def _unopened(route: Route, code: str, why: Ended, patience: float) -> Unreachable:
    """No connection: name the obstacle."""
    where = f"{route.connect_host}:{route.connect_port}"
    told = {
        "refused": (f"nothing listens at {where}", "is it started, and is the port right?"),
        "no-address": (f"the host {route.connect_host} has no address: {why.detail}", "is the name spelled right?"),
        "unreachable": (f"{where} cannot be reached: {why.detail}", "is there a route to it, or a firewall between?"),
        "certificate": (
            f"the certificate of {route.origin} cannot be verified: {why.detail}",
            "--ca-file FILE trusts another authority; --insecure trusts anybody, and every report will say so",
        ),
        "alpn": (f"{route.origin} does not choose HTTP/2", "leave --http away, or give --http 1"),
    }.get(code)
    if told is None and why.what == "timeout":
        told = (
            f"{where} took no connection in {patience:g} s",
            "is the address right? --patience SECONDS waits longer",
        )
    if told is None and route.tls and await _speaks_plainly(route, patience):
        told = (f"{route.origin} speaks no TLS", f"write http:// instead of https:// ({why})")
    if told is None:
        hint = "does it want another version of TLS, or a certificate of ours (--client-cert)?"
        told = (
            (f"no TLS with {route.origin}: {why}", hint) if route.tls else (f"{where} ended the connection: {why}", "")
        )
    return Unreachable(told[0], hint=told[1])


async def _unanswered(route: Route, why: Exception, patience: float) -> Unreachable:
    """A connection, but no answer."""
    if not route.tls and await _speaks_tls(route, patience):
        return _use_tls(route)
    detail = str(why) or "not whole in any time that can be waited for"
    hint = "what does its log say?"
    if "timeout" in detail:
        hint = "is this the right port? --patience SECONDS waits longer"
    elif route.tls and route.client_cert is None:
        # With TLS 1.3 a server tells only after the handshake that it misses one, and a reset may overtake its alert.
        hint = "does it want a certificate of ours? --client-cert FILE gives one"
    return Unreachable(f"{route.origin} takes connections, but answers no request: {detail}", hint=hint)


def _use_tls(route: Route) -> Unreachable:
    return Unreachable(
        f"{route.origin} speaks TLS, and was spoken to without", hint="write https:// instead of http://"
    )


async def _speaks_tls(route: Route, patience: float) -> bool:
    """Whether a handshake succeeds, with any certificate."""
    try:
        stream = await open_stream(replace(route, scheme="https", insecure=True), _Notes(), patience=patience)
    except Ended:
        return False
    stream.close()
    return True


async def _speaks_plainly(route: Route, patience: float) -> bool:
    """Whether HTTP without TLS is answered with anything that is HTTP."""
    plain = replace(route, scheme="http")
    try:
        connection = await connect(plain, _Notes(), 1, patience)
    except Ended:
        return False
    try:
        await (await connection.request(_Notes(), _asked(plain, 1), "look")).answer()
    except (Ended, DecodeError):
        return False
    finally:
        await connection.close()
    return True
