"""Proofs as a library of VRFs makes them (RFC 9381, 5.1, 5.4.1 to 5.4.3 and 5.5)."""

from collections.abc import Iterator

from conformance.cases import case, from_vectors, given, octets
from conformance.library import answered, by_itself, judged_by, octets_of
from conformance.model import ACCEPTED, UNSUPPORTED, WRONG, Finding, Judge, Transcript
from conformance.protocols.keytrans.cases.vrf._forged import ED_SUITES, P_SUITES
from conformance.protocols.keytrans.cases.vrf._vectors import PUBLISHED, expected, in_its_suite, proving
from conformance.protocols.keytrans.exchanges._vrf import (
    BETA,
    CHALLENGE,
    FORM,
    GAMMA,
    LAYOUT,
    NONCE,
    REDUCED,
    SCALAR,
    H,
    prove,
    prover_wrong,
    secret_key,
    steps,
)

ALL = (SCALAR, H, GAMMA, NONCE, CHALLENGE, REDUCED, LAYOUT, BETA)
BOTH = (
    "rfc9381/4/suite-fixes-curve-and-lengths",
    "rfc9381/5.4.1/h-in-prime-order-group",
    "rfc9381/5.4.3/challenge-hash-truncated-to-clen",
    "rfc9381/5.5/suite-byte-in-every-hash",
)


def _requirement(part):
    return prover_wrong(part)[0]


def _only(decided: dict[str, str]) -> Judge:
    """A judge that looks for these wrong steps alone, each under the requirement that it decides (empty: all)."""

    def judge(transcript: Transcript) -> Iterator[Finding]:
        for part in transcript.tested:
            outcome, (step, told) = prove.outcome(part), prover_wrong(part)
            if outcome.name in {ACCEPTED.name, WRONG.name}:
                seen = "violation" if step in decided else "as-expected"
                yield Finding(seen, f"{part.name}: {told or outcome}", decided.get(step, ""), part.name)
            elif outcome != UNSUPPORTED:
                yield Finding("violation", f"{part.name}: {outcome}", "", part.name)

    return judge


@case(by_itself(prove), *ALL, *BOTH, each={f"{n} octets": octets(n) for n in (0, 1, 31, 32, 33, 64, 127, 1000, 70_000)})
def alpha_of_many_lengths(alpha):
    """Proof and output for alphas of many lengths are those of the document."""
    return given(alpha=alpha)


alpha_of_many_lengths.judge(judged_by(prove, _requirement))


@case(
    by_itself(prove),
    "rfc9381/5.4.1.1/tai-counter-octet-from-zero",
    "rfc9381/5.4.1.1/tai-hash-input-layout",
    "rfc9381/5.4.1.1/tai-retries-invalid-or-identity",
    where={"suite": [P_SUITES[0], ED_SUITES[0]]},
    each={f"alpha {n}": octets(8, n) for n in range(12)},
)
def tries_until_a_point_comes(alpha):
    """For half of all alphas the first try gives no point: with the counter in its place, H is the document's."""
    return given(alpha=alpha)


tries_until_a_point_comes.judge(_only({GAMMA: ""}))


@case(
    by_itself(prove),
    "rfc9381/5.5/p256-points-compressed",
    "rfc9381/5.4.2.1/p256-nonce-rfc6979",
    where={"suite": P_SUITES},
    each={"key 1": bytes(31) + b"\1", "key 2^128": bytes(15) + b"\1" + bytes(16), "a key": octets(32, 5)},
)
def p256_secret_keys(secret):
    """Small and large secret keys: points are compressed, the nonce is that of RFC 6979."""
    return given(secret=secret)


p256_secret_keys.judge(_only({NONCE: "rfc9381/5.4.2.1/p256-nonce-rfc6979", FORM: "rfc9381/5.5/p256-points-compressed"}))


@case(
    by_itself(prove),
    "rfc9381/5.5/ed25519-candidate-from-hash",
    "rfc9381/5.4.2.2/ed25519-nonce-rfc8032-style",
    where={"suite": ED_SUITES},
    each={"zeros": bytes(32), "ones": b"\xff" * 32, "a key": octets(32, 5)},
)
def ed25519_secret_keys(secret):
    """Any 32 octets are a secret key: it is hashed and clamped, and the nonce comes of its other half."""
    return given(secret=secret)


ed25519_secret_keys.judge(
    _only({NONCE: "rfc9381/5.4.2.2/ed25519-nonce-rfc8032-style", GAMMA: "rfc9381/5.5/ed25519-candidate-from-hash"})
)


@case(by_itself(prove), "rfc9381/5.1/proving-is-deterministic")
async def nonces(bench):
    """The same alpha twice gives one proof; of eight alphas, no two have a nonce in common."""
    secret = secret_key(bench)
    for n in (*range(8), 0):
        await prove(bench.part(f"alpha {n}"), alpha=b"alpha %d" % n, secret=secret)


@nonces.judge
def _(t):
    proofs: dict[str, bytes] = {}
    used: dict[int, set[str]] = {}
    for part in t.starting("alpha"):
        reply, asked = answered(part, "vrf.prove"), part.last("asked", "vrf.prove")
        if reply is None or asked is None or "ok" not in reply:
            yield Finding("violation", f"{part.name}: {prove.ended(part)}", part=part.name)
            return
        vrf = steps(asked.value["suite"])
        octets_ = octets_of(reply, "proof", "vrf.prove")
        if proofs.setdefault(part.name, octets_) != octets_:
            yield Finding("violation", f"{part.name}: two proofs of the same", part=part.name)
        x = vrf.secret_scalar(bytes.fromhex(asked.value["secret_key"]))
        at = vrf.suite.point_length
        c, s = vrf.integer(octets_[at : at + 16]), vrf.integer(octets_[at + 16 :])
        used.setdefault((s - c * x) % vrf.group.order, set()).add(part.name)
    shared = [names for names in used.values() if len(names) > 1]
    if shared:
        yield Finding("leak", f"one nonce for {len(shared[0])} alphas: whoever sees both proofs has the secret key")
    else:
        yield Finding("as-expected", f"{len(used)} nonces for {len(proofs)} alphas")


@case(
    by_itself(prove),
    "rfc9381/5.4.1.2/h2c-domain-tag-per-suite",
    where={"suite": [P_SUITES[1], ED_SUITES[1]]},
    each={f"alpha {n}": octets(8, n) for n in range(4)},
)
def hashed_to_the_curve(alpha):
    """In the suites that hash to the curve, H has the domain tag of the suite."""
    return given(alpha=alpha)


hashed_to_the_curve.judge(_only({GAMMA: ""}))


from_vectors(
    by_itself(prove), PUBLISHED, expect=expected, settings=proving, where=in_its_suite, requirements=(*ALL, *BOTH)
)
