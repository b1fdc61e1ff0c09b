"""ECVRF against the published vectors, and against an implementation on another library's curve arithmetic."""

import hashlib
import random

import pytest
from Crypto.PublicKey import ECC
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import vectors
from conformance.cases import put
from conformance.crypto import vrf
from conformance.crypto.groups import EDWARDS25519, P256
from conformance.crypto.vrf import EDWARDS25519_TAI, P256_TAI, SUITES, VRFError

VECTORS = [vector for file in vectors.load("keytrans/rfc9381-ecvrf.json") for vector in file.vectors]
EVERY = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)


# --- Published vectors -----------------------------------------------------------------------------------------------


def test_every_example_of_the_appendix_is_there():
    assert [vector.id.rpartition("-")[2] for vector in VECTORS] == [str(n) for n in range(10, 22)]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id)
def test_published_values_come_out_at_every_step(vector):
    suite = SUITES[vector.given["suite"]]
    steps = vrf.ECVRF(suite)
    secret, alpha = vector.octets("secret_key"), vector.octets("alpha")
    public, proof = vector.expected("public_key"), vector.expected("pi")
    assert vrf.public_of(suite, secret) == public
    h = steps.encode_to_curve(public, alpha)
    assert h.encode() == vector.expected("h")
    assert steps.nonce(secret, h.encode()) == steps.integer(vector.expected("k"))
    assert vrf.prove(suite, secret, alpha) == proof
    assert vrf.verify(suite, public, alpha, proof) == vrf.proof_to_hash(suite, proof) == vector.expected("beta")
    assert len(proof) == suite.proof_length
    assert len(vector.expected("beta")) == suite.output_length


# --- A second implementation -----------------------------------------------------------------------------------------


