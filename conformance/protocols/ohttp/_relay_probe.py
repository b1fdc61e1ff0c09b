"""Looks at a relay: over which HTTP versions it answers. Whether it reaches our gateway, its cases show."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from conformance.bench import Found, Hello, RoleOffer, Setup
from conformance.model import Ended
from conformance.net import Nobody, connect
from conformance.wire import DecodeError
from conformance.wire.http import request

ROLE = "ohttp.relay"
PATIENCE = 1.0


async def probe_relay(url: str, *, setup: Setup, versions: Sequence[int] = ()) -> Sequence[Found]:
    """What of a relay there is at a URL; nothing where nobody answers. `versions` are those that the user allows."""
    chosen = [version for version in versions or (1, 2) if await _answers(url, setup, version)]
    if not chosen:
        return ()
    offer = RoleOffer(variants={"http": tuple(chosen)})
    lacks = {} if setup.lab is not None else {"target": "the relay cannot be told a gateway of ours"}
    why = f"it answers over HTTP {', '.join(map(str, chosen))}"
    return (Found(ROLE, Hello("", roles={ROLE: offer}), url, (why,), {"served": setup.memory["served"]}, lacks=lacks),)


async def _answers(url: str, setup: Setup, version: int) -> bool:
    parts = urlsplit(url)
    asked = request(b"GET", parts.path.encode() or b"/", parts.netloc.encode(), version=version)
    try:
        connection = await connect(setup.route(url, None), Nobody(), version=version, patience=PATIENCE)
        try:
            await (await connection.request(Nobody(), asked.build(), "probe")).answer()
        finally:
            await connection.close()
    except (Ended, DecodeError):
        return False
    return True
