"""The reference library of VRFs, and what is said of proofs that a library made wrongly."""

import pytest

from conformance.crypto.vrf import ECVRF, EDWARDS25519_TAI, P256_TAI, SUITES
from conformance.model import Event, Part
from conformance.protocols.keytrans.cases.vrf import _forged as forged
from conformance.protocols.keytrans.exchanges import _vrf
from conformance.protocols.keytrans.exchanges._vrf import prover_wrong
from conformance.protocols.keytrans.peers import VRFLibrary

SECRET, ALPHA = bytes(31) + b"\7", b"alpha"


def part_with(suite, proof, output=b""):
    """A part in which a library proved so."""
    asked = {"suite": suite.name, "secret_key": SECRET.hex(), "alpha": ALPHA.hex()}
    reply = {"ok": {"proof": proof.hex(), "output": output.hex()}}
    return Part(
        "changed", events=[Event(0, "", "asked", "vrf.prove", asked), Event(0, "", "reply", "vrf.prove", reply)]
    )


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_the_library_proves_and_verifies(suite):
    library = VRFLibrary()
    made = library.vrf_prove(suite.name, SECRET.hex(), ALPHA.hex())["ok"]
    public = ECVRF(suite).public(SECRET).hex()
    assert library.vrf_verify(suite.name, public, ALPHA.hex(), made["proof"]) == {"ok": {"output": made["output"]}}
    assert "refused" in library.vrf_verify(suite.name, public, "00", made["proof"])
    assert "refused" in library.vrf_prove(suite.name, "00", ALPHA.hex())
    assert "unsupported" in library.vrf_prove("none", SECRET.hex(), "")
    assert "unsupported" in library.vrf_verify("none", public, "", made["proof"])
    right = part_with(suite, bytes.fromhex(made["proof"]), bytes.fromhex(made["output"]))
    assert prover_wrong(right) == ("", "")


def test_the_step_that_went_wrong_is_told():
    steps = ECVRF(EDWARDS25519_TAI)
    honest = steps.prove(SECRET, ALPHA)
    other = steps.prove(SECRET, ALPHA, 5)
    moved = (steps.decode_proof(honest).gamma + forged.TORSION[1]).encode() + honest[32:]
    larger = honest[:48] + steps.octets(steps.decode_proof(honest).s + steps.group.order, 32)
    for proof, step in (
        (honest, _vrf.BETA), (other, _vrf.NONCE), (moved, _vrf.GAMMA), (larger, _vrf.REDUCED),
        (honest[:-1], _vrf.LAYOUT),
        (honest[:40] + bytes(40), _vrf.CHALLENGE), (b"\xff" * 48 + bytes(32), _vrf.LAYOUT),
    ):  # fmt: skip
        assert prover_wrong(part_with(EDWARDS25519_TAI, proof))[0] == step
    p256 = ECVRF(P256_TAI).prove(SECRET, ALPHA)
    assert prover_wrong(part_with(P256_TAI, b"\4" + p256[1:]))[0] == _vrf.FORM


def test_forged_keys_are_all_that_may_be_read_as_small():
    keys = forged.small_order_keys()
    assert len({key for key, _ in keys.values()}) == len(keys) == 14
    assert all((8 * point).identity for _, point in keys.values())