class Second:
    """Verification with try and increment on the points of pycryptodome, written from the document alone."""

    def __init__(self, suite):
        self.little = suite is EDWARDS25519_TAI
        self.octet, self.hash = bytes([suite.octet]), hashlib.sha512 if self.little else hashlib.sha256
        self.curve = "Ed25519" if self.little else "P-256"
        self.q = 2**252 + 27742317777372353535851937790883648493 if self.little else P256.order
        self.base = (
            ECC.construct(curve=self.curve, d=1).pointQ if not self.little else self.decode(b"\x58" + b"\x66" * 31)
        )

    def decode(self, octets):
        if not self.little:
            return ECC.import_key(octets, curve_name="P-256").pointQ
        y = int.from_bytes(octets, "little")
        y, sign, p = y & (1 << 255) - 1, y >> 255, 2**255 - 19
        d = -121665 * pow(121666, -1, p)
        square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
        x = pow(square, (p + 3) // 8, p)
        if x * x % p != square:
            x = x * pow(2, (p - 1) // 4, p) % p
        if y >= p or x * x % p != square or (not x and sign):
            raise ValueError(octets)
        return ECC.EccPoint(p - x if x & 1 != sign else x, y, curve=self.curve)

    def encode(self, point):
        x, y = (int(n) for n in point.xy)
        if self.little:
            return (y | (x & 1) << 255).to_bytes(32, "little")
        return bytes([2 | y & 1]) + x.to_bytes(32, "big")

    def times(self, scalar, point):
        return point * (scalar % self.q)

    def integer(self, octets):
        return int.from_bytes(octets, "little" if self.little else "big")

    def encode_to_curve(self, salt, alpha):
        for counter in range(256):
            digest = self.hash(self.octet + b"\1" + salt + alpha + bytes([counter]) + b"\0").digest()
            try:
                point = self.decode(digest[:32] if self.little else b"\2" + digest)
            except ValueError:
                continue
            return point * 8 if self.little else point
        return None

    def output(self, public, alpha, proof):
        width = 32 if self.little else 33
        key, gamma = self.decode(public), self.decode(proof[:width])
        c, s = self.integer(proof[width : width + 16]), self.integer(proof[width + 16 :])
        h = self.encode_to_curve(public, alpha)
        u = self.times(s, self.base) + self.times(-c, key)
        v = self.times(s, h) + self.times(-c, gamma)
        points = b"".join(self.encode(point) for point in (key, h, gamma, u, v))
        found = self.hash(self.octet + b"\2" + points + b"\0").digest()[:16]
        if self.integer(found) != c:
            return None
        cleared = gamma * 8 if self.little else gamma
        return self.hash(self.octet + b"\3" + self.encode(cleared) + b"\0").digest()


@pytest.mark.parametrize("suite", [P256_TAI, EDWARDS25519_TAI], ids=lambda suite: suite.name)
def test_another_implementation_agrees_on_proofs_and_on_spoiled_ones(suite):
    second, rng = Second(suite), random.Random(9381)
    for _ in range(25):
        secret, alpha = b"\1" + rng.randbytes(31), rng.randbytes(rng.randrange(40))
        public, proof = vrf.public_of(suite, secret), vrf.prove(suite, secret, alpha)
        assert second.output(public, alpha, proof) == vrf.verify(suite, public, alpha, proof)
        at = rng.randrange(suite.point_length, suite.proof_length)
        spoiled = proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]
        assert second.output(public, alpha, spoiled) is None
        with pytest.raises(VRFError):
            vrf.verify(suite, public, alpha, spoiled)


# --- Properties ------------------------------------------------------------------------------------------------------


@EVERY
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_what_is_proved_holds_for_its_key_and_alpha_alone(suite, data):
    secret, other = (b"\1" + data.draw(st.binary(min_size=31, max_size=31)) for _ in range(2))
    alpha, elsewhere = data.draw(st.binary(max_size=80)), data.draw(st.binary(max_size=80))
    public, proof = vrf.public_of(suite, secret), vrf.prove(suite, secret, alpha)
    assert vrf.verify(suite, public, alpha, proof) == vrf.proof_to_hash(suite, proof)
    if elsewhere != alpha:
        with pytest.raises(VRFError):
            vrf.verify(suite, public, elsewhere, proof)
    if other != secret:
        with pytest.raises(VRFError):
            vrf.verify(suite, vrf.public_of(suite, other), alpha, proof)


@EVERY
@given(octets=st.binary(max_size=100), cut=st.integers(0, 80))
@settings(max_examples=60, deadline=None)
def test_any_octets_are_a_proof_or_refused(suite, octets, cut):
    public = vrf.public_of(suite, bytes(31) + b"\7")
    for proof in (octets, octets.ljust(suite.proof_length, b"\0")[: suite.proof_length]):
        with pytest.raises(VRFError):
            vrf.verify(suite, public, b"alpha", proof)
    honest = vrf.prove(suite, bytes(31) + b"\7", b"alpha")
    with pytest.raises(VRFError, match="octets, not"):
        vrf.verify(suite, public, b"alpha", honest[:cut] if cut < len(honest) else honest + b"\0")


# --- Recipes ---------------------------------------------------------------------------------------------------------


@EVERY
def test_what_is_computed_from_a_changed_part_of_a_proof_follows(suite):
    steps, secret = vrf.ECVRF(suite), bytes(31) + b"\7"
    recipe = steps.recipe(secret, b"alpha")
    honest = steps.decode_proof(recipe.encode())
    other = recipe.build([put("proof.k", steps.octets(5, 32))])
    assert steps.verify(steps.public(secret), b"alpha", other.octets) == steps.output(honest.gamma)
    assert other.octets == steps.prove(secret, b"alpha", 5)
    moved = recipe.build([put("proof.gamma", (2 * honest.gamma).encode())])
    assert steps.decode_proof(moved.octets).gamma == 2 * honest.gamma
    assert steps.decode_proof(moved.octets).c != honest.c
    alone = recipe.build([put("proof.gamma", (2 * honest.gamma).encode(), wire=True)])
    assert steps.decode_proof(alone.octets).c == honest.c
    no_point = recipe.build([put("proof.gamma", b"\xff" * suite.point_length)])
    assert no_point.octets[suite.point_length :] == recipe.encode()[suite.point_length :]


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(33), bytes(32), P256.order.to_bytes(32, "big"), b"\xff" * 32])
def test_octets_that_are_no_secret_key_of_p256_are_refused(secret):
    with pytest.raises(VRFError):
        vrf.prove(P256_TAI, secret, b"")


