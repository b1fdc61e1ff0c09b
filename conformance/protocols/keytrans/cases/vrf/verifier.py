"""Proofs as a library of VRFs takes them (RFC 9381, 5.3, 5.4.4, 5.4.5 and 5.5)."""

from conformance.cases import case, cut, drop, extend, flip, from_vectors, given, insert, octets, put, swap
from conformance.library import REFUSED, by_itself
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.cases.vrf._forged import (
    ED_SUITES,
    NO_ED25519_POINTS,
    NO_P256_POINTS,
    OLDER,
    OTHER_FORMS,
    P_SUITES,
    TORSION,
    proof_under,
    puts,
    small_order_keys,
    under_small_order,
    with_torsion,
)
from conformance.protocols.keytrans.cases.vrf._vectors import PUBLISHED, expected, in_its_suite, verifying
from conformance.protocols.keytrans.exchanges._vrf import ALPHA, BETA, secret_key, steps, verify

RECOMPUTED = "rfc9381/5.3/verifier-recomputes-u-and-v"
FIXED = (
    BETA,
    RECOMPUTED,
    "rfc9381/4/suite-fixes-curve-and-lengths",
    "rfc9381/5.4.1/h-in-prime-order-group",
    "rfc9381/5.4.3/challenge-hash-truncated-to-clen",
    "rfc9381/5.4.4/scalar-byte-order-per-suite",
    "rfc9381/5.5/suite-byte-in-every-hash",
    "rfc9381/7.1.1/curve-parameters-from-suite",
)
TAI = (
    "rfc9381/5.4.1.1/tai-counter-octet-from-zero",
    "rfc9381/5.4.1.1/tai-hash-input-layout",
    "rfc9381/5.4.1.1/tai-retries-invalid-or-identity",
)
MISMATCH, FOREIGN = "rfc9381/5.3/challenge-mismatch-refused", "rfc9381/5.3/foreign-alpha-or-key-refused"
UNDECODABLE, BAD_GAMMA = "rfc9381/5.3/undecodable-proof-refused", "rfc9381/5.4.4/undecodable-gamma-refused"
BAD_KEY, ON_CURVE = "rfc9381/5.3/undecodable-public-key-refused", "rfc9381/5.4.5/key-on-curve-before-validation"
P_POINT, ED_POINT = "rfc9381/5.5/p256-off-curve-point-refused", "rfc9381/5.5/ed25519-invalid-point-refused"
LENGTH = "rfc9381/5.4.4/wrong-proof-length-refused"
PROOF, KEY = "proof", "setup.public_key"


# --- What must be accepted --------------------------------------------------------------------------------------------


@case(
    by_itself(verify), *FIXED, expect=[ACCEPTED], each={f"{n} octets": octets(n) for n in (0, 1, 32, 64, 1000, 70_000)}
)
def alpha_of_many_lengths(alpha):
    """A proof for an alpha of so many octets holds, and the output is the document's."""
    return given(alpha=alpha)


@case(
    by_itself(verify),
    *TAI,
    expect=[ACCEPTED],
    where={"suite": [P_SUITES[0], ED_SUITES[0]]},
    each={f"alpha {n}": octets(8, n) for n in range(12)},
)
def tries_until_a_point_comes(alpha):
    """For half of all alphas the first try gives no point: with the counter in its place, the proof holds."""
    return given(alpha=alpha)


@case(
    by_itself(verify),
    "rfc9381/5.4.1.2/h2c-domain-tag-per-suite",
    expect=[ACCEPTED],
    where={"suite": [P_SUITES[1], ED_SUITES[1]]},
    each={f"alpha {n}": octets(8, n) for n in range(4)},
)
def hashed_to_the_curve(alpha):
    """In the suites that hash to the curve, a proof holds with the domain tag of the suite."""
    return given(alpha=alpha)


