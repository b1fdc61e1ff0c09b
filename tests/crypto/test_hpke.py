import dataclasses
import hmac
import random

import pytest
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance import crypto, vectors
from conformance.crypto import HPKEError, Suite

VECTORS = [vector for file in vectors.load("ohttp/rfc9180-*.json") for vector in file.vectors]
PQ_VECTORS = [vector for file in vectors.load("ohttp/hpke-pq-*.json") for vector in file.vectors]
CURVES = {0x0010: ec.SECP256R1(), 0x0011: ec.SECP384R1(), 0x0012: ec.SECP521R1()}
IMPLEMENTED = [kem.id for kem in crypto.KEMS.values() if kem.implemented]
X25519 = Suite(0x0020, 0x0001, 0x0001)


def suite_of(vector):
    return Suite(vector.given["kem_id"], vector.given["kdf_id"], vector.given["aead_id"])


def of_mode(*modes):
    chosen = [vector for vector in VECTORS if vector.given["mode"] in modes]
    return pytest.mark.parametrize("vector", chosen, ids=lambda vector: vector.id)


def name(suite):
    return suite.name


# --- Published vectors -----------------------------------------------------------------------------------------------


def test_every_setup_of_the_appendix_is_there():
    assert len(VECTORS) == 28
    assert len({suite_of(vector) for vector in VECTORS}) == 7


@of_mode(0, 1, 2, 3)
def test_key_pairs_are_derived_as_published(vector):
    kem = vector.given["kem_id"]
    recipient = crypto.derive(kem, vector.octets("ikmR"))
    assert recipient == crypto.KeyPair(vector.octets("skRm"), vector.octets("pkRm"))
    assert crypto.derive(kem, vector.octets("ikmE")) == crypto.KeyPair(vector.octets("skEm"), vector.octets("enc"))
    assert crypto.public_of(kem, recipient.private) == recipient.public


def test_a_private_key_that_was_just_made_is_the_one_that_its_octets_say():
    rng = random.Random(7)
    pairs = [crypto.generate(X25519.kem, rng) for _ in range(70)]  # more than are remembered
    for pair in (pairs[0], pairs[-1], pairs[-1]):
        read = x25519.X25519PrivateKey.from_private_bytes(pair.private).public_key()
        assert read.public_bytes(Encoding.Raw, PublicFormat.Raw) == pair.public == crypto.public_of(0x20, pair.private)


def published_sender(vector):
    ephemeral = crypto.KeyPair(vector.octets("skEm"), vector.octets("enc"))
    arguments = suite_of(vector), vector.octets("pkRm"), vector.octets("info"), ephemeral
    if vector.given["mode"] == 1:
        return crypto.setup_sender_psk(*arguments, vector.octets("psk"), vector.octets("psk_id"))
    return crypto.setup_sender(*arguments)


@of_mode(0, 1)
def test_senders_seal_and_export_as_published(vector):
    sender = published_sender(vector)
    assert sender.enc == vector.octets("enc")
    for each in vector.expect["encryptions"]:
        pt, aad, ct = (bytes.fromhex(each[key]) for key in ("pt", "aad", "ct"))
        assert sender.seal(pt, aad, each["sequence"]) == ct
    for each in vector.expect["exports"]:
        value = sender.export(bytes.fromhex(each["exporter_context"]), each["length"])
        assert value == bytes.fromhex(each["exported_value"])


@of_mode(0)
def test_recipients_open_and_export_as_published(vector):
    recipient = crypto.setup_recipient(
        suite_of(vector), vector.octets("enc"), vector.octets("skRm"), vector.octets("info")
    )
    for each in vector.expect["encryptions"]:
        pt, aad, ct = (bytes.fromhex(each[key]) for key in ("pt", "aad", "ct"))
        assert recipient.open(ct, aad, each["sequence"]) == pt
    for each in vector.expect["exports"]:
        value = recipient.export(bytes.fromhex(each["exporter_context"]), each["length"])
        assert value == bytes.fromhex(each["exported_value"])


