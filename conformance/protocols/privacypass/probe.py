"""Looks at a target: whether it is an issuer or an origin, of which token types, over which HTTP versions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from conformance.bench import CaseRun, Found, Hello, RoleOffer, Served, Setup
from conformance.model import Ended, Unreachable
from conformance.net import Nobody, connect
from conformance.protocols.privacypass.exchanges import Known, challenged, directory_url, get_directory, known_of
from conformance.protocols.privacypass.messages import DIRECTORY_TYPE, TYPES, decode_challenge
from conformance.wire import DecodeError
from conformance.wire.http import media_type, request

ISSUER, ORIGIN = "privacypass.issuer", "privacypass.origin"
PROBE_PATIENCE = 1.0
_HTTP = {1: "HTTP/1.1", 2: "HTTP/2", 3: "HTTP/3"}


async def probe(url: str, *, setup: Setup, versions: Sequence[int] = (), served: Served) -> Sequence[Found]:
    """What of Privacy Pass there is at a URL; Unreachable with the reason where there is nothing of it."""
    if setup.role == ISSUER:
        return await _issuer(url, setup, versions, served)
    return await _origin(url, setup, versions, served)


async def http_versions(setup: Setup, url: str, allowed: Sequence[int]) -> tuple[int, ...]:
    """The HTTP versions that answer there."""
    found = []
    for version in allowed or (1, 2):
        route = setup.route(url, None)
        try:
            connection = await connect(route, Nobody(), version=version, patience=min(setup.patience, PROBE_PATIENCE))
        except Ended:
            continue
        try:
            if version == 1 or await _answers(connection, url):
                found.append(version)
        finally:
            await connection.close()
    return tuple(found)


async def _answers(connection: Any, url: str) -> bool:
    parts = urlsplit(url)
    asked = request(b"GET", parts.path.encode() or b"/", parts.netloc.encode(), version=connection.version)
    try:
        await (await connection.request(Nobody(), asked.build(), "probe")).answer()
    except (Ended, DecodeError):
        return False
    return True


async def _issuer(url: str, setup: Setup, versions: Sequence[int], served: Served) -> Sequence[Found]:
    """An issuer is known by its directory (RFC 9578, Section 4)."""
    where = directory_url(url)
    chosen = await http_versions(setup, where, versions)
    if not chosen:
        return ()
    run = CaseRun(setup, {"http": chosen[0]}, random.Random(0))
    bench = run.bench("probe")
    async with run.stack:
        try:
            answer = await get_directory(bench, await bench.connect(where), where)
        except (Ended, DecodeError) as why:
            raise Unreachable(f"its directory could not be fetched: {why}") from why
    if answer.status != 200:
        raise Unreachable(f"it is no issuer: a GET of its directory gave status {answer.status}")
    told = [f"it speaks {' and '.join(_HTTP[v] for v in chosen)}"]
    try:
        known = known_of(where, answer.content)
    except DecodeError as why:
        if media_type(answer.fields) != DIRECTORY_TYPE:
            raise Unreachable(f"it is no issuer: {why}") from why
        known = Known(where, ())
        told.append(f"its directory cannot be read: {why}")
    types = tuple(t for t in TYPES if known.of_type(t))
    kinds = " and ".join(map(str, types))
    told.append(
        f"{len(known.keys)} keys of its directory can be used (type {kinds})" if types else "no key can be used"
    )
    offer = RoleOffer((), {"http": chosen, "type": types})
    return (Found(ISSUER, Hello("", roles={ISSUER: offer}), url, told, {"served": served, "issuer": known}),)


async def _origin(url: str, setup: Setup, versions: Sequence[int], served: Served) -> Sequence[Found]:
    """An origin is known by what it asks for (RFC 9577, Section 2.1)."""
    chosen = await http_versions(setup, url, versions)
    if not chosen:
        return ()
    run = CaseRun(setup, {"http": chosen[0]}, random.Random(0))
    bench = run.bench("probe")
    async with run.stack:
        try:
            offers = await challenged(bench, await bench.connect(url))
        except (Ended, DecodeError) as why:
            raise Unreachable(f"it could not be asked: {why}") from why
    seen = bench.record.last("decoded", "challenge")
    if seen is None or not (offers or b"privatetoken" in seen.octets.lower()):
        raise Unreachable("it is no origin that asks for tokens: a GET there got no PrivateToken challenge")
    kinds = [decode_challenge(o.challenge).token_type for o in offers]
    types = tuple(kind for kind in reversed(TYPES) if kind in kinds)
    told = [f"it speaks {' and '.join(_HTTP[v] for v in chosen)}"]
    told.append(f"it asks for tokens of type {' and '.join(map(str, types)) or 'unknown'}")
    offer = RoleOffer((), {"http": chosen, "type": types})
    return (Found(ORIGIN, Hello("", roles={ORIGIN: offer}), url, told, {"served": served}),)
