import dataclasses
import hashlib
import math
import random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import vectors
from conformance.crypto import blindrsa, spki
from conformance.crypto.blindrsa import BlindRSAError, PrivateKey, PublicKey
from conformance.crypto.spki import PSS, Algorithm, Hash
from conformance.wire import DecodeError

(FILE,) = vectors.load("privacypass/rfc9474-*.json")
(TOKENS,) = vectors.load("privacypass/rfc9578-type2.json")
KEYS = {bits: blindrsa.generate(random.Random(bits), bits) for bits in (1024, 1025, 1031, 1032, 2048)}
VARIANTS = list(blindrsa.VARIANTS.values())
each_key = pytest.mark.parametrize("bits", KEYS)
each_variant = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)


def number(octets):
    return int.from_bytes(octets, "big")


def sign(variant, key, message, seed=1):
    """An honest run: the prepared message and its signature."""
    rng = random.Random(seed)
    prepared = variant.prepare(message, rng.randbytes(32) if variant.randomized else b"")
    blind = blindrsa.random_blind(key.public, rng)
    blinded = variant.blind(key.public, prepared, blind, rng.randbytes(variant.salt_length))
    signature = blindrsa.blind_sign(key, blinded.octets)
    return prepared, variant.finalize(key.public, prepared, signature, blinded.inverse)


# --- Published vectors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", FILE.vectors, ids=lambda vector: vector.id.rpartition("/")[2])
def test_messages_are_signed_as_published(vector):
    variant = blindrsa.VARIANTS[vector.given["variant"]]
    key = PrivateKey.of_primes(*(number(vector.octets(name)) for name in "pqe"))
    public = key.public
    assert (key.n, key.d) == (number(vector.octets("n")), number(vector.octets("d")))
    salt, inverse = vector.octets("salt"), number(vector.octets("inv"))
    prepared = variant.prepare(vector.octets("msg"), vector.octets("msg_prefix"))
    assert prepared == vector.octets("prepared_msg")
    assert blindrsa.pss_encode(prepared, key.n.bit_length() - 1, salt) == vector.expected("encoded_msg")
    blinded = variant.blind(public, prepared, pow(inverse, -1, key.n), salt)
    assert blinded == blindrsa.Blinded(vector.expected("blinded_msg"), inverse)
    blind_signature = blindrsa.blind_sign(key, blinded.octets)
    assert blind_signature == vector.expected("blind_sig")
    assert variant.finalize(public, prepared, blind_signature, inverse) == vector.expected("sig")
    for other in VARIANTS:  # the variants of one salt differ in how they prepare
        assert other.verify(public, prepared, vector.expected("sig")) is (other.salt_length == variant.salt_length)


def test_each_variant_has_a_vector():
    assert {vector.given["variant"] for vector in FILE.vectors} == set(blindrsa.VARIANTS)


@pytest.mark.parametrize("vector", TOKENS.vectors, ids=lambda vector: vector.id.rpartition("/")[2])
def test_published_tokens_come_out(vector):
    """RFC 9578, 6: from the keys as they are published to the last octet."""
    key, public = spki.private_from(vector.octets("skS")), spki.decode(vector.octets("pkS"), length=256)
    assert key.public == public
    assert spki.encode(public) == vector.octets("pkS")
    digests = (hashlib.sha256(vector.octets(name)).digest() for name in ("token_challenge", "pkS"))
    token_input = b"\0\2" + vector.octets("nonce") + b"".join(digests)
    variant = blindrsa.PSS_DETERMINISTIC
    blinded = variant.blind(public, variant.prepare(token_input), number(vector.octets("blind")), vector.octets("salt"))
    assert blinded.octets == vector.expected("token_request")[3:]
    answer = blindrsa.blind_sign(key, blinded.octets)
    assert answer == vector.expected("token_response")
    assert token_input + variant.finalize(public, token_input, answer, blinded.inverse) == vector.expected("token")