def test_the_sequence_counts_as_published():
    vector = next(vector for vector in VECTORS if len(vector.expect["encryptions"]) > 3)
    sender = published_sender(vector)
    sealed = {}
    for number in range(257):
        sealed[number] = sender.seal(
            bytes.fromhex(vector.expect["encryptions"][0]["pt"]), b"Count-" + str(number).encode()
        )
    for each in vector.expect["encryptions"]:
        assert sealed[each["sequence"]] == bytes.fromhex(each["ct"])


@of_mode(1)
def test_base_mode_opens_nothing_of_psk_mode(vector):
    recipient = crypto.setup_recipient(
        suite_of(vector), vector.octets("enc"), vector.octets("skRm"), vector.octets("info")
    )
    for each in vector.expect["encryptions"]:
        with pytest.raises(HPKEError):
            recipient.open(bytes.fromhex(each["ct"]), bytes.fromhex(each["aad"]), each["sequence"])
    assert recipient.export(b"", 32) != published_sender(vector).export(b"", 32)


def test_the_example_of_oblivious_http_is_reproduced():
    """RFC 9458, Appendix A, both ways: what the suite's messages stand on."""
    (vector,) = vectors.load("ohttp/rfc9458-example.json")[0].vectors
    configuration, request = vector.octets("key_configuration"), vector.octets("request")
    public = configuration[3 : 3 + X25519.kem_info.public_length]
    header = configuration[:3] + bytes.fromhex("00010001")
    info = b"message/bhttp request\0" + header
    assert info == vector.expected("info")
    ephemeral = crypto.KeyPair(vector.octets("skE"), crypto.public_of(0x0020, vector.octets("skE")))
    sender = crypto.setup_sender(X25519, public, info, ephemeral)
    assert header + sender.enc + sender.seal(request) == vector.expected("encapsulated_request")
    recipient = crypto.setup_recipient(X25519, vector.expected("enc"), vector.octets("skR"), info)
    secret = recipient.export(b"message/bhttp response", 16)
    assert secret == sender.export(b"message/bhttp response", 16) == vector.expected("secret")
    prk = crypto.extract(0x0001, vector.expected("enc") + vector.octets("response_nonce"), secret)
    assert prk == vector.expected("prk")
    key, nonce = crypto.expand(0x0001, prk, b"key", 16), crypto.expand(0x0001, prk, b"nonce", 12)
    assert (key, nonce) == (vector.expected("key"), vector.expected("nonce"))
    sealed = crypto.aead_seal(0x0001, key, nonce, vector.octets("response"))
    assert vector.octets("response_nonce") + sealed == vector.expected("encapsulated_response")
    assert crypto.aead_open(0x0001, key, nonce, sealed) == vector.octets("response")


def test_the_chunked_example_is_reproduced():
    """draft-ietf-ohai-chunked-ohttp-08, Appendix A: chosen sequence numbers and additional data."""
    (vector,) = vectors.load("ohttp/chunked-08-example.json")[0].vectors
    public = vector.octets("key_configuration")[3:35]
    ephemeral = crypto.KeyPair(vector.octets("skE"), crypto.public_of(0x0020, vector.octets("skE")))
    sender = crypto.setup_sender(X25519, public, vector.expected("info"), ephemeral)
    recipient = crypto.setup_recipient(X25519, sender.enc, vector.octets("skR"), vector.expected("info"))
    chunks = [bytes.fromhex(chunk) for chunk in vector.given["request_chunks"]]
    sealed = [bytes.fromhex(chunk)[1:] for chunk in vector.expect["sealed_request_chunks"]]  # without length prefixes
    for number in (2, 0, 1):
        aad = b"final" if number == 2 else b""
        assert sender.seal(chunks[number], aad, number) == sealed[number]
        assert recipient.open(sealed[number], aad, number) == chunks[number]


# --- A second opinion ------------------------------------------------------------------------------------------------