def test_any_32_octets_are_a_secret_key_of_edwards25519():
    for secret in (bytes(32), b"\xff" * 32):
        vrf.verify(
            EDWARDS25519_TAI, vrf.public_of(EDWARDS25519_TAI, secret), b"", vrf.prove(EDWARDS25519_TAI, secret, b"")
        )
    with pytest.raises(VRFError):
        vrf.prove(EDWARDS25519_TAI, bytes(31), b"")


@pytest.mark.parametrize(
    ("suite", "key"),
    [
        (P256_TAI, b"\0"),
        (P256_TAI, bytes(33)),
        (P256_TAI, b""),
        (EDWARDS25519_TAI, b"\1" + bytes(31)),
        (EDWARDS25519_TAI, bytes(32)),
        (EDWARDS25519_TAI, b"\xec" + b"\xff" * 30 + b"\x7f"),
        (EDWARDS25519_TAI, b"\xee" + b"\xff" * 30 + b"\x7f"),
        (EDWARDS25519_TAI, bytes(31)),
    ],
)
def test_keys_that_are_no_points_or_of_small_order_are_refused(suite, key):
    with pytest.raises(VRFError):
        vrf.ECVRF(suite).decode_key(key)


@EVERY
def test_scalars_of_the_order_and_more_are_refused(suite):
    proof = vrf.prove(suite, bytes(31) + b"\7", b"")
    order = suite.group.order.to_bytes(32, "little" if suite.little else "big")
    for scalar in (order, b"\xff" * 32):
        with pytest.raises(VRFError, match="not below the order"):
            vrf.proof_to_hash(suite, proof[:-32] + scalar)


# --- Steps that no natural input reaches -----------------------------------------------------------------------------


class Stubbed(vrf.ECVRF):
    """Gives these candidates in their order, and then none."""

    candidates = ()

    def candidate(self, digest):
        del digest
        self.tried = getattr(self, "tried", 0) + 1
        return self.candidates[self.tried - 1] if self.tried <= len(self.candidates) else None


def test_tries_go_on_behind_no_point_and_behind_one_that_the_cofactor_makes_the_identity():
    steps = Stubbed(EDWARDS25519_TAI)
    small = EDWARDS25519.decode(bytes(32))
    steps.candidates = (None, small, EDWARDS25519.identity, EDWARDS25519.generator)
    assert steps.encode_to_curve(b"", b"") == 8 * EDWARDS25519.generator
    assert steps.tried == 4


def test_after_256_tries_there_is_no_point():
    steps = Stubbed(P256_TAI)
    with pytest.raises(VRFError, match="no try"):
        steps.encode_to_curve(b"", b"")
    assert steps.tried == 256


def test_nonces_of_rfc6979_are_drawn_until_one_is_below_the_order(monkeypatch):
    def digest(key, message, name):
        del name
        return b"\xff" * 32 if message == b"\1" * 32 or key + message == b"" else hashlib.sha256(key + message).digest()

    steps = vrf.ECVRF(P256_TAI)
    drawn = []

    def integer(octets):
        drawn.append(octets)
        return 0 if len(drawn) == 2 else int.from_bytes(octets, "big")

    monkeypatch.setattr(vrf.hmac, "digest", digest)
    monkeypatch.setattr(steps, "integer", integer)
    assert 0 < steps.rfc6979(7, b"message") < P256.order
    assert len(drawn) == 4


def test_numbers_lose_what_does_not_fit():
    assert vrf.ECVRF(P256_TAI).octets(0x1FF, 1) == b"\xff"
    assert vrf.ECVRF(EDWARDS25519_TAI).octets(0x102, 2) == b"\2\1"
