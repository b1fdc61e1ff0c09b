import hashlib
import json
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.crypto import groups
from conformance.crypto.hash_to_curve import expand_message_xmd, hash_to_field
from conformance.wire import DecodeError

HERE = Path(__file__).parent
RFC9380 = json.loads((HERE / "rfc9380.json").read_text())
RFC9496 = json.loads((HERE / "rfc9496.json").read_text())
CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
PURE = {name: groups.group(name, fast=False) for name in groups.NAMES}
FAST = {name: groups.group(name) for name in groups.NAMES}
each_group = pytest.mark.parametrize("group", [*PURE.values(), *FAST.values()], ids=repr)
each_name = pytest.mark.parametrize("name", groups.NAMES)


def elements(group, count, seed=1):
    return [group.hash_to_group(bytes([seed, number]), b"tests") for number in range(count)]


# --- Published vectors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("suite", RFC9380["suites"], ids=lambda suite: suite["suite"])
def test_messages_are_hashed_to_the_curve_as_published(suite, fast):
    group = groups.group(suite["group"], fast=fast)
    hashed = group.hash_to_group if "_RO_" in suite["suite"] else group.encode_to_group
    assert len(suite["vectors"]) == 5
    for vector in suite["vectors"]:
        element = hashed(vector["message"].encode(), suite["domain"].encode())
        x, y = int(vector["x"], 16), int(vector["y"], 16)
        if group.name == "edwards25519":
            assert element.encode() == (y | (x & 1) << 255).to_bytes(32, "little")
        else:
            assert group.coordinates(element) == (x, y)


@pytest.mark.parametrize("expansion", RFC9380["expansions"], ids=lambda expansion: expansion["name"])
def test_messages_are_expanded_as_published(expansion):
    assert len(expansion["vectors"]) == 10
    for vector in expansion["vectors"]:
        octets = expand_message_xmd(
            expansion["hash"], vector["message"].encode(), expansion["domain"].encode(), vector["length"]
        )
        assert octets.hex() == vector["uniform"]


@pytest.mark.parametrize("fast", [False, True])
def test_ristretto255_multiplies_as_published(fast):
    group = groups.ristretto255(fast=fast)
    total = group.identity
    for number, octets in enumerate(map(bytes.fromhex, RFC9496["multiples"])):
        assert total.encode() == (number * group.generator).encode() == octets
        assert group.decode(octets, identity=True) == total
        total = total + group.generator


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("reason", RFC9496["invalid"])
def test_ristretto255_refuses_what_is_published_as_invalid(reason, fast):
    for octets in map(bytes.fromhex, RFC9496["invalid"][reason]):
        with pytest.raises(DecodeError):
            groups.ristretto255(fast=fast).decode(octets, identity=True)


@pytest.mark.parametrize("fast", [False, True])
def test_ristretto255_maps_octets_as_published(fast):
    for vector in RFC9496["maps"]:
        element = groups.ristretto255(fast=fast).one_way_map(bytes.fromhex(vector["input"]))
        assert element.encode().hex() == vector["output"]


def test_square_roots_are_those_published():
    group = groups.ristretto255(fast=False)
    for vector in RFC9496["roots"]:
        u, v, root = (int.from_bytes(bytes.fromhex(vector[name]), "little") for name in "uvr")
        assert group._sqrt_ratio(u, v) == (vector["square"], root)


# --- A second opinion ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("name", CURVES)
def test_another_library_agrees_on_the_p_curves(name, fast):
    group, rng = groups.weierstrass(name, fast=fast), random.Random(name)
    for scalar in (1, 2, 3, group.order - 1, *(group.random_scalar(rng) for _ in range(20))):
        key = ec.derive_private_key(scalar, CURVES[name]).public_key()
        element = scalar * group.generator
        assert element.encode() == key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        assert group.coordinates(element) == (key.public_numbers().x, key.public_numbers().y)


def another_accepts(name, octets):
    try:
        if octets[0] in {2, 3}:  # it takes other forms too
            ec.EllipticCurvePublicKey.from_encoded_point(CURVES[name], octets)
            return True
    except ValueError:
        pass
    return False