# --- A second opinion ------------------------------------------------------------------------------------------------


def theirs(key):
    return rsa.RSAPublicNumbers(key.e, key.n).public_key()


def pss(salt_length):
    return padding.PSS(padding.MGF1(hashes.SHA384()), salt_length)


@each_key
@each_variant
def test_another_library_verifies_what_was_signed_blindly(variant, bits):
    for message in (b"", b"message", bytes(1000)):
        prepared, signature = sign(variant, KEYS[bits], message)
        theirs(KEYS[bits]).verify(signature, prepared, pss(variant.salt_length), hashes.SHA384())
        with pytest.raises(InvalidSignature):
            theirs(KEYS[bits]).verify(signature, prepared + b"!", pss(variant.salt_length), hashes.SHA384())


@each_key
@each_variant
def test_signatures_of_another_library_are_valid(variant, bits):
    key = KEYS[bits]
    signer = rsa.RSAPrivateNumbers(key.p, key.q, key.d, *crt(key), rsa.RSAPublicNumbers(key.e, key.n)).private_key()
    signature = signer.sign(b"prepared", pss(variant.salt_length), hashes.SHA384())
    assert variant.verify(key.public, b"prepared", signature)
    for salt_length in (0, 20, 47, 49):
        other = signer.sign(b"prepared", pss(salt_length), hashes.SHA384())
        assert variant.verify(key.public, b"prepared", other) is (salt_length == variant.salt_length)
    wrong = signer.sign(b"prepared", pss(48), hashes.SHA256())
    assert not variant.verify(key.public, b"prepared", wrong)


def crt(key):
    return key.d % (key.p - 1), key.d % (key.q - 1), pow(key.q, -1, key.p)


# --- Signatures ------------------------------------------------------------------------------------------------------


@each_key
@given(st.data())
@settings(max_examples=30, deadline=None)
def test_no_other_octets_are_the_signature(bits, data):
    variant, key = blindrsa.PSSZERO_DETERMINISTIC, KEYS[bits]
    prepared, signature = sign(variant, key, b"message")
    octets = bytearray(signature)
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    assert not variant.verify(key.public, prepared, bytes(octets))
    assert not variant.verify(key.public, prepared, data.draw(st.binary(max_size=key.public.length + 1)))


def test_a_signature_has_one_form():
    """RFC 8017, 8.1.2: exactly as long as the modulus, and below it."""
    variant, key = blindrsa.PSS_DETERMINISTIC, KEYS[1025]
    prepared, signature = sign(variant, key, b"message")
    larger = number(signature) + key.n
    assert variant.verify(key.public, prepared, signature)
    assert not variant.verify(key.public, prepared, larger.to_bytes(key.public.length, "big"))
    assert not variant.verify(key.public, prepared, b"\0" + signature)
    for length in range(len(signature)):
        assert not variant.verify(key.public, prepared, signature[:length])


@pytest.mark.parametrize("bits", [1023, 1024, 1025])
def test_an_encoding_has_one_form(bits):
    encoded = blindrsa.pss_encode(b"message", bits, bytes(48))
    assert len(encoded) == (bits + 7) // 8
    assert blindrsa.pss_verify(b"message", encoded, bits, 48)
    assert not blindrsa.pss_verify(b"message", encoded, bits, 47)
    assert not blindrsa.pss_verify(b"message", b"\0" + encoded, bits, 48)
    assert not blindrsa.pss_verify(b"message", encoded, bits, 80)
    for bit in range(8 * len(encoded)):
        other = (number(encoded) ^ 1 << bit).to_bytes(len(encoded), "big")
        assert not blindrsa.pss_verify(b"message", other, bits, 48)


def test_short_moduli_have_no_room_for_an_encoding():
    assert len(blindrsa.pss_encode(b"", 8 * 98, bytes(48))) == 98
    with pytest.raises(BlindRSAError, match="no room"):
        blindrsa.pss_encode(b"", 8 * 97, bytes(48))
    assert not blindrsa.pss_verify(b"", bytes(97), 8 * 97, 48)