@case(
    by_itself(verify),
    "rfc9381/5.5/p256-points-compressed",
    expect=[ACCEPTED],
    where={"suite": P_SUITES},
    each={"key 1": bytes(31) + b"\1", "a key": octets(32, 5)},
)
def p256_public_keys(secret):
    """Compressed points, of either sign, in key and proof are read."""
    return given(secret=secret)


@case(
    by_itself(verify),
    "rfc9381/5.5/ed25519-candidate-from-hash",
    expect=[ACCEPTED],
    where={"suite": ED_SUITES},
    each={"zeros": bytes(32), "ones": b"\xff" * 32, "a key": octets(32, 5)},
)
def ed25519_public_keys(secret):
    """Points, of either sign, in key and proof are read, and those that hashes give."""
    return given(secret=secret)


@case(
    verify,
    "rfc9381/5.4.4/p256-infinity-as-zero-octet",
    expect=[ACCEPTED, REFUSED.per("rfc9381/5.4.4/p256-infinity-as-zero-octet")],
    where={"suite": P_SUITES},
)
def nonce_of_zero():
    """The prover's nonce was zero, so U and V are at infinity: by the letter the proof holds; no crash in any case."""
    return given(nonce=0)


@case(by_itself(verify), BETA, expect={"gamma": [ACCEPTED, REFUSED.per(BETA)]}, where={"suite": ED_SUITES})
async def gamma_beside_the_group(bench):
    """To Gamma a point of order 8 is added, and the challenge is a multiple of 8: the proof holds, the output stays."""
    secret = secret_key(bench)
    octets_ = with_torsion(steps(bench.variant["suite"]), secret, ALPHA)
    await verify(bench.part("gamma"), secret=secret, proof=octets_)


# --- Octets that are no proof -----------------------------------------------------------------------------------------


@case(
    verify,
    LENGTH,
    UNDECODABLE,
    expect=[REFUSED],
    each={
        "empty": drop(PROOF),
        "an octet short": cut(PROOF, 1),
        "16 octets short": cut(PROOF, 16),
        "without the scalar": drop("proof.s", wire=True),
        "Gamma alone": cut(PROOF, 48),
        "an octet long": extend(PROOF, b"\0"),
        "a long scalar": extend("proof.s", bytes(32)),
        "twice": extend(PROOF, octets(80)),
        "an octet in front": insert(PROOF, 0, b"\0"),
        "a challenge of 32 octets": extend("proof.c", bytes(16), wire=True),
    },
)
def proof_of_other_length(change):
    """The proof has another length than its suite says."""
    return change


@case(
    verify,
    BAD_GAMMA,
    UNDECODABLE,
    P_POINT,
    expect=[REFUSED],
    where={"suite": P_SUITES},
    each=puts("proof.gamma", NO_P256_POINTS, wire=True),
)
def p256_gamma_that_is_no_point(change):
    """Gamma is no point of P-256."""
    return change


@case(
    verify,
    BAD_GAMMA,
    UNDECODABLE,
    P_POINT,
    expect={f"{mark:02x} on {n}": [REFUSED] for mark in OTHER_FORMS for n in range(4)},
    where={"suite": P_SUITES},
)
async def p256_gamma_in_another_form(bench):
    """Of four proofs that hold, the mark in front of Gamma is that of another form; its coordinate stays."""
    secret = octets(32, 5)
    for n in range(4):
        proof = steps(bench.variant["suite"]).prove(secret, octets(8, n))
        for mark in OTHER_FORMS:
            part = bench.part(f"{mark:02x} on {n}")
            await verify(part, alpha=octets(8, n), secret=secret, proof=bytes([mark]) + proof[1:])


@case(
    verify,
    BAD_GAMMA,
    UNDECODABLE,
    ED_POINT,
    expect=[REFUSED],
    where={"suite": ED_SUITES},
    each=puts("proof.gamma", NO_ED25519_POINTS, wire=True),
)
def ed25519_gamma_that_is_no_point(change):
    """Gamma is off the curve, or not in the one encoding that a point has."""
    return change


