"""The references of every role pass all their cases, and faults are what they should be."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from conformance.engine.mutants import kill_matrix, see, subject_for
from conformance.engine.session import Request, run_session
from conformance.protocols.privacypass import PROTOCOL
from conformance.protocols.privacypass.peers import Issuer, Origin

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
