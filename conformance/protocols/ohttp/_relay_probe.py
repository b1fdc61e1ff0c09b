"""Looks at a relay: over which HTTP versions it answers, and whether what it is sent reaches our gateway behind it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from conformance.bench import Found, Hello, RoleOffer, Setup
from conformance.model import Ended
from conformance.net import Nobody, ServerExchange, connect
from conformance.protocols.ohttp.messages import REQUEST_TYPE
from conformance.wire import DecodeError
from conformance.wire.http import request, response

ROLE = "ohttp.relay"
PATIENCE = 1.0
MARK = b"\x01\x00\x20\x00\x01\x00\x01" + b"is this a relay in front of us?!" + bytes(32)
"""What no gateway opens, and looks like a request to whoever carries requests."""


async def probe_relay(url: str, *, setup: Setup, versions: Sequence[int] = ()) -> Sequence[Found]:
    """What of a relay there is at a URL: one that we started, or one from whom our gateway hears what we send.

    `versions` are those that the user allows. Whoever merely answers may be anything.
    """
    if setup.lab is None:
        return ()
    came: list[int] = []

    async def arrived(exchange: ServerExchange) -> None:
        came.append(1)
        await exchange.answer(response(400, (), b"no key has this id").build())

    setup.lab.expect(MARK, Nobody(), arrived)
    try:
        chosen = [version for version in versions or (1, 2) if await _answers(url, setup, version)]
    finally:
        setup.lab.forget(MARK)
    if not chosen or not (came or setup.subject.ours):
        return ()
    offer = RoleOffer(variants={"http": tuple(chosen)})
    why = f"it answers over HTTP {', '.join(map(str, chosen))}"
    told = f"{why}, and our gateway hears of it" if came else why
    return (Found(ROLE, Hello("", roles={ROLE: offer}), url, (told,), {"served": setup.memory["served"]}),)


async def _answers(url: str, setup: Setup, version: int) -> bool:
    parts = urlsplit(url)
    path, fields = parts.path.encode() or b"/", ((b"content-type", REQUEST_TYPE.encode()),)
    asked = request(b"POST", path, parts.netloc.encode(), fields, MARK, version=version, scheme=parts.scheme.encode())
    try:
        connection = await connect(
            setup.route(url, None), Nobody(), version=version, patience=min(setup.patience, PATIENCE)
        )
        try:
            await (await connection.request(Nobody(), asked.build(), "probe")).answer()
        finally:
            await connection.close()
    except (Ended, DecodeError):
        return False
    return True