# --- The protocol's refusals -----------------------------------------------------------------------------------------


@each_variant
def test_prefixes_and_salts_have_the_length_of_the_variant(variant):
    wrong = b"" if variant.randomized else bytes(32)
    with pytest.raises(BlindRSAError, match="prefix"):
        variant.prepare(b"message", wrong)
    with pytest.raises(BlindRSAError, match="prefix"):
        variant.prepare(b"message", bytes(31))
    with pytest.raises(BlindRSAError, match="salt"):
        variant.blind(KEYS[1024].public, b"message", 2, bytes(48 - variant.salt_length))


def test_what_shares_a_factor_with_the_modulus_is_refused():
    """RFC 9474, 4.2, steps 4 and 8: with a modulus that three divides every third message does."""
    public = PublicKey(3 * KEYS[1024].p * KEYS[1024].q, 65537)
    variant, refused = blindrsa.PSSZERO_DETERMINISTIC, 0
    for octet in range(30):
        message = bytes([octet])
        encoded = number(blindrsa.pss_encode(message, public.n.bit_length() - 1, b""))
        if encoded % 3:
            assert variant.blind(public, message, 2, b"").inverse == pow(2, -1, public.n)
            with pytest.raises(BlindRSAError, match="no inverse"):
                variant.blind(public, message, 6, b"")
        else:
            refused += 1
            with pytest.raises(BlindRSAError, match="shares a factor"):
                variant.blind(public, message, 2, b"")
    assert refused > 3
    assert all(blindrsa.random_blind(public, random.Random(seed)) % 3 for seed in range(20))


def test_servers_sign_what_is_as_long_as_the_modulus_and_below_it():
    key = KEYS[1025]
    length = key.public.length
    for octets in (b"", bytes(length - 1), bytes(length + 1)):
        with pytest.raises(DecodeError, match="octets, not 129") as caught:
            blindrsa.blind_sign(key, octets, "request.blinded_msg", 3)
        assert (caught.value.path, caught.value.offset) == ("request.blinded_msg", 3)
    for value in (key.n, key.n + 1, (1 << 8 * length) - 1):
        with pytest.raises(DecodeError, match="not below the modulus"):
            blindrsa.blind_sign(key, value.to_bytes(length, "big"))
    assert blindrsa.blind_sign(key, bytes(length)) == bytes(length)
    assert number(blindrsa.blind_sign(key, (key.n - 1).to_bytes(length, "big"))) == key.n - 1


def test_servers_notice_a_key_that_does_not_fit():
    key = dataclasses.replace(KEYS[1024], d=KEYS[1024].d + 2)
    with pytest.raises(BlindRSAError, match="does not belong"):
        blindrsa.blind_sign(key, (5).to_bytes(key.public.length, "big"))


def test_clients_take_no_other_answer():
    variant, key = blindrsa.PSS_DETERMINISTIC, KEYS[1024]
    blinded = variant.blind(key.public, b"message", 12345, bytes(48))
    answer = blindrsa.blind_sign(key, blinded.octets)
    assert variant.finalize(key.public, b"message", answer, blinded.inverse)
    for length in (*range(len(answer)), len(answer) + 1):
        with pytest.raises(DecodeError, match="octets, not 128"):
            variant.finalize(key.public, b"message", (answer + b"\0")[:length], blinded.inverse)
    with pytest.raises(DecodeError) as caught:
        blindrsa.unblind(key.public, b"", 1, "response.blind_sig", 9)
    assert (caught.value.path, caught.value.offset) == ("response.blind_sig", 9)
    for wrong in (blinded.octets, bytes(len(answer)), answer[:-1] + bytes([answer[-1] ^ 1])):
        with pytest.raises(BlindRSAError, match="invalid"):
            variant.finalize(key.public, b"message", wrong, blinded.inverse)
    with pytest.raises(BlindRSAError, match="invalid"):
        variant.finalize(key.public, b"another", answer, blinded.inverse)
    with pytest.raises(BlindRSAError, match="invalid"):
        variant.finalize(KEYS[1024].public, b"message", answer, blinded.inverse + 1)


