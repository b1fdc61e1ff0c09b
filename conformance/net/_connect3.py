"""Open connections that speak HTTP/3, and tell what goes wrong."""

from __future__ import annotations

import asyncio
from typing import Any

from aioquic.quic.connection import QuicConnection

from conformance.model import Ended, EnvironmentProblem, UsageError
from conformance.net._connect import failure
from conformance.net._http3 import HTTP3
from conformance.net._quic import QUIC, trust
from conformance.net._recorder import Recorder
from conformance.net._route import Route
from conformance.net._session3 import code_name
from conformance.net._settings3 import HTTP3Settings
from conformance.net._stream import silence


async def connect3(
    route: Route,
    recorder: Recorder,
    *,
    patience: float = 5.0,
    name: str = "",
    settings: HTTP3Settings | None = None,
) -> HTTP3:
    """Open a connection that speaks HTTP/3; what goes wrong is recorded and raised as Ended.

    `settings` are what we say at first: in HTTP/3, and in QUIC below. UsageError for an http URL: QUIC is always
    encrypted.
    """
    if not route.tls:
        raise UsageError(f"{route.origin}: HTTP/3 is spoken with https URLs only")
    settings = settings or HTTP3Settings()
    configuration = settings.quic.configuration(client=True)
    configuration.server_name = route.host
    trust(configuration, ca_file=route.ca_file, ca_data=route.ca_data, insecure=route.insecure)
    if route.client_cert is not None:
        try:
            configuration.load_cert_chain(route.client_cert)
        except (ValueError, IndexError) as why:
            raise UsageError(f"{route.client_cert} is no PEM file of the kind needed: {why}") from why
        except OSError as why:
            raise EnvironmentProblem(f"cannot read {route.client_cert}: {why.strerror}") from why
    link = await _open(route, recorder, configuration, patience, name)
    loop = link.loop
    until = loop.time() + patience
    while not link.ready and not link.ended:
        if not await link.moved(until):
            break
    if link.ready and not link.ended:
        return HTTP3(link, route.headers, settings)
    what, detail, code = link.ended or "timeout", link.detail or silence(patience, drips=False), link.code
    if link.broken:
        what, detail = "tls-error", link.broken
    link.drop()
    more: dict[str, Any] = {"code": code} if code else {}
    recorder.saw(what, name, detail=detail, **more)
    raise Ended(what, detail)


async def _open(route: Route, recorder: Recorder, configuration: Any, patience: float, name: str) -> QUIC:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            _, link = await loop.create_datagram_endpoint(
                lambda: QUIC(QuicConnection(configuration=configuration), patience, code_name),
                remote_addr=(route.connect_host, route.connect_port),
                local_addr=(route.source, 0) if route.source else None,
            )
    except (OSError, TimeoutError) as why:
        what, code, detail = failure(why)
        more: dict[str, Any] = {"code": code} if code else {}
        recorder.saw(what, name, detail=detail, **more)
        raise Ended(what, detail) from why
    link.begin()
    return link
