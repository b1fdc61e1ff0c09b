"""Libraries of VRFs (RFC 9381): one proof is made, or one is verified.

`accepted` of a prover means the very proof and output of the document, since its nonces are deterministic; of a
verifier, that it gives the output which our strict verifier finds in the octets that left.
"""

from __future__ import annotations

from conformance.bench import Bench
from conformance.crypto.vrf import CHALLENGE_LENGTH, ECVRF, SUITES, VRFError
from conformance.library import REFUSED, answered, octets_of
from conformance.model import ACCEPTED, ANYWAY, WRONG, Ended, Outcome, Part, exchange
from conformance.wire import Message

OVER = {"suite": tuple(SUITES)}
ALPHA = b"conformance"
R = "rfc9381"
H, GAMMA, SCALAR = (
    f"{R}/5.1/h-from-salt-and-alpha",
    f"{R}/5.1/gamma-is-scalar-times-h",
    f"{R}/5.1/secret-scalar-per-suite",
)
CHALLENGE, REDUCED = f"{R}/5.1/challenge-over-five-points", f"{R}/5.1/proof-scalar-reduced"
LAYOUT, BETA = f"{R}/5.1/proof-string-exact-layout", f"{R}/5.2/beta-hashes-cofactor-times-gamma"
NONCE = f"{R}/5.1/nonce-from-encoded-h"
FORM = f"{R}/5.5/p256-points-compressed"


def steps(suite: str) -> ECVRF:
    """The steps of a suite by its name."""
    return ECVRF(SUITES[suite])


def secret_key(bench: Bench) -> bytes:
    """A secret key, fit for all suites."""
    return b"\x01" + bench.rng.randbytes(31)


# --- Provers ----------------------------------------------------------------------------------------------------------


def proved_ended(part: Part) -> Outcome:
    """How a library made a proof."""
    reply = answered(part, "vrf.prove")
    if reply is None:
        return part.ending()
    if "refused" in reply:
        return REFUSED
    _, told = prover_wrong(part)
    return WRONG.at(told) if told else ACCEPTED


def prover_wrong(part: Part) -> tuple[str, str]:
    """What is wrong with a proof that a library made: requirement and what was seen; empty if nothing."""
    reply, asked = answered(part, "vrf.prove"), part.last("asked", "vrf.prove")
    if reply is None or asked is None or "refused" in reply:
        return "", ""
    proof, output = (octets_of(reply, name, "vrf.prove") for name in ("proof", "output"))
    vrf = steps(asked.value["suite"])
    secret, alpha = (bytes.fromhex(asked.value[name]) for name in ("secret_key", "alpha"))
    honest = vrf.prove(secret, alpha)
    if proof != honest:
        return _proof_wrong(vrf, secret, alpha, proof)
    if output != vrf.output(vrf.decode_proof(honest).gamma):
        return BETA, "the output is not that of the proof"
    return "", ""


def _proof_wrong(vrf: ECVRF, secret: bytes, alpha: bytes, proof: bytes) -> tuple[str, str]:
    at = vrf.suite.point_length
    if not vrf.suite.little and proof[:1] not in {b"\2", b"\3"}:
        return FORM, "Gamma is no compressed point"
    if len(proof) != vrf.suite.proof_length:
        return LAYOUT, f"a proof of {len(proof)} octets"
    unreduced = vrf.integer(proof[at + CHALLENGE_LENGTH :])
    if unreduced >= vrf.group.order:
        return REDUCED, "the scalar is not below the order"
    try:
        decoded = vrf.decode_proof(proof)
    except VRFError as why:
        return LAYOUT, str(why)
    x = vrf.secret_scalar(secret)
    public = x * vrf.group.generator
    h = vrf.encode_to_curve(public.encode(), alpha)
    if decoded.gamma != x * h:
        return GAMMA, "Gamma is not the secret scalar times H"
    k = (decoded.s - decoded.c * x) % vrf.group.order
    if vrf.challenge(public, h, decoded.gamma, k * vrf.group.generator, k * h) == decoded.c:
        return NONCE, "the proof holds, with another nonce"
    return CHALLENGE, "the proof does not hold"


PROVER = "vrf.prover"


@exchange(PROVER, proved_ended, over=OVER)
async def prove(bench: Bench, live: None = None, alpha: bytes = ALPHA, secret: bytes = b"") -> None:
    """The library proves for one alpha with a secret key of ours (this one, or a new one)."""
    del live
    built = bench.point("setup", Message(secret_key=secret or secret_key(bench), alpha=alpha))
    fields = built.fields
    await bench.do(
        "vrf.prove",
        suite=bench.variant["suite"],
        secret_key=fields["secret_key"].hex(),
        alpha=fields["alpha"].hex(),
    )


# --- Verifiers --------------------------------------------------------------------------------------------------------


def verified_ended(part: Part) -> Outcome:
    """How a library took a proof."""
    reply, asked = answered(part, "vrf.verify"), part.last("asked", "vrf.verify")
    if reply is None or asked is None:
        return part.ending()
    if "refused" in reply:
        return REFUSED
    given = [bytes.fromhex(asked.value[name]) for name in ("public_key", "alpha", "proof")]
    try:
        output = steps(asked.value["suite"]).verify(given[0], given[1], given[2])
    except VRFError:
        return ANYWAY
    return ACCEPTED if octets_of(reply, "output", "vrf.verify") == output else WRONG


@exchange("vrf.verifier", verified_ended, over=OVER, meets=(PROVER,))
async def verify(
    bench: Bench,
    live: None = None,
    alpha: bytes = ALPHA,
    *,
    secret: bytes = b"",
    public: bytes = b"",
    proof: bytes = b"",
    nonce: int | None = None,
    proved_in: str = "",
) -> None:
    """We prove for one alpha, and the library verifies; or it verifies this `proof` under this `public` key.

    `secret` and `nonce` are those of our proof, `proved_in` is a suite other than that which is named to the library.
    In a cell of the matrix another library proves: what it cannot be told is then not applicable.
    """
    del live
    vrf = steps(proved_in or bench.variant["suite"])
    own = secret or secret_key(bench)
    setup = bench.point("setup", Message(public_key=public or vrf.public(own), alpha=alpha)).fields
    if bench.other(PROVER) is not None:
        if public or proof or proved_in or nonce is not None:
            bench.absent("another prover takes no proof, key, suite or nonce of ours")
        proof = await _proof_of_another(bench, own, alpha)
    built = bench.point("proof", Message(octets=proof) if proof else vrf.recipe(own, alpha, nonce))
    await bench.do(
        "vrf.verify",
        suite=bench.variant["suite"],
        public_key=setup["public_key"].hex(),
        alpha=setup["alpha"].hex(),
        proof=built.octets.hex(),
    )


async def _proof_of_another(bench: Bench, secret: bytes, alpha: bytes) -> bytes:
    """A proof by the library that stands in the place of our prover; Ended where it makes none."""
    other = bench.other(PROVER)
    assert other is not None
    asked = {"suite": bench.variant["suite"], "secret_key": secret.hex(), "alpha": alpha.hex()}
    reply = await other.do("vrf.prove", asked, bench.patience)
    bench.saw("counterpart", PROVER, by=other.hello.name, version=other.hello.version, reply=dict(reply))
    if "ok" not in reply:
        bench.saw("closed", PROVER, detail=f"{other.hello.name} proves nothing")
        raise Ended("closed", f"{other.hello.name} proves nothing")
    return octets_of(reply, "proof", "vrf.prove")