OTHER_KEMS = {0x0010: hpke.KEM.P256, 0x0011: hpke.KEM.P384, 0x0012: hpke.KEM.P521, 0x0020: hpke.KEM.X25519}
OTHER_KDFS = {1: hpke.KDF.HKDF_SHA256, 2: hpke.KDF.HKDF_SHA384, 3: hpke.KDF.HKDF_SHA512}
OTHER_AEADS = {1: hpke.AEAD.AES_128_GCM, 2: hpke.AEAD.AES_256_GCM, 3: hpke.AEAD.CHACHA20_POLY1305}


def other_private(kem, private):
    if kem == 0x0020:
        return x25519.X25519PrivateKey.from_private_bytes(private)
    return ec.derive_private_key(int.from_bytes(private, "big"), CURVES[kem])


@pytest.mark.parametrize("suite", [suite for suite in crypto.SUITES if suite.kem in OTHER_KEMS], ids=name)
def test_another_implementation_agrees(suite):
    rng = random.Random(suite.name)
    other = hpke.Suite(OTHER_KEMS[suite.kem], OTHER_KDFS[suite.kdf], OTHER_AEADS[suite.aead])
    for _ in range(4):
        pair, ephemeral = crypto.generate(suite.kem, rng), crypto.generate(suite.kem, rng)
        info, plaintext = rng.randbytes(rng.randrange(100)), rng.randbytes(rng.randrange(1000))
        sender = crypto.setup_sender(suite, pair.public, info, ephemeral)
        private = other_private(suite.kem, pair.private)
        assert other.decrypt(sender.enc + sender.seal(plaintext), private, info) == plaintext
        sealed = other.encrypt(plaintext, private.public_key(), info)
        enc, ciphertext = sealed[: suite.kem_info.enc_length], sealed[suite.kem_info.enc_length :]
        assert crypto.setup_recipient(suite, enc, pair.private, info).open(ciphertext) == plaintext


def test_the_other_implementation_has_36_of_our_suites():
    assert len(crypto.SUITES) == 45
    assert sum(suite.kem in OTHER_KEMS for suite in crypto.SUITES) == 36


def test_unlabelled_hkdf_agrees_with_its_definition():
    rng = random.Random(1)
    for kdf, digest in ((1, "sha256"), (2, "sha384"), (3, "sha512")):
        salt, ikm, info = rng.randbytes(48), rng.randbytes(16), rng.randbytes(9)
        prk = crypto.extract(kdf, salt, ikm)
        assert prk == hmac.digest(salt, ikm, digest)
        first = hmac.digest(prk, info + b"\1", digest)
        second = hmac.digest(prk, first + info + b"\2", digest)
        assert crypto.expand(kdf, prk, info, len(first) + 5) == first + second[:5]


ML_KEMS = {0x0041: mlkem.MLKEM768PrivateKey, 0x0042: mlkem.MLKEM1024PrivateKey}


@pytest.mark.parametrize(
    "vector", [each for each in PQ_VECTORS if each.given["kem_id"] in ML_KEMS], ids=lambda vector: vector.id
)
def test_published_ml_kem_vectors_decapsulate(vector):
    private = ML_KEMS[vector.given["kem_id"]].from_seed_bytes(vector.octets("skRm"))
    assert private.public_key().public_bytes_raw() == vector.octets("pkRm")
    assert private.decapsulate(vector.octets("enc")) == vector.expected("shared_secret")


@pytest.mark.parametrize("vector", PQ_VECTORS, ids=lambda vector: vector.id)
def test_the_registry_has_the_sizes_of_published_post_quantum_vectors(vector):
    suite = suite_of(vector)
    assert not suite.implemented
    assert len(vector.octets("enc")) == suite.kem_info.enc_length
    assert len(vector.octets("pkRm")) == suite.kem_info.public_length
    assert len(vector.octets("skRm")) == suite.kem_info.private_length
    assert len(vector.expected("exporter_secret")) == suite.kdf_info.hash_length
    assert len(vector.expected("key")) == suite.aead_info.key_length
    for each in vector.expect["encryptions"]:
        sequence = each["sequence"].to_bytes(suite.aead_info.nonce_length, "big")
        key, nonce = (
            vector.expected("key"),
            bytes(a ^ b for a, b in zip(vector.expected("base_nonce"), sequence, strict=True)),
        )
        opened = crypto.aead_open(suite.aead, key, nonce, bytes.fromhex(each["ct"]), bytes.fromhex(each["aad"]))
        assert opened == bytes.fromhex(each["pt"])


