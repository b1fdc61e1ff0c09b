"""Looks at a target: whether it is a gateway, with which keys, over which HTTP versions, and what it can reach."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from conformance.bench import CaseRun, Found, Hello, RoleOffer, Served, Setup
from conformance.model import ACCEPTED, Ended, Unreachable, UsageError
from conformance.net import Answer, Nobody, Route, connect
from conformance.protocols.ohttp.exchanges import fetch, get_keys
from conformance.protocols.ohttp.messages import KEYS_TYPE, KeyEntry, decode_keys
from conformance.wire import DecodeError
from conformance.wire.http import media_type

WELL_KNOWN = "/.well-known/ohttp-gateway"
PROBE_PATIENCE = 1.0
REDIRECTS = 3
"""How many redirects of the resource with the keys are followed."""
ROLE = "ohttp.gateway"
SUITES, FOREIGN_KEM = "suites", "foreign-kem"
"""What exchanges need of a gateway: suites that we have, or none that we have."""


async def probe(url: str, *, setup: Setup, versions: Sequence[int] = (), served: Served) -> Sequence[Found]:
    """What of Oblivious HTTP there is at a URL; nothing when it has no key configurations for us.

    `versions` are the HTTP versions that the user allows (none: what the target takes); an adapter may say in `served`
    where its `keys` are. The user's option `keys` names a URL or a file with key configurations.
    """
    parts = urlsplit(url)
    gateway = url if parts.path not in {"", "/"} else f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}"
    why: list[str] = []
    chosen = await _versions(setup.route, gateway, versions, setup.patience)
    if not chosen:
        return ()
    why.append(f"it speaks {' and '.join(_HTTP[v] for v in chosen)}")
    source = setup.options.get("keys", str(served.more.get("keys", "")))
    more = {"keys": source} if source.startswith(("http://", "https://")) else {}
    setup.memory["served"] = Served(gateway, more)
    fetched = await _keys(setup, source if not more else "", chosen[0], why)
    if fetched is None:
        return ()
    content, kind, place = fetched
    if place not in {"", gateway}:
        more = {"keys": place}
    offer = RoleOffer(variants={"http": tuple(chosen)})
    memory: dict[str, Any] = {"served": Served(gateway, more)}
    try:
        keys = decode_keys(content)
    except DecodeError as error:
        why.append(f"its key configurations cannot be read: {error}")
        if kind not in {KEYS_TYPE, ""}:
            raise Unreachable("it is no gateway: " + "; ".join(why)) from error
        return (_foreign(offer, gateway, why, memory, "no request can be made for it"),)
    suites = tuple(dict.fromkeys(s.name for entry in keys for s in entry.suites))
    why.append(_told(keys, suites))
    if not place:  # from a file: nobody else has them; those of the target are fetched anew in each life
        memory["keys"] = keys
    if not suites:
        return (_foreign(offer, gateway, why, memory, "we have none of its suites"),)
    offer = RoleOffer((SUITES,), {"http": tuple(chosen), "suite": suites})
    reduced = await _reduced(setup, memory | {"keys": keys}, chosen[0], suites[0], why)
    lacks = {FOREIGN_KEM: "it is for gateways none of whose suites we have"}
    return (Found(ROLE, Hello("", roles={ROLE: offer}), gateway, why, memory, reduced, lacks),)


def _foreign(offer: RoleOffer, url: str, why: Sequence[str], memory: Mapping[str, Any], reduced: str) -> Found:
    """A gateway for which we can encapsulate nothing: only what happens before it decapsulates can be seen."""
    offer = RoleOffer((FOREIGN_KEM,), offer.variants)
    return Found(ROLE, Hello("", roles={ROLE: offer}), url, why, memory, reduced, {SUITES: reduced})


_HTTP = {1: "HTTP/1.1", 2: "HTTP/2", 3: "HTTP/3"}


def _told(keys: Sequence[KeyEntry], suites: Sequence[str]) -> str:
    unknown = [f"{e.kem:#06x}" for e in keys if not e.suites]
    told = f"it has {len(keys)} key configuration{'s' * (len(keys) != 1)} with {len(suites)} suites that we have"
    return told + (f" (nothing of ours with KEM {', '.join(unknown)})" if unknown else "")


async def _versions(
    route: Callable[[str, str | None], Route], url: str, allowed: Sequence[int], patience: float
) -> list[int]:
    """The HTTP versions that answer: by ALPN over TLS, by trying without."""
    found = []
    for version in allowed or (1, 2):
        try:
            connection = await connect(
                route(url, None), Nobody(), version=version, patience=min(patience, PROBE_PATIENCE)
            )
        except Ended:
            continue
        try:
            if version == 1 or await _answers(connection, url):
                found.append(version)
        finally:
            await connection.close()
    return found


async def _answers(connection: Any, url: str) -> bool:
    from conformance.wire.http import request

    parts = urlsplit(url)
    asked = request(b"GET", parts.path.encode() or b"/", parts.netloc.encode(), version=connection.version)
    try:
        await (await connection.request(Nobody(), asked.build(), "probe")).answer()
    except (Ended, DecodeError):
        return False
    return True


async def _keys(setup: Setup, file: str, version: int, why: list[str]) -> tuple[bytes, str, str] | None:
    """The key configurations, their media type and their URL: from a file of the user's (neither), or from the target.

    Redirects are followed on the host that the user named; no other is contacted.
    """
    if file:
        try:
            why.append(f"its keys are those in {file}")
            return _read(file), "", ""
        except OSError as error:
            raise UsageError(f"the key configurations {file} cannot be read: {error.strerror}") from error
    run = CaseRun(setup, {"http": version}, random.Random(0))
    bench = run.bench("probe")
    async with run.stack:
        try:
            served = await bench.serving()
            url = str(served.more.get("keys") or served.url)
            answer = await get_keys(bench, await bench.connect(url), where=url)
            for _ in range(REDIRECTS):
                moved = _moved(url, answer)
                if moved is None or urlsplit(moved)[:2] != urlsplit(url)[:2]:
                    break
                why.append(f"{url} sends us to {moved} for its keys (status {answer.status})")
                url = moved
                answer = await get_keys(bench, await bench.connect(url), where=url)
        except (Ended, DecodeError) as error:
            why.append(f"its key configurations could not be fetched: {error}")
            return None
    if answer.status != 200 or not answer.content:
        away = _moved(url, answer)
        told = f"; it sends us to another host, and --option keys={away} asks there" if away else ""
        why.append(f"a GET for key configurations gave status {answer.status}{told}")
        return None
    kind = media_type(answer.fields)
    why.append(f"its keys are served as {kind or 'content without a type'}")
    return answer.content, kind, url


def _moved(url: str, answer: Answer) -> str | None:
    """Where an answer sends who asks for the keys: RFC 9540 fetches them as any resource, redirects included."""
    place = next((value for name, value in answer.fields if name.lower() == b"location"), None)
    if answer.status not in {301, 302, 303, 307, 308} or place is None:
        return None
    try:
        return urljoin(url, place.decode("ascii"))
    except ValueError:
        return None


def _read(file: str) -> bytes:
    return Path(file).read_bytes()


async def _reduced(setup: Setup, memory: Mapping[str, Any], version: int, suite: str, why: list[str]) -> str:
    """Why our own target cannot be reached through the gateway; empty when it can."""
    if setup.lab is None:
        return "no target of ours can be reached from there (--listen and --reachable-as make one)"
    setup.memory.update(memory)
    run = CaseRun(setup, {"http": version, "suite": suite}, random.Random(1))
    bench = run.bench("probe")
    async with run.stack:
        try:
            await fetch(bench)
        except (Ended, DecodeError) as error:
            why.append(f"a first request was not answered: {error}")
            return f"a first request was not answered: {error}"
    if fetch.outcome(bench.record) == ACCEPTED:
        why.append("our own target can be reached through it")
        return ""
    outcome = fetch.outcome(bench.record)
    return f"our own target ({setup.lab.url}) cannot be reached through the gateway ({outcome})"
