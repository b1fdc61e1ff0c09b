"""What the probe says of targets."""

from __future__ import annotations

import pytest

from conformance.engine.mutants import subject_for
from conformance.engine.session import Request, Session
from conformance.model import Unreachable
from conformance.protocols.masque import PROTOCOL
from conformance.protocols.masque.faults import _capsules, _requests
from conformance.protocols.masque.peers import Proxy


class OfADraft(Proxy):
    """Says what proxies said before RFC 9297."""

    def pairs(self):
        return ((0x276, 1),)


def wrong(module, name):
    return next(f.make for f in module.FAULTS if f.name == name)


async def looked_at(make, http=()):
    told = []
    request = Request(
        subject_for(make), [PROTOCOL], title="x", how="reference", roles=["masque.proxy"], http=http, patience=5.0
    )
    session = Session(request, told.append)
    try:
        await session.prepare()
        (run,) = session.runs
        assert run.found is not None
        return run.found, told
    finally:
        await session.close()


async def test_a_whole_proxy_is_found_in_all_versions():
    found, told = await looked_at(Proxy)
    offer = found.hello.roles["masque.proxy"]
    assert offer.variants == {"http": (1, 2, 3), "asked": (1, 2, 3)}
    assert set(offer.features) == {"capsules", "datagrams"}
    assert "HTTP/1.1 and HTTP/2 and HTTP/3" in told[0]


async def test_only_the_versions_that_are_wanted_are_looked_at():
    found, _ = await looked_at(Proxy, http=(2,))
    assert found.hello.roles["masque.proxy"].variants == {"http": (2,), "asked": (2,)}


async def test_a_proxy_that_takes_no_capsules_lacks_them_with_the_reason():
    found, told = await looked_at(wrong(_capsules, "discards-datagram-capsules"))
    assert "capsules" not in found.hello.roles["masque.proxy"].features
    assert "DATAGRAM capsules" in found.lacks["capsules"]
    assert any("capsules do not pass" in t for t in told)


async def test_a_version_in_which_nothing_passes_is_told():
    found, told = await looked_at(wrong(_requests, "upgrade-is-a200"))
    assert found.hello.roles["masque.proxy"].variants == {"http": (2, 3), "asked": (1, 2, 3)}
    assert any("over HTTP/1.1 it grants a tunnel through which nothing passes" in t for t in told)


async def test_an_older_draft_comes_out_as_one():
    with pytest.raises(Unreachable, match="a draft from before RFC 9297"):
        await looked_at(OfADraft)
