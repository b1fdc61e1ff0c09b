"""Adapter (JSON Lines on the standard streams) around the VRF of the PyPI package `aimarket-oracle-sortes`.

Keys, proofs and outputs are the package's work; the shim carries octets in and out.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any

from sortes import vrf

SUITE = "ECVRF-EDWARDS25519-SHA512-TAI"
PACKAGE = "aimarket-oracle-sortes"


def hello() -> dict[str, Any]:
    """What it is."""
    offer = {"features": [], "variants": {"suite": [SUITE]}}
    return {
        "protocol": 1, "name": PACKAGE, "version": version(PACKAGE), "language": "python",
        "source": [f"pkg:pypi/{PACKAGE}@{version(PACKAGE)}"],
        "roles": {"vrf.prover": offer, "vrf.verifier": offer},
        "operations": ["vrf.prove", "vrf.verify"], "parallel": 1, "controls": [],
    }  # fmt: skip


def answer(do: str, given: dict[str, Any]) -> dict[str, Any]:
    """The answer to one question."""
    if do == "hello":
        return {"ok": hello()}
    if do in {"ping", "bye"}:
        return {"ok": {}}
    if do not in {"vrf.prove", "vrf.verify"}:
        return {"unsupported": {"reason": f"unknown operation {do}"}}
    try:
        suite, alpha = given["suite"], bytes.fromhex(given["alpha"])
        wanted = ("secret_key",) if do == "vrf.prove" else ("public_key", "proof")
        octets = [bytes.fromhex(given[name]) for name in wanted]
    except (KeyError, TypeError, ValueError) as why:
        return {"error": {"detail": repr(why)}}
    if suite != SUITE:
        return {"unsupported": {"reason": f"no suite {suite}"}}
    if do == "vrf.prove":
        try:
            proof = vrf.prove(octets[0], alpha)
        except ValueError as why:
            return {"refused": {"class": "key", "detail": str(why)}}
        return {"ok": {"proof": proof.hex(), "output": vrf.proof_to_hash(proof).hex()}}
    output = vrf.verify(octets[0], alpha, octets[1])
    return {"refused": {"class": "invalid"}} if output is None else {"ok": {"output": output.hex()}}


def main() -> None:
    """Answer until the questions end. An exception of the package is a death, as it would be elsewhere."""
    for line in sys.stdin:
        try:
            question = json.loads(line)
            number, do, given = question["id"], question["do"], question.get("with", {})
        except (KeyError, TypeError, ValueError) as why:
            number, do, said = None, "", {"error": {"detail": repr(why)}}
        else:
            said = answer(do, given)
        sys.stdout.write(json.dumps({"id": number, **said}) + "\n")
        sys.stdout.flush()
        if do == "bye":
            break


if __name__ == "__main__":
    main()
