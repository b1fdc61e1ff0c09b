"""What the probe finds at a URL: keys where a redirect leads, in a file, and what of that outlasts a fresh start."""

from __future__ import annotations

import random
import time

import pytest

from conformance import crypto
from conformance.bench import Lab, Setup
from conformance.crypto import Suite
from conformance.net import Route, serve
from conformance.protocols.ohttp import messages, probe
from conformance.protocols.ohttp._relay_probe import probe_relay
from conformance.subjects import URLSubject
from conformance.wire.http import response

SUITE = Suite.parse("0020/0001/0001")
PUBLIC = crypto.generate(SUITE.kem, random.Random(1)).public
COLLECTION = messages.key_collection([messages.KeyEntry(7, SUITE.kem, PUBLIC, ((SUITE.kdf, SUITE.aead),))]).encode()
WELL_KNOWN = probe.WELL_KNOWN.encode()


async def looked_at(places, **options):
    """Probe a server that answers GET by path; what was found, and the paths that were asked for."""
    asked = []

    async def answer(exchange):
        path = exchange.request.target
        if exchange.request.method == b"GET":
            asked.append(path)
        status, fields, content = places.get(path, (404, [], b"no"))
        await exchange.answer(response(status, fields, content, version=exchange.request.version).build())

    server = await serve(answer, host="127.0.0.1")
    try:
        subject = URLSubject(server.url, [probe.ROLE])
        setup = Setup(subject, probe.ROLE, time.monotonic, None, lambda url, _: Route.of(url), 1.0, options)
        served = await subject.serve(probe.ROLE, {})
        return await probe.probe(server.url, setup=setup, versions=(1,), served=served), asked, server.url
    finally:
        await server.close()


def keys(octets):
    return (200, [(b"content-type", messages.KEYS_TYPE.encode())], octets)


def to(place):
    return (307, [(b"location", place)], b"")


async def test_a_redirect_on_the_same_host_is_followed():
    (found,), asked, url = await looked_at({WELL_KNOWN: to(b"/elsewhere"), b"/elsewhere": keys(COLLECTION)})
    assert [p for p in asked if p != WELL_KNOWN] == [b"/elsewhere"]
    assert found.memory["served"].more == {"keys": f"{url.rstrip('/')}/elsewhere"}
    assert "keys" not in found.memory, "they are the target's, and fetched anew in each life"
    assert any("/elsewhere for its keys (status 307)" in why for why in found.why)


@pytest.mark.parametrize("place", [b"http://other.example/keys", b"https://127.0.0.1/keys"])
async def test_no_other_host_is_asked(place):
    found, asked, _ = await looked_at({WELL_KNOWN: to(place)})
    assert found == ()
    assert set(asked) == {WELL_KNOWN}


async def test_a_circle_ends():
    found, asked, _ = await looked_at({WELL_KNOWN: to(WELL_KNOWN)})
    assert found == ()
    assert len(asked) <= 2 + probe.REDIRECTS


async def test_keys_from_a_file_and_the_well_known_place_outlast_a_fresh_start(tmp_path):
    file = tmp_path / "keys.bin"
    file.write_bytes(COLLECTION)
    (found,), _, url = await looked_at({}, keys=str(file))
    assert found.memory["served"].url == url.rstrip("/") + probe.WELL_KNOWN
    assert len(found.memory["keys"]) == 1


@pytest.mark.parametrize("status", [404, 405, 200])
async def test_a_url_that_passes_nothing_on_to_us_is_no_relay(status):
    async def answer(exchange):
        await exchange.answer(response(status, [], b"", version=exchange.request.version).build())

    server, lab = await serve(answer, host="127.0.0.1"), await Lab.start()
    try:
        subject = URLSubject(server.url, ["ohttp.relay"])
        setup = Setup(subject, "ohttp.relay", time.monotonic, lab, lambda url, _: Route.of(url), 0.3)
        setup.memory["served"] = await subject.serve("ohttp.relay", {})
        assert await probe_relay(server.url, setup=setup, versions=(1,)) == ()
    finally:
        await server.close()
        await lab.close()
