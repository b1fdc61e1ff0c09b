"""The reference library of VRFs (RFC 9381), as an object that answers as an adapter does."""

from __future__ import annotations

from typing import ClassVar

from conformance.bench import Hello, Reply, RoleOffer
from conformance.crypto.vrf import ECVRF, SUITES, VRFError

_OFFER = RoleOffer(variants={"suite": tuple(SUITES)})


class VRFLibrary:
    """Proves and verifies in all four suites; the steps are those of `vrf`, so that a fault replaces one of them."""

    vrf: ClassVar[type[ECVRF]] = ECVRF

    def hello(self) -> Hello:
        """What it is."""
        return Hello(
            "reference library",
            language="python",
            roles={"vrf.prover": _OFFER, "vrf.verifier": _OFFER},
            operations=("vrf.prove", "vrf.verify"),
        )

    def vrf_prove(self, suite: str, secret_key: str, alpha: str) -> Reply:
        """Prove for alpha, and give the output as well."""
        if suite not in SUITES:
            return {"unsupported": {"reason": f"no suite {suite}"}}
        vrf = self.vrf(SUITES[suite])
        try:
            proof = vrf.prove(bytes.fromhex(secret_key), bytes.fromhex(alpha))
            return {"ok": {"proof": proof.hex(), "output": vrf.output(vrf.decode_proof(proof).gamma).hex()}}
        except VRFError as why:
            return {"refused": {"class": "key", "detail": str(why)}}

    def vrf_verify(self, suite: str, public_key: str, alpha: str, proof: str) -> Reply:
        """Verify a proof, and give the output that it proves."""
        if suite not in SUITES:
            return {"unsupported": {"reason": f"no suite {suite}"}}
        vrf = self.vrf(SUITES[suite])
        try:
            output = vrf.verify(bytes.fromhex(public_key), bytes.fromhex(alpha), bytes.fromhex(proof))
        except VRFError as why:
            return {"refused": {"class": "invalid", "detail": str(why)}}
        return {"ok": {"output": output.hex()}}