@case(verify, "rfc9381/5.4.4/unreduced-proof-scalar-refused", UNDECODABLE, where={"suite": ED_SUITES},
      expect={f"s + {n} q": [REFUSED] for n in (1, 2, 8, 14)})  # fmt: skip
async def scalar_not_reduced(bench):
    """Multiples of the order are added to the scalar: to whoever reduces it, the proof holds."""
    secret = secret_key(bench)
    vrf = steps(bench.variant["suite"])
    honest = vrf.prove(secret, ALPHA)
    s = int.from_bytes(honest[-32:], "little")
    for n in (1, 2, 8, 14):
        larger = (s + n * vrf.group.order).to_bytes(32, "little")
        await verify(bench.part(f"s + {n} q"), secret=secret, proof=honest[:-32] + larger)


@case(verify, "rfc9381/5.4.4/unreduced-proof-scalar-refused", UNDECODABLE, expect=[REFUSED])
def scalar_far_beyond_the_order():
    """The scalar is larger than the order of any curve."""
    return put("proof.s", b"\xff" * 32)


# --- Proofs that do not hold ------------------------------------------------------------------------------------------


@case(
    verify,
    MISMATCH,
    "rfc9381/5.2/beta-only-from-verified-proof",
    expect=[REFUSED],
    each={
        "the first octet of c": flip("proof.c", 0, 0x10, wire=True),
        "the last octet of c": flip("proof.c", -1, 1, wire=True),
        "c is zero": put("proof.c", bytes(16), wire=True),
        "a high bit of s": flip("proof.s", 4, 0x20),
        "a low bit of s": flip("proof.s", 27, 1),
        "s is zero": put("proof.s", bytes(32)),
        "s is one": put("proof.s", bytes(31) + b"\1"),
        "octets of s swapped": swap("proof.s", 8, 9),
        "the first octet of Gamma": flip("proof.gamma", 0, 1, wire=True),
        "octet 31 of Gamma": flip("proof.gamma", 31, 0x80, wire=True),
        "another c": put("proof.c", octets(16, 9), wire=True),
    },
)
def part_of_the_proof_is_another(change):
    """Gamma, c or s is another than was proved with: no output is given."""
    return change


@case(verify, MISMATCH, RECOMPUTED, expect={"gamma": [REFUSED]}, where={"suite": ED_SUITES})
async def gamma_moved_by_torsion(bench):
    """To Gamma a point of order 8 is added after proving: only who clears it before looking sees no difference."""
    secret = secret_key(bench)
    vrf = steps(bench.variant["suite"])
    honest = vrf.prove(secret, ALPHA)
    moved = (vrf.decode_proof(honest).gamma + TORSION[1]).encode()
    await verify(bench.part("gamma"), secret=secret, proof=moved + honest[32:])


@case(
    verify,
    FOREIGN,
    expect=[REFUSED],
    each={
        "another alpha": flip("setup.alpha", 0),
        "no alpha": put("setup.alpha", b""),
        "alpha with an octet more": extend("setup.alpha", b"\0"),
        "alpha with an octet less": cut("setup.alpha", 1),
        "alpha in front of zeros": extend("setup.alpha", bytes(64)),
    },
)
def proof_for_another_alpha(change):
    """The proof was made for another alpha."""
    return change


@case(verify, FOREIGN, expect={"key": [REFUSED], "negated": [REFUSED]})
async def proof_of_another_key(bench):
    """The proof was made with another secret key, or with the negative of this one."""
    vrf = steps(bench.variant["suite"])
    secret, other = secret_key(bench), secret_key(bench)
    await verify(bench.part("key"), secret=secret, public=vrf.public(other))
    key = -vrf.decode_key(vrf.public(secret))
    await verify(bench.part("negated"), secret=secret, public=key.encode())


