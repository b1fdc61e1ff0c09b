"""The references of every role pass all their cases, and faults are what they should be."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from conformance.bench import Quiet
from conformance.crypto import blindrsa
from conformance.engine.mutants import kill_matrix, see, subject_for
from conformance.engine.session import Request, run_session
from conformance.protocols.privacypass import PROTOCOL
from conformance.protocols.privacypass.messages import PrivateRSAKey
from conformance.protocols.privacypass.peers import Issuer, Origin
from conformance.subjects import URLSubject

FINE = {"pass", "tolerated", "not-applicable", "unsupported"}
KILLED = ("trailing-octets-ignored", "key-of2047-bits", "proof-not-verified", "salt-of-any-length")


@pytest.mark.timeout(200)
@pytest.mark.parametrize("role", [role.name for role in PROTOCOL.roles])
def test_the_reference_passes_all_its_cases(role):
    request = Request(
        subject_for(PROTOCOL.peers()[role]), [PROTOCOL], title="reference", how="reference", roles=[role], http=[1],
        patience=5.0,
    )  # fmt: skip
    _, result = asyncio.run(run_session(request))
    assert {v.case: v.reason for v in result.verdicts if v.shown not in FINE} == {}
    assert len(result.verdicts) >= 25


@pytest.mark.timeout(200)
@pytest.mark.parametrize("name", KILLED)
def test_a_fault_is_killed(name):
    fault = next(f for f in PROTOCOL.faults() if f.name == name)
    seen = asyncio.run(see(PROTOCOL, fault.role, fault))
    assert name in {k.fault for k in kill_matrix([seen], {name: fault}, PROTOCOL).kills}


def test_every_fault_has_a_name_of_its_own_and_a_role_that_there_is():
    counted = Counter(fault.name for fault in PROTOCOL.faults())
    assert [name for name, n in counted.items() if n > 1] == []
    assert {fault.role for fault in PROTOCOL.faults()} == {role.name for role in PROTOCOL.roles}


def test_an_origin_is_told_whom_to_trust_and_others_nothing():
    assert {key["type"] for key in PROTOCOL.told("privacypass.origin")["issuer"]["keys"]} == {1, 2}
    assert PROTOCOL.told("privacypass.issuer") == {}
    assert (Issuer.role, Origin.role) == ("privacypass.issuer", "privacypass.origin")


class Foreign(Issuer):
    """An issuer whose key is not one that the suite can sign with."""

    pair = PrivateRSAKey.of(blindrsa.generate(random.Random(9577)))

    def make_keys(self):
        return (self.pair,)


class Trusting(Origin):
    """An origin that trusts that issuer, and asks for tokens of its only type."""

    def offers_for(self, authority):
        return [self.offered(2, authority)]


@pytest.mark.timeout(100)
def test_tokens_come_from_the_issuer_that_the_user_names():
    async def ran(*include, **options):
        issuer = Foreign(Quiet(1), {})
        served = await issuer.start()
        trusted = {"name": "issuer.example", "keys": [{"type": 2, "public": Foreign.pair.public.octets.hex()}]}
        origin = Trusting(Quiet(2), {"issuer": trusted})
        url = (await origin.start()).url
        request = Request(
            URLSubject(url, ["privacypass.origin"]), [PROTOCOL], include=include, http=[1],
            options=dict.fromkeys(options, served.url),
        )  # fmt: skip
        try:
            return (await run_session(request))[1].verdicts
        finally:
            await issuer.stop()
            await origin.stop()

    cases = ("privacypass/origin/spending/one-token-spent-twice", "privacypass/origin/token/signature-of-another-kind")
    got = {v.case: v.shown for v in asyncio.run(ran(*cases, issuer=True))}
    assert got == {cases[0]: "pass", cases[1]: "not-applicable"}
    got = {v.case: v.shown for v in asyncio.run(ran(*cases))}
    assert set(got.values()) == {"not-applicable"}