# --- Suites and registries -------------------------------------------------------------------------------------------


def test_names_and_suites_are_one_to_one():
    assert X25519.name == "0020/0001/0001"
    for suite in (*crypto.SUITES, Suite(0xBEEF, 0, 0xFFFF)):
        assert Suite.parse(suite.name) == suite


@pytest.mark.parametrize("text", ["", "0020/0001", "0020/0001/0001/", "0x20/1/1", "00AB/0001/0001", "0020/0001/0001\n"])
def test_other_texts_name_no_suite(text):
    with pytest.raises(HPKEError):
        Suite.parse(text)


@pytest.mark.parametrize(
    ("text", "implemented"),
    [
        ("0020/0001/0001", True),
        ("0020/0001/ffff", True),
        ("0020/0001/0004", False),
        ("0020/0010/0001", False),
        ("0020/0004/0001", False),
        ("0041/0001/0001", False),
        ("0001/0001/0001", False),
    ],
)
def test_known_unknown_and_implemented_are_three_things(text, implemented):
    suite = Suite.parse(text)
    assert suite.implemented is implemented
    if not implemented:
        pair = crypto.KeyPair(bytes(32), bytes(32))
        with pytest.raises(HPKEError):
            crypto.setup_sender(suite, pair.public, b"", pair)
        with pytest.raises(HPKEError):
            crypto.setup_recipient(suite, pair.public, pair.private, b"")


def test_unknown_numbers_have_no_row():
    suite = Suite(1, 1, 1)
    with pytest.raises(HPKEError, match="KEM 0x0001 is unknown"):
        _ = suite.kem_info
    with pytest.raises(HPKEError, match="KDF 0x0000 is unknown"):
        _ = dataclasses.replace(suite, kdf=0).kdf_info
    with pytest.raises(HPKEError, match="AEAD 0x0000 is unknown"):
        _ = dataclasses.replace(suite, aead=0).aead_info


# --- Keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kem", IMPLEMENTED)
def test_the_same_seed_gives_the_same_valid_keys(kem):
    pair = crypto.generate(kem, random.Random(7))
    assert pair == crypto.generate(kem, random.Random(7))
    assert pair != crypto.generate(kem, random.Random(8))
    assert len(pair.private) == crypto.KEMS[kem].private_length
    assert len(pair.public) == crypto.KEMS[kem].public_length
    crypto.validate_public(kem, pair.public)


def test_keys_of_other_kems_are_refused():
    for kem in (0x0041, 0x0016, 0x1234):
        with pytest.raises(HPKEError):
            crypto.generate(kem, random.Random(1))
        with pytest.raises(HPKEError):
            crypto.derive(kem, bytes(64))


def bad_points(kem):
    """Octets that are no public key, by name."""
    good = crypto.generate(kem, random.Random(3)).public
    yield "empty", b""
    yield "short", good[:-1]
    yield "long", good + b"\0"
    if kem in CURVES:
        point = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[kem], good)
        compressed = point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        size = (len(good) - 1) // 2
        yield "infinity", b"\0"
        yield "infinity, filled up", bytes(len(good))
        yield "compressed", compressed
        yield "compressed, filled up", compressed + bytes(size)
        yield "hybrid", bytes([6 + (good[-1] & 1)]) + good[1:]
        yield "off the curve", good[:-1] + bytes([good[-1] ^ 1])
        yield "coordinate too large", b"\4" + b"\xff" * size + good[1 + size :]
    else:
        yield "zero", bytes(len(good))
        yield "one", b"\1" + bytes(len(good) - 1)
    if kem == 0x0020:  # the points of order 8, and 0 and 1 written as p and p + 1
        yield "order 8", bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
        yield "order 8 too", bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")
        yield "p", bytes.fromhex("ed" + "ff" * 30 + "7f")
        yield "p + 1", bytes.fromhex("ee" + "ff" * 30 + "7f")
        yield "zero with the unused bit", bytes(31) + b"\x80"


