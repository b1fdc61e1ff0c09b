"""Looks at a relay: over which HTTP versions it answers.

Whether it reaches our gateway, its cases show; but a URL is a relay's only where a request comes through to us.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from urllib.parse import urlsplit

from conformance.bench import CaseRun, Found, Hello, RoleOffer, Setup
from conformance.model import ACCEPTED, Ended
from conformance.net import Nobody, connect
from conformance.protocols.ohttp.exchanges import relayed
from conformance.wire import DecodeError
from conformance.wire.http import request

ROLE = "ohttp.relay"
PATIENCE = 1.0


async def probe_relay(url: str, *, setup: Setup, versions: Sequence[int] = ()) -> Sequence[Found]:
    """What of a relay there is at a URL; nothing where nobody answers. `versions` are those that the user allows.

    A server that we do not start was not told our gateway by us: it counts where it passes on to it all the same.
    """
    chosen = [version for version in versions or (1, 2) if await _answers(url, setup, version)]
    if not chosen or not (setup.subject.ours or await _passes_on(setup, chosen[0])):
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


async def _passes_on(setup: Setup, version: int) -> bool:
    """Whether an encapsulated request comes through to our gateway, and its answer back."""
    if setup.lab is None:
        return False
    patience, setup.patience = setup.patience, min(setup.patience, PATIENCE)
    run = CaseRun(setup, {"http": version}, random.Random(0))
    bench = run.bench("probe")
    try:
        async with run.stack:
            await relayed(bench)
    except (Ended, DecodeError):
        return False
    finally:
        setup.patience = patience
    return relayed.ended(bench.record) == ACCEPTED