@pytest.mark.parametrize("name", CURVES)
def test_another_library_accepts_the_same_points(name):
    group, rng = PURE[name], random.Random(name)
    taken = 0
    for _ in range(100):
        octets = bytes([rng.randrange(1, 5)]) + (rng.randrange(1 << group.order.bit_length())).to_bytes(
            group.scalar_length, "big"
        )
        try:
            group.decode(octets)
        except DecodeError:
            assert not another_accepts(name, octets)
        else:
            taken += 1
            assert another_accepts(name, octets)
    assert 10 < taken < 60


@pytest.mark.parametrize("fast", [False, True])
def test_another_library_agrees_on_edwards25519(fast):
    group, rng = groups.edwards25519(fast=fast), random.Random(25519)
    for _ in range(20):
        seed = rng.randbytes(32)
        scalar = bytearray(hashlib.sha512(seed).digest()[:32])
        scalar[0] &= 0xF8
        scalar[31] = scalar[31] & 0x7F | 0x40
        public = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        assert (int.from_bytes(scalar, "little") * group.generator).encode() == public


@each_name
@given(st.data())
@settings(max_examples=15, deadline=None)
def test_with_and_without_extensions_the_octets_are_the_same(name, data):
    pure, fast = PURE[name], FAST[name]
    message, domain = data.draw(st.binary(max_size=300)), data.draw(st.binary(min_size=1, max_size=300))
    one, other = pure.hash_to_group(message, domain), fast.hash_to_group(message, domain)
    assert one.encode() == other.encode()
    assert pure.hash_to_scalar(message, domain) == fast.hash_to_scalar(message, domain)
    scalars = data.draw(st.lists(st.integers(-3, 3) | st.integers(-pure.order, 2 * pure.order), max_size=3))
    for group, element in ((pure, one), (fast, other)):
        again = group.decode(element.encode())
        assert again == element
        assert (again - element).identity
    many = [[(number + 1) * element for number in range(len(scalars))] for element in (one, other)]
    combined = [group.combine(scalars, each).encode() for group, each in zip((pure, fast), many, strict=True)]
    assert combined[0] == combined[1]