BAD_POINTS = [(kem, what, octets) for kem in IMPLEMENTED for what, octets in bad_points(kem)]


@pytest.mark.parametrize(
    ("kem", "what", "octets"), BAD_POINTS, ids=[f"{kem:04x}-{what}" for kem, what, _ in BAD_POINTS]
)
def test_bad_public_keys_are_refused_everywhere(kem, what, octets):
    suite, pair = Suite(kem, 0x0001, 0x0001), crypto.generate(kem, random.Random(4))
    with pytest.raises(HPKEError):
        crypto.validate_public(kem, octets)
    with pytest.raises(HPKEError):
        crypto.setup_sender(suite, octets, b"", pair)
    with pytest.raises(HPKEError):
        crypto.setup_recipient(suite, octets, pair.private, b"")


def test_the_unused_bit_of_x25519_is_ignored_in_the_point_and_kept_in_the_context():
    """RFC 7748, 5 masks the bit; RFC 9180, 4.1 binds the octets as they were sent."""
    pair, ephemeral = crypto.generate(0x0020, random.Random(1)), crypto.generate(0x0020, random.Random(2))
    masked = ephemeral.public[:-1] + bytes([ephemeral.public[-1] | 0x80])
    sender = crypto.setup_sender(X25519, pair.public, b"", crypto.KeyPair(ephemeral.private, masked))
    assert sender.enc == masked
    sealed = sender.seal(b"x")
    assert crypto.setup_recipient(X25519, masked, pair.private, b"").open(sealed) == b"x"
    with pytest.raises(HPKEError):
        crypto.setup_recipient(X25519, ephemeral.public, pair.private, b"").open(sealed)


@pytest.mark.parametrize("kem", IMPLEMENTED)
def test_bad_private_keys_are_refused(kem):
    good = crypto.generate(kem, random.Random(1))
    bad = [b"", good.private[:-1], good.private + b"\0", b"\0" + good.private]
    if kem in CURVES:
        bad += [bytes(len(good.private)), b"\xff" * len(good.private)]
    for octets in bad:
        with pytest.raises(HPKEError):
            crypto.public_of(kem, octets)
        with pytest.raises(HPKEError):
            crypto.setup_recipient(Suite(kem, 1, 1), good.public, octets, b"")
        with pytest.raises(HPKEError):
            crypto.setup_sender(Suite(kem, 1, 1), good.public, b"", crypto.KeyPair(octets, good.public))


# --- Contexts --------------------------------------------------------------------------------------------------------


def contexts(suite=X25519, seed=1, info=b"info"):
    rng = random.Random(seed)
    pair, ephemeral = crypto.generate(suite.kem, rng), crypto.generate(suite.kem, rng)
    sender = crypto.setup_sender(suite, pair.public, info, ephemeral)
    return sender, crypto.setup_recipient(suite, sender.enc, pair.private, info)


@pytest.mark.parametrize("suite", crypto.SUITES, ids=name)
def test_what_is_sealed_opens_and_both_sides_export_the_same(suite):
    sender, recipient = contexts(suite)
    for number in range(3):
        plaintext = bytes([number]) * number
        sealed = sender.seal(plaintext, b"aad")
        assert len(sealed) == number + suite.aead_info.tag_length
        assert recipient.open(sealed, b"aad") == plaintext
    assert sender.export(b"label", 40) == recipient.export(b"label", 40)
    assert sender.export(b"label", 0) == b""


@pytest.mark.parametrize("suite", crypto.SUITES, ids=name)
def test_a_context_of_parts_is_that_of_an_honest_sender(suite):
    recipient, ephemeral = (crypto.generate(suite.kem, random.Random(n)) for n in (1, 2))
    dh = crypto.diffie_hellman(suite.kem, ephemeral.private, recipient.public)
    assert dh == crypto.diffie_hellman(suite.kem, recipient.private, ephemeral.public)
    honest = crypto.setup_sender(suite, recipient.public, b"info", ephemeral)
    made = crypto.setup_sender_with(suite, recipient.public, b"info", ephemeral.public, dh)
    assert (made.enc, made.seal(b"text"), made.export(b"x", 16)) == (
        honest.enc, honest.seal(b"text"), honest.export(b"x", 16),
    )  # fmt: skip
    opened = crypto.setup_recipient_with(suite, recipient.public, b"info", made.enc, dh)
    assert opened.open(made.seal(b"text", sequence=0)) == b"text"
    psk = crypto.setup_sender_psk(suite, recipient.public, b"", ephemeral, b"key", b"id")
    opened = crypto.setup_recipient_with(suite, recipient.public, b"", psk.enc, dh, b"key", b"id")
    assert opened.open(psk.seal(b"text")) == b"text"


