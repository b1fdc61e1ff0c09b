"""The reference peers pass all their cases, and a fault is seen, over loopback."""

from __future__ import annotations

import pytest

from conformance.engine.mutants import see, subject_for
from conformance.engine.session import Request, run_session
from conformance.protocols.masque import PROTOCOL
from conformance.protocols.masque.peers import Client, Proxy
from conformance.subjects import ObjectSubject

FINE = {"pass", "tolerated", "not-applicable"}


async def verdicts(subject, role, **more):
    _, result = await run_session(
        Request(subject, [PROTOCOL], title="reference", how="reference", roles=[role], patience=5.0, **more)
    )
    return {(v.case, tuple(v.variant.items())): v for v in result.verdicts}


@pytest.mark.timeout(120)
async def test_the_reference_proxy_passes_over_all_versions():
    seen = await verdicts(subject_for(Proxy), "masque.proxy", include=["masque/proxy/[ctp]*", "masque/proxy/upgrade/*"])
    assert {v.shown for v in seen.values()} <= FINE, [v for v in seen.values() if v.shown not in FINE]
    assert {dict(variant).get("http") for _, variant in seen} >= {1, 2, 3}


@pytest.mark.timeout(120)
async def test_the_reference_client_passes_over_all_versions():
    seen = await verdicts(ObjectSubject(Client), "masque.client", lanes=4)
    assert {v.shown for v in seen.values()} <= FINE, [v for v in seen.values() if v.shown not in FINE]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("forwards-every-context", "masque/proxy/contexts/payload-in-an-unknown-context"),
        ("cut-capsule-is-a-clean-end", "masque/proxy/capsules/stream-ends-inside-a-capsule"),
    ],
)
async def test_a_proxy_with_a_fault_is_seen(name, case):
    fault = next(f for f in PROTOCOL.faults() if f.name == name)
    seen = {v.case: v.shown for v in (await see(PROTOCOL, fault.role, fault)).verdicts}
    assert seen[case] == "fail"