# --- Keys ------------------------------------------------------------------------------------------------------------


@each_key
def test_generated_keys_are_keys(bits):
    key = KEYS[bits]
    assert key == blindrsa.generate(random.Random(bits), bits)
    assert key.n == key.p * key.q
    assert key.n.bit_length() == bits
    assert key.public.length == -(-bits // 8)
    assert key.e * key.d % math.lcm(key.p - 1, key.q - 1) == 1
    numbers = rsa.RSAPrivateNumbers(key.p, key.q, key.d, *crt(key), rsa.RSAPublicNumbers(key.e, key.n))
    assert numbers.private_key().key_size == bits, "the other library checks the key"


def test_the_two_primes_differ():
    """There are but two primes of five bits with both top bits set."""
    assert {blindrsa.generate(random.Random(seed), 10).n for seed in range(20)} == {29 * 31}


def test_primes_are_told_from_other_numbers():
    limit = 10000
    sieve = [n for n in range(3, limit, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2))]
    rng = random.Random(1)
    assert [n for n in range(3, limit, 2) if blindrsa._is_prime(n, rng)] == sieve
    for prime in (2**127 - 1, 2**521 - 1, 2**255 - 19, 2**64 - 2**32 + 1):
        assert blindrsa._is_prime(prime, rng)
        assert not blindrsa._is_prime(prime * (2**89 - 1), rng)
    for strong in (3825123056546413051, 318665857834031151167461):  # pseudoprimes to all small bases
        assert not blindrsa._is_prime(strong, rng)


# --- Encodings of keys -----------------------------------------------------------------------------------------------

PUBLIC = KEYS[2048].public
HONEST = spki.encode(PUBLIC)
NULLS = PSS(Hash(spki.SHA384, null=True), spki.MGF1, Hash(spki.SHA384, null=True), 48)


@each_key
def test_another_library_reads_our_keys(bits):
    public = KEYS[bits].public
    for algorithm in (spki.PSS_SHA384, spki.RSA, spki.PSS_ANY, Algorithm(spki.RSASSA_PSS, NULLS)):
        numbers = load_der_public_key(spki.encode(public, algorithm)).public_numbers()
        assert (numbers.n, numbers.e) == (public.n, public.e)
    plain = theirs(public).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert plain == spki.encode(public, spki.RSA)
    assert spki.read(plain) == (public, spki.RSA)