@pytest.mark.parametrize("kem", [0x0020, 0x0021])
def test_a_shared_value_of_zeros_is_refused_though_it_can_be_forged(kem):
    recipient = crypto.generate(kem, random.Random(1))
    zeros = bytes(crypto.KEMS[kem].enc_length)
    with pytest.raises(HPKEError):
        crypto.diffie_hellman(kem, recipient.private, zeros)
    suite = Suite(kem, 0x0001, 0x0001)
    assert crypto.setup_sender_with(suite, recipient.public, b"", zeros, zeros).seal(b"")
    with pytest.raises(HPKEError):
        crypto.setup_recipient(suite, zeros, recipient.private, b"")


def test_a_given_number_leaves_the_counter_alone():
    sender, recipient = contexts()
    third, first = sender.seal(b"c", sequence=2), sender.seal(b"a")
    assert (sender.sequence, recipient.sequence) == (1, 0)
    assert recipient.open(third, sequence=2) == b"c"
    assert recipient.open(first) == b"a"
    recipient.sequence = 2
    assert recipient.open(third) == b"c"
    assert recipient.sequence == 3


def test_a_failed_opening_is_not_counted():
    sender, recipient = contexts()
    sealed = sender.seal(b"x")
    with pytest.raises(HPKEError):
        recipient.open(sealed, b"other")
    assert recipient.sequence == 0
    assert recipient.open(sealed) == b"x"


def test_the_sequence_never_wraps():
    sender, _ = contexts()
    last = 2**96 - 2
    sender.sequence = last
    sender.seal(b"")
    for number in (None, last + 1, 2**96, -1):
        with pytest.raises(HPKEError, match="out of range"):
            sender.seal(b"", sequence=number)
    assert sender.sequence == last + 1


def test_export_only_contexts_only_export():
    sender, recipient = contexts(dataclasses.replace(X25519, aead=crypto.EXPORT_ONLY))
    assert sender.export(b"", 32) == recipient.export(b"", 32)
    with pytest.raises(HPKEError, match="only export"):
        sender.seal(b"")
    with pytest.raises(HPKEError, match="only export"):
        recipient.open(b"")


@pytest.mark.parametrize("length", [-1, 255 * 32 + 1, 65536, 2**70])
def test_lengths_beyond_the_kdf_are_refused(length):
    sender, _ = contexts()
    with pytest.raises(HPKEError):
        sender.export(b"", length)
    with pytest.raises(HPKEError):
        crypto.expand(0x0001, bytes(32), b"", length)
    assert len(sender.export(b"", 255 * 32)) == len(crypto.expand(0x0001, bytes(32), b"", 255 * 32)) == 255 * 32


@pytest.mark.parametrize("kdf", [0x0010, 0x0004])
def test_one_stage_and_unknown_kdfs_have_no_extract_and_expand(kdf):
    with pytest.raises(HPKEError):
        crypto.extract(kdf, b"", b"")
    with pytest.raises(HPKEError):
        crypto.expand(kdf, b"", b"", 1)


@pytest.mark.parametrize(("psk", "psk_id"), [(b"", b""), (b"key", b""), (b"", b"id")])
def test_psk_mode_needs_a_key_and_its_identifier(psk, psk_id):
    pair = crypto.generate(0x0020, random.Random(1))
    with pytest.raises(HPKEError):
        crypto.setup_sender_psk(X25519, pair.public, b"", pair, psk, psk_id)


