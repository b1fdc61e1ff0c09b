"""Open streams and connections, and tell what goes wrong."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from conformance.model import Ended
from conformance.net._connection import Connection
from conformance.net._http1 import HTTP1
from conformance.net._recorder import Recorder
from conformance.net._route import Route
from conformance.net._stream import Stream, ending_of

if TYPE_CHECKING:
    from conformance.net._settings3 import HTTP3Settings

ALPN = {1: "http/1.1", 2: "h2"}


async def open_stream(
    route: Route, recorder: Recorder, *, alpn: Sequence[str] = (), patience: float = 5.0, name: str = ""
) -> Stream:
    """Open a stream over TCP, or TLS where the route says so.

    What goes wrong is recorded with a code and raised as Ended: closed (`refused`, `unreachable`, `no-address`), reset,
    timeout or tls-error.
    """
    loop = asyncio.get_running_loop()
    context = route.context(tuple(alpn)) if route.tls else None
    source = (route.source, 0) if route.source else None
    try:
        async with asyncio.timeout(patience):
            _, stream = await loop.create_connection(
                lambda: Stream(patience),
                route.connect_host,
                route.connect_port,
                ssl=context,
                server_hostname=route.host if context else None,
                ssl_shutdown_timeout=1.0 if context else None,  # a silent peer must not keep a closed stream alive
                local_addr=source,
            )
    except (OSError, TimeoutError) as why:
        what, code, detail = failure(why)
        more: dict[str, Any] = {"code": code} if code else {}
        recorder.saw(what, name, detail=detail, **more)
        raise Ended(what, detail) from why
    return stream


def failure(why: OSError) -> tuple[str, str, str]:
    """Ending, code and detail of a stream that did not come to be."""
    if isinstance(why, ssl.SSLCertVerificationError):
        return "tls-error", "certificate", why.verify_message
    if isinstance(why, TimeoutError):
        return "timeout", "", str(why) or "no connection in time"
    if isinstance(why, ConnectionRefusedError) or "refused" in str(why):  # of several addresses: one error for all
        return "closed", "refused", why.strerror or str(why)
    if isinstance(why, socket.gaierror):
        return "closed", "no-address", str(why.strerror)
    what, detail = ending_of(why)
    if what == "closed" and why.args:
        return "closed", "unreachable", detail
    return what, "", detail or "while opening"


async def connect(
    route: Route,
    recorder: Recorder,
    version: int | None = None,
    patience: float = 5.0,
    *,
    name: str = "",
    settings: HTTP3Settings | None = None,
) -> Connection:
    """Open a connection that speaks HTTP/1.1 (1), 2 or 3; None: what ALPN over TCP chooses, without TLS HTTP/1.1.

    `settings` are what we say at first in HTTP/3 and below it.
    """
    if version == 3:
        from conformance.net._connect3 import connect3

        return await connect3(route, recorder, patience=patience, name=name, settings=settings)
    wanted = [ALPN[version]] if version else [ALPN[2], ALPN[1]]
    stream = await open_stream(route, recorder, alpn=wanted, patience=patience, name=name)
    if version is None:
        version = 2 if stream.alpn == ALPN[2] else 1
    elif version == 2 and route.tls and stream.alpn != ALPN[2]:
        stream.close()
        detail = "HTTP/2 was not chosen by ALPN"
        recorder.saw("tls-error", name, code="alpn", detail=detail)
        raise Ended("tls-error", detail)
    if version == 1:
        return HTTP1(stream, route.headers)
    from conformance.net._http2 import HTTP2

    return HTTP2(stream, route.headers)