REFUSED = {
    "rsaEncryption": spki.RSA,
    "rsaEncryption with parameters": Algorithm(spki.RSA_ENCRYPTION),
    "no parameters": spki.PSS_ANY,
    "NULL for parameters": Algorithm(spki.RSASSA_PSS, None, null=True),
    "empty parameters": Algorithm(spki.RSASSA_PSS, PSS(None, None, None, None)),
    "no hash": Algorithm(spki.RSASSA_PSS, PSS(hash=None)),
    "no mask generation": Algorithm(spki.RSASSA_PSS, PSS(mgf=None, mgf_hash=None)),
    "mask generation without a hash": Algorithm(spki.RSASSA_PSS, PSS(mgf_hash=None)),
    "another mask generation": Algorithm(spki.RSASSA_PSS, PSS(mgf=spki.SHA384)),
    "no salt length": Algorithm(spki.RSASSA_PSS, PSS(salt_length=None)),
    "no salt": Algorithm(spki.RSASSA_PSS, PSS(salt_length=0)),
    "a salt of another length": Algorithm(spki.RSASSA_PSS, PSS(salt_length=32)),
    "another hash": Algorithm(spki.RSASSA_PSS, PSS(Hash(spki.SHA256))),
    "another hash in mask generation": Algorithm(spki.RSASSA_PSS, PSS(mgf_hash=Hash(spki.SHA1))),
    "a trailer": Algorithm(spki.RSASSA_PSS, PSS(trailer=1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_algorithms_are_read_and_refused(name):
    octets = spki.encode(PUBLIC, REFUSED[name])
    assert spki.read(octets) == (PUBLIC, REFUSED[name])
    with pytest.raises(DecodeError) as caught:
        spki.decode(octets, "token-key", 5)
    assert (caught.value.path, caught.value.offset) == ("token-key", 5)


def test_a_null_after_a_hash_is_no_matter():
    """RFC 4055, 2.1: both forms are to be accepted."""
    octets = spki.encode(PUBLIC, Algorithm(spki.RSASSA_PSS, NULLS))
    assert octets != HONEST
    assert spki.read(octets)[1].parameters == NULLS
    assert spki.decode(octets) == PUBLIC


@pytest.mark.parametrize(
    ("public", "reason"),
    [
        (PublicKey(PUBLIC.n - 1, 65537), "even"),
        (PublicKey(PUBLIC.n, 65536), "even"),
        (PublicKey(PUBLIC.n, 1), "nothing"),
        (PublicKey(PUBLIC.n >> 8 | 1, 65537), "255 octets"),
        (PublicKey(0, 65537), "numbers"),
        (PublicKey(-PUBLIC.n, 65537), "numbers"),
        (PublicKey(PUBLIC.n, -1), "numbers"),
    ],
)
def test_numbers_that_are_no_key_are_refused(public, reason):
    with pytest.raises(DecodeError, match=reason):
        spki.decode(spki.encode(public), length=256)


def test_every_prefix_and_every_addition_is_refused():
    assert spki.decode(HONEST) == PUBLIC
    for length in range(len(HONEST)):
        with pytest.raises(DecodeError):
            spki.decode(HONEST[:length])
        with pytest.raises(DecodeError):
            spki.read(HONEST[:length])
    with pytest.raises(DecodeError):
        spki.decode(HONEST + b"\0")
    unused = HONEST.index(bytes.fromhex("0382010f00")) + 4
    with pytest.raises(DecodeError):  # bits of the last octet that do not count
        spki.read(HONEST[:unused] + b"\1" + HONEST[unused + 1 : -1] + b"\0")


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_key_has_one_encoding(data):
    octets = bytearray(HONEST)
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, 79))] = data.draw(st.integers(0, 255))
    try:
        public, algorithm = spki.read(bytes(octets))
    except DecodeError:
        return
    assert spki.encode(public, algorithm) == octets


def test_private_keys_come_in_four_forms():
    key = KEYS[1024]
    pem = spki.private_to_pem(key)
    other = rsa.RSAPrivateNumbers(key.p, key.q, key.d, *crt(key), rsa.RSAPublicNumbers(key.e, key.n)).private_key()
    forms = [
        other.private_bytes(encoding, form, NoEncryption())
        for encoding in (Encoding.PEM, Encoding.DER)
        for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
    ]
    assert pem == forms[0]
    for octets in forms:
        read = spki.private_from(octets)
        assert read.public == key.public
        assert {read.p, read.q} == {key.p, key.q}
        assert read.power(pow(7, key.e, key.n)) == 7


def test_what_is_no_private_rsa_key_is_refused():
    key = KEYS[1024]
    other = rsa.RSAPrivateNumbers(key.p, key.q, key.d, *crt(key), rsa.RSAPublicNumbers(key.e, key.n)).private_key()
    der = other.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    unknown = der.replace(bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d010163"))
    for octets in (
        b"",
        b"-----BEGIN",
        HONEST,
        der[:-1],
        unknown,
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")),
    ):
        with pytest.raises(DecodeError, match="no private key"):
            spki.private_from(octets)
    for another in (ec.derive_private_key(1, ec.SECP256R1()), ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))):
        octets = another.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        with pytest.raises(DecodeError, match="no RSA key"):
            spki.private_from(octets, "key")