@each_name
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_with_and_without_extensions_the_same_octets_are_elements(name, data):
    pure, fast = PURE[name], FAST[name]
    octets = bytearray(data.draw(st.sampled_from([pure.generator.encode(), elements(pure, 1)[0].encode()])))
    for _ in range(data.draw(st.integers(0, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    octets = bytes(octets) if data.draw(st.booleans()) else bytes(octets[: data.draw(st.integers(0, len(octets)))])
    answers = [decoded(group, octets) for group in (pure, fast)]
    assert answers[0] == answers[1]


def decoded(group, octets):
    """The octets that an element has after arithmetic, or where and why there is none."""
    try:
        element = group.decode(octets, "here", 7, identity=True)
    except DecodeError as error:
        return str(error)
    again = (element + group.generator - group.generator).encode()
    assert again == octets, "there is one encoding for each element"
    return again


# --- The laws of a group ---------------------------------------------------------------------------------------------


@each_group
def test_the_order_is_that_of_the_generator(group):
    assert (group.order * group.generator).identity
    assert ((group.order - 1) * group.generator) == -group.generator
    assert (group.order + 5) * group.generator == 5 * group.generator
    assert not group.generator.identity


@each_group
def test_addition_and_multiplication_belong_together(group):
    a, b, c = elements(group, 3)
    zero = group.identity
    assert (a + b) + c == a + (b + c) == c + a + b
    assert a + zero == zero + a == a
    assert (a + -a) == a - a == 0 * a == zero
    assert a + a == 2 * a
    assert -3 * a == -(a + a + a)
    assert zero + zero == 2 * zero == -zero == zero
    assert group.combine((2, 0, -1), (a, b, c)) == a + a - c
    assert group.combine((), ()) == zero
    scalar = group.random_scalar(random.Random(3))
    assert group.invert(scalar) * (scalar * a) == a


@each_group
def test_elements_are_compared_by_what_they_are(group):
    a, b = elements(group, 2)
    again = a + b - b
    assert again == a
    assert hash(again) == hash(a)
    assert a != b
    assert a != a.encode()
    assert a.encode().hex() in repr(a)
    assert group.name in repr(group)


@each_group
def test_elements_of_other_groups_do_not_mix(group):
    other = FAST["P-256"] if group.name != "P-256" else FAST["P-384"]
    with pytest.raises(ValueError, match="does not belong"):
        _ = group.generator + other.generator
    with pytest.raises(ValueError, match="does not belong"):
        group.combine((1,), (other.generator,))
    with pytest.raises(ValueError, match="zip"):
        group.combine((1, 2), (group.generator,))
    assert group.generator != other.generator


def test_there_is_one_object_for_each_group():
    assert groups.group("P-384") is groups.P384 is groups.weierstrass("P-384", fast=True)
    assert groups.group("P-256") is groups.P256
    assert groups.group("P-521") is groups.P521
    assert groups.group("ristretto255") is groups.RISTRETTO255 is groups.ristretto255()
    assert groups.group("edwards25519") is groups.EDWARDS25519 is groups.edwards25519()
    with pytest.raises(KeyError):
        groups.group("decaf448")


def test_extensions_are_used_where_they_are_installed():
    assert all(group.fast for group in FAST.values())
    assert not any(group.fast for group in PURE.values())
    assert groups.optional("gmpy2") is not None
    assert groups.optional("no_such_extension") is None


def test_without_libsodium_the_numbers_may_still_be_fast():
    group = type(PURE["ristretto255"])(groups.optional("gmpy2").mpz)
    assert group.fast
    assert [(n * group.generator).encode().hex() for n in range(16)] == RFC9496["multiples"]


# --- Octets ----------------------------------------------------------------------------------------------------------


@each_group
def test_every_other_length_is_refused(group):
    octets = elements(group, 1)[0].encode()
    assert len(octets) == group.element_length
    for length in range(len(octets)):
        with pytest.raises(DecodeError) as caught:
            group.decode(octets[:length], "blinded", 10)
        assert (caught.value.path, caught.value.offset) == ("blinded", 10)
    for more in (b"\0", octets):
        with pytest.raises(DecodeError):
            group.decode(octets + more)


@each_group
def test_the_identity_is_an_element_only_where_it_is_allowed(group):
    octets = group.identity.encode()
    with pytest.raises(DecodeError, match="identity"):
        group.decode(octets)
    assert group.decode(octets, identity=True) == group.identity


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("name", CURVES)
def test_other_forms_of_points_are_refused(name, fast):
    group = groups.weierstrass(name, fast=fast)
    x, y = group.coordinates(group.generator)
    size, prime = group.scalar_length, group._curve.p
    wide = x.to_bytes(size, "big"), y.to_bytes(size, "big")
    for octets, reason in (
        (b"\4" + wide[0] + wide[1], "octets"),  # uncompressed
        (bytes([6 | y & 1]) + wide[0] + wide[1], "octets"),  # hybrid
        (b"\4" + wide[0], "form"),
        (b"\0" + wide[0], "form"),
        (bytes(1 + size), "form"),  # infinity, filled up
        (b"\2" + prime.to_bytes(size, "big"), "prime"),
        (b"\2" + b"\xff" * size, "prime"),
    ):
        with pytest.raises(DecodeError, match=reason):
            group.decode(octets, identity=True)
    off = next(n for n in range(9) if pow(group._equation(n), (prime - 1) // 2, prime) == prime - 1)
    with pytest.raises(DecodeError, match="no point"):
        group.decode(b"\2" + off.to_bytes(size, "big"))
    with pytest.raises(ValueError, match="infinity"):
        group.coordinates(group.identity)


@pytest.mark.parametrize("fast", [False, True])
def test_edwards25519_has_one_encoding_for_each_point(fast):
    group = groups.edwards25519(fast=fast)
    prime = 2**255 - 19
    for number, reason in ((prime, "prime"), (prime + 1, "prime"), (1 | 1 << 255, "sign"), (2, "no point")):
        with pytest.raises(DecodeError, match=reason):
            group.decode(number.to_bytes(32, "little"), identity=True)
    two = group.decode((prime - 1).to_bytes(32, "little"))  # the point of order 2
    assert (2 * two).identity
    four = group.decode(bytes(32))
    assert 2 * four == two
    eight = group.decode(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
    assert 4 * eight == two
    assert (group.cofactor * (eight + group.generator)) == 8 * group.generator
    assert group.order * eight != group.identity, "scalars are not reduced: the curve has more points"


# --- Scalars ---------------------------------------------------------------------------------------------------------


@each_group
def test_scalars_have_one_encoding(group):
    order = "big" if group.name.startswith("P") else "little"
    for scalar in (0, 1, group.order - 1, group.random_scalar(random.Random(5))):
        octets = group.encode_scalar(scalar)
        assert octets == scalar.to_bytes(group.scalar_length, order)
        assert group.decode_scalar(octets) == scalar
        assert group.encode_scalar(scalar - group.order) == octets
    for number in (group.order, group.order + 1, (1 << 8 * group.scalar_length) - 1):
        with pytest.raises(DecodeError, match="order") as caught:
            group.decode_scalar(number.to_bytes(group.scalar_length, order), "proof.s", 48)
        assert (caught.value.path, caught.value.offset) == ("proof.s", 48)
    with pytest.raises(DecodeError, match="zero"):
        group.decode_scalar(bytes(group.scalar_length), zero=False)
    octets = group.encode_scalar(7)
    assert group.decode_scalar(octets, zero=False) == 7
    for length in range(len(octets)):
        with pytest.raises(DecodeError):
            group.decode_scalar(octets[:length])
    with pytest.raises(DecodeError):
        group.decode_scalar(octets + b"\0")


@each_group
def test_random_scalars_follow_the_seed_and_are_never_zero(group):
    assert group.random_scalar(random.Random(1)) == group.random_scalar(random.Random(1))

    class Least(random.Random):
        def randrange(self, start, stop):
            assert stop == group.order
            return start

    assert group.random_scalar(Least()) == 1
    with pytest.raises(ValueError, match="invertible"):
        group.invert(0)


# --- Hashing ---------------------------------------------------------------------------------------------------------


def test_the_maps_have_an_answer_for_zero():
    for name in CURVES:
        group = PURE[name]
        prime, curve = group._curve.p, group._curve
        x, y, z = group._map(0)
        assert z == 1
        assert y * y % prime == group._equation(x)
        assert (
            x == curve.b * pow(curve.z * -3, -1, prime) % prime
        )  # B / (Z A), of which each curve's equation is square
        assert FAST[name]._map(0) == (x, y, z)
    assert PURE["edwards25519"]._map(0) == PURE["edwards25519"].identity.point


def test_what_cannot_be_expanded_is_refused():
    assert len(expand_message_xmd("sha256", b"", b"d", 255 * 32)) == 255 * 32
    for length, domain in ((255 * 32 + 1, b"d"), (32, b"")):
        with pytest.raises(ValueError, match="cannot expand"):
            expand_message_xmd("sha256", b"", domain, length)
    assert expand_message_xmd("sha256", b"", b"d", 0) == b""


def test_fields_are_read_from_the_expanded_octets():
    octets = expand_message_xmd("sha512", b"m", b"d", 30)
    parts = [int.from_bytes(octets[at : at + 10], "big") % 97 for at in (0, 10, 20)]
    assert hash_to_field("sha512", b"m", b"d", 97, 10, 3) == parts


def test_a_library_that_cannot_be_unpacked_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "no_room.py").write_text("raise OSError(27, 'File too large')")
    monkeypatch.syspath_prepend(tmp_path)
    assert groups.optional("no_room") is None
    assert groups.optional("not_installed_at_all") is None