@pytest.mark.parametrize(
    ("aead", "key", "nonce"), [(1, 32, 12), (1, 24, 12), (2, 16, 12), (3, 31, 12), (1, 16, 11), (1, 16, 13), (2, 32, 0)]
)
def test_wrong_lengths_of_key_and_nonce_are_refused(aead, key, nonce):
    with pytest.raises(HPKEError):
        crypto.aead_seal(aead, bytes(key), bytes(nonce), b"")
    with pytest.raises(HPKEError):
        crypto.aead_open(aead, bytes(key), bytes(nonce), bytes(16))


@pytest.mark.parametrize("aead", [0, crypto.EXPORT_ONLY])
def test_other_aeads_seal_and_open_nothing(aead):
    with pytest.raises(HPKEError):
        crypto.aead_seal(aead, b"", b"", b"")
    with pytest.raises(HPKEError):
        crypto.aead_open(aead, b"", b"", b"")


# --- Properties ------------------------------------------------------------------------------------------------------

kems = st.sampled_from(IMPLEMENTED)


@st.composite
def nearly_right(draw, length):
    """Octets about as long as they should be; content from a seed, for drawn octets stay short."""
    size = max(0, draw(st.sampled_from([length, length, length - 1, length + 1, 0, 1, 2 * length])))
    octets = bytearray(random.Random(draw(st.integers(0, 2**32))).randbytes(size))
    if octets and draw(st.booleans()):
        octets[0] = draw(st.sampled_from([0, 2, 3, 4, 6, 7]))
    return bytes(octets)


def settles(function, *arguments):
    """Whether there is a value; any exception but HPKEError passes through."""
    try:
        function(*arguments)
    except HPKEError:
        return False
    return True


@settings(deadline=None)
@given(data=st.data(), kem=kems)
def test_any_octets_give_a_value_or_an_hpke_error(data, kem):
    row, suite = crypto.KEMS[kem], Suite(kem, 0x0001, 0x0001)
    pair = crypto.generate(kem, random.Random(1))
    public, private = data.draw(nearly_right(row.public_length)), data.draw(nearly_right(row.private_length))
    assert settles(crypto.validate_public, kem, public) == settles(crypto.setup_sender, suite, public, b"", pair)
    assert settles(crypto.validate_public, kem, public) == settles(
        crypto.setup_recipient, suite, public, pair.private, b""
    )
    assert settles(crypto.public_of, kem, private) == settles(crypto.setup_recipient, suite, pair.public, private, b"")
    assert settles(crypto.derive, kem, private)


@settings(deadline=None)
@given(octets=st.binary(max_size=64), aad=st.binary(max_size=8), sequence=st.none() | st.integers(0, 3))
@example(octets=b"", aad=b"", sequence=None)
def test_no_other_octets_open(octets, aad, sequence):
    sender, recipient = contexts()
    sealed = sender.seal(b"secret")
    if (octets, aad, sequence or 0) != (sealed, b"", 0):
        with pytest.raises(HPKEError):
            recipient.open(octets, aad, sequence)
    with pytest.raises(HPKEError):
        crypto.aead_open(0x0003, bytes(32), bytes(12), octets, aad)


@settings(deadline=None)
@given(
    suite=st.sampled_from(crypto.SUITES),
    seed=st.integers(0, 2**32),
    plaintext=st.binary(max_size=64),
    aad=st.binary(max_size=64),
    info=st.binary(max_size=64),
    sequence=st.integers(0, 2**96 - 2),
)
def test_open_is_the_inverse_of_seal(suite, seed, plaintext, aad, info, sequence):
    sender, recipient = contexts(suite, seed, info)
    assert recipient.open(sender.seal(plaintext, aad, sequence), aad, sequence) == plaintext


@settings(deadline=None)
@given(bit=st.integers(0, 8 * (5 + 16) - 1))
def test_each_bit_of_a_ciphertext_matters(bit):
    sender, recipient = contexts()
    spoiled = bytearray(sender.seal(b"hello"))
    spoiled[bit // 8] ^= 1 << bit % 8
    with pytest.raises(HPKEError):
        recipient.open(bytes(spoiled))
