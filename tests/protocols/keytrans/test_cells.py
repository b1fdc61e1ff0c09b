"""A prover and a verifier that meet: whole proofs pass, and what is chosen by our own prover is not asked for."""

from conformance.engine.mutants import subject_for
from conformance.engine.session import Other, Request, run_session
from conformance.protocols.keytrans import PROTOCOL

VERIFIER, PROVER = "vrf.verifier", "vrf.prover"


async def met(prover):
    peers = PROTOCOL.peers()
    request = Request(
        subject_for(peers[VERIFIER]), [PROTOCOL], how="reference", roles=[VERIFIER], base_only=True,
        others=[Other(PROVER, subject_for(prover or peers[PROVER]), "prover")],
    )  # fmt: skip
    _, result = await run_session(request)
    return {v.case: v.shown for v in result.verdicts}


async def test_ours_meet():
    seen = await met(None)
    assert set(seen.values()) == {"pass", "not-applicable"}
    assert seen["keytrans/vrf/verifier/nonce-of-zero"] == "not-applicable"


class Wrong:
    """Proves with a scalar that is one bit off."""

    def __init__(self):
        self.honest = PROTOCOL.peers()[PROVER]()
        self.hello = self.honest.hello

    def vrf_prove(self, **asked):
        reply = self.honest.vrf_prove(**asked)
        proof = bytearray.fromhex(reply["ok"]["proof"])
        proof[-1] ^= 1
        return {"ok": reply["ok"] | {"proof": proof.hex()}}


async def test_a_proof_that_does_not_hold_fails_the_cell():
    seen = await met(Wrong)
    assert "pass" not in seen.values()
    assert seen["keytrans/vrf/verifier/alpha-of-many-lengths"] in {"fail", "inconclusive"}