@case(verify, "rfc9381/5.5/suite-byte-in-every-hash", MISMATCH, expect={"other": [REFUSED]})
async def proof_in_another_suite(bench):
    """The proof was made in the other suite of the curve."""
    own = bench.variant["suite"]
    family = P_SUITES if own in P_SUITES else ED_SUITES
    (other,) = set(family) - {own}
    await verify(bench.part("other"), proved_in=other)


@case(
    verify,
    MISMATCH,
    "rfc9381/5.4.3/challenge-hash-truncated-to-clen",
    expect={name: [REFUSED] for name in OLDER},
)
async def proof_of_an_older_draft(bench):
    """The proof is as drafts before the RFC make it: four points in the challenge, or no octet behind them."""
    secret = secret_key(bench)
    for name, steps_ in OLDER.items():
        proof = steps_(steps(bench.variant["suite"]).suite).prove(secret, ALPHA)
        await verify(bench.part(name), secret=secret, proof=proof)


# --- Public keys ------------------------------------------------------------------------------------------------------


@case(
    verify,
    BAD_KEY,
    expect=[REFUSED],
    each={
        "empty": put(KEY, b""),
        "an octet short": cut(KEY, 1),
        "an octet long": extend(KEY, b"\0"),
        "an octet in front": insert(KEY, 0, b"\0"),
        "twice as long": extend(KEY, octets(33)),
        "one zero octet": put(KEY, b"\0"),
    },
)
def public_key_of_other_length(change):
    """The public key has another length than a point of its suite."""
    return change


@case(
    verify,
    BAD_KEY,
    ON_CURVE,
    P_POINT,
    "rfc9381/5.4.5/p256-infinity-key-refused",
    expect=[REFUSED],
    where={"suite": P_SUITES},
    each=puts(KEY, NO_P256_POINTS) | {"infinity": put(KEY, b"\0")},
)
def p256_key_that_is_no_point(change):
    """The public key is no point of P-256, or infinity."""
    return change


@case(
    verify,
    BAD_KEY,
    P_POINT,
    expect={f"{mark:02x} on {n}": [REFUSED] for mark in OTHER_FORMS for n in range(4)},
    where={"suite": P_SUITES},
)
async def p256_key_in_another_form(bench):
    """Of four public keys the mark in front is that of another form; their coordinate stays, and proofs hold."""
    vrf = steps(bench.variant["suite"])
    for n in range(4):
        secret = octets(32, n)
        for mark in OTHER_FORMS:
            public = bytes([mark]) + vrf.public(secret)[1:]
            await verify(bench.part(f"{mark:02x} on {n}"), public=public, proof=proof_under(vrf, secret, public, ALPHA))


@case(
    verify,
    BAD_KEY,
    ON_CURVE,
    ED_POINT,
    expect=[REFUSED],
    where={"suite": ED_SUITES},
    each=puts(KEY, NO_ED25519_POINTS),
)
def ed25519_key_that_is_no_point(change):
    """The public key is off the curve, or not in the one encoding that a point has."""
    return change


@case(
    verify,
    "rfc9381/5.4.5/public-key-small-order-refused",
    "rfc9381/5.3/failed-key-validation-refused",
    "rfc9381/5.4.5/small-order-list-check-allowed",
    "rfc9381/7.1.1/collision-resistance-needs-validation",
    expect={name: [REFUSED] for name in small_order_keys()},
    where={"suite": ED_SUITES},
)
async def key_of_small_order(bench):
    """Each encoding of a key of small order, with a proof that holds under it for whoever reads it as a point."""
    vrf = steps(bench.variant["suite"])
    for name, (key, point) in small_order_keys().items():
        await verify(bench.part(name), public=key, proof=under_small_order(vrf, key, point, ALPHA))


from_vectors(
    by_itself(verify),
    PUBLISHED,
    expect=expected,
    settings=verifying,
    where=in_its_suite,
    requirements=FIXED,
)
