"""Looks at a target: whether it is a proxy for UDP, over which HTTP versions, and what it can reach."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from conformance.bench import CaseRun, Found, Hello, RoleOffer, Served, Setup
from conformance.model import ACCEPTED, Ended, Exchange, Outcome, Part, Unreachable, UsageError
from conformance.protocols.masque.exchanges import capsule_echo, echo, knock
from conformance.protocols.masque.messages import template_of
from conformance.wire import DecodeError

ROLE = "masque.proxy"
NAMES = {1: "HTTP/1.1", 2: "HTTP/2", 3: "HTTP/3"}
PROBE_PATIENCE = 1.0
OLD_DATAGRAM = 0x276
"""H3_DATAGRAM in drafts 03 to 07 of HTTP Datagrams."""
NOBODY = ("192.0.2.1", 9)
"""An address of documentation (RFC 5737): a tunnel to it says whether tunnels are granted."""
CAPSULES, DATAGRAMS = "capsules", "datagrams"
"""What cases need of a proxy: that it takes DATAGRAM capsules in all its versions, QUIC datagrams in HTTP/3."""


async def probe(url: str, *, setup: Setup, versions: Sequence[int] = (), served: Served) -> Sequence[Found]:
    """What of MASQUE there is at a URL; nothing where no request for a tunnel is answered as one.

    The user's option `template` is the proxy's URI template; without it the well-known one is asked for.
    """
    template = setup.options.get("template", str(served.more.get("template", "")))
    if template:
        try:
            template_of(template)
        except DecodeError as wrong:
            raise UsageError(f"--option template={template} is no template of a proxy: {wrong}") from wrong
        parts = urlsplit(template)
        url = f"{parts.scheme}://{parts.netloc}/"
    if not url.startswith("https://"):
        versions = [v for v in versions or (1, 2) if v != 3]
    memory: dict[str, Any] = {"served": Served(url, {**served.more, **({"template": template} if template else {})})}
    why: list[str] = []
    await _old(setup, memory, versions)
    if setup.lab is None:
        return await _without_target(url, setup, versions, memory)
    asked, works = [], []
    capsules, datagrams, told = True, False, ""
    for version in versions or (1, 2, 3):
        outcome, told, part = await _tried(setup, memory, knock, {"asked": version})
        if outcome != ACCEPTED or not _granted(part):
            continue
        asked.append(version)
        outcome, told, part = await _tried(setup, memory, echo, {"http": version})
        if outcome != ACCEPTED:
            why.append(f"over {NAMES[version]} it grants a tunnel through which nothing passes: {told}")
            continue
        works.append(version)
        if version == 3:
            path = part.last("opened", "tunnel")
            datagrams = path is not None and path.value["by"] == DATAGRAMS
            if not datagrams:
                why.append("over HTTP/3 it takes no QUIC datagrams")
            outcome, told, _ = await _tried(setup, memory, capsule_echo, {"http": version})
            capsules = outcome == ACCEPTED
            if not capsules:
                why.append(f"over {NAMES[version]} capsules do not pass: {told}")
    if not asked:
        return ()
    why.insert(0, f"it grants tunnels over {' and '.join(NAMES[v] for v in asked)}")
    features = [*([CAPSULES] if capsules else []), *([DATAGRAMS] if datagrams else [])]
    lacks = {} if capsules else {CAPSULES: f"it takes no DATAGRAM capsules over HTTP/3 ({told})"}
    if not datagrams:
        lacks[DATAGRAMS] = "it takes no QUIC datagrams"
    offer = RoleOffer(tuple(features), {"http": tuple(works), "asked": tuple(asked)})
    return (Found(ROLE, Hello("", roles={ROLE: offer}), url, why, memory, "", lacks),)


async def _without_target(url: str, setup: Setup, versions: Sequence[int], memory: dict[str, Any]) -> Sequence[Found]:
    """What can be seen without a target of ours: over which versions a tunnel is granted; nothing goes through it."""
    asked = [version for version in versions or (1, 2, 3) if await _grants(setup, memory, version)]
    if not asked:
        return ()
    why = [f"it grants tunnels over {' and '.join(NAMES[v] for v in asked)}"]
    offer = RoleOffer((), {"http": tuple(asked), "asked": tuple(asked)})
    reduced = "no target of ours can be reached from there (--listen and --reachable-as make one)"
    return (Found(ROLE, Hello("", roles={ROLE: offer}), url, why, memory, reduced),)


async def _grants(setup: Setup, memory: dict[str, Any], version: int) -> bool:
    """Whether a tunnel to nobody is granted in a version of HTTP."""
    outcome, _, part = await _tried(setup, memory, knock, {"asked": version}, where=NOBODY)
    return outcome == ACCEPTED and _granted(part)


def _granted(part: Part) -> bool:
    """Whether an answer is that of a proxy: many a server says 200 to everything, in HTTP/1.1 to an upgrade too."""
    answer = next((e for e in reversed(part.events) if "status" in e.value and "fields" in e.value), None)
    if answer is None or part.variant.get("asked") != 1:
        return True
    named = {str(name).lower() for name, _ in answer.value["fields"]}
    return answer.value["status"] == 101 or "capsule-protocol" in named


async def _old(setup: Setup, memory: dict[str, Any], versions: Sequence[int]) -> None:
    """Unreachable, where the target's settings are those of a draft from before RFC 9297."""
    if 3 not in (versions or (3,)):
        return
    _, _, part = await _tried(setup, memory, knock, {"asked": 3})
    said = part.last("decoded", "settings")
    pairs = dict(tuple(p) for p in said.value["pairs"]) if said is not None else {}
    if OLD_DATAGRAM in pairs and 0x33 not in pairs:
        raise Unreachable(
            "it speaks a draft from before RFC 9297 and RFC 9298: its settings have H3_DATAGRAM under the number 0x276 "
            "of the drafts, and not under 0x33, so that no tunnel of today passes through it",
            hint="is there a newer version of it?",
        )


async def _tried(
    setup: Setup, memory: dict[str, Any], exchange: Exchange, variant: dict[str, int], **how: Any
) -> tuple[Outcome, str, Part]:
    """How one honest exchange ends, in words too."""
    setup.memory.update(memory)
    patience, setup.patience = setup.patience, min(setup.patience, PROBE_PATIENCE)
    run = CaseRun(setup, variant, random.Random(1))
    bench = run.bench("probe")
    try:
        async with run.stack:
            try:
                await exchange(bench, **how)
            except (Ended, DecodeError) as error:
                if not bench.record.events:
                    bench.saw("undecodable", detail=str(error))
    finally:
        setup.patience = patience
    outcome = exchange.ended(bench.record)
    detail = bench.record.detail()
    return outcome, f"{outcome}: {detail}" if detail else str(outcome), bench.record
