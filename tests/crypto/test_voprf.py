import dataclasses
import hashlib
import random

import pytest
import voprf as other
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import vectors
from conformance.crypto import groups, voprf
from conformance.crypto.voprf import Mode, OPRFError, Proof
from conformance.wire import DecodeError

(FILE,) = vectors.load("privacypass/rfc9497-*.json")
VECTORS = [vector for vector in FILE.vectors if vector.given["suite"] in voprf.IDENTIFIERS]
OTHERS = {"P384-SHA384": other.p384, "ristretto255-SHA512": other.ristretto}
SUITES = [voprf.suite(identifier, mode) for identifier in voprf.IDENTIFIERS for mode in Mode]
each_suite = pytest.mark.parametrize("suite", SUITES, ids=lambda suite: f"{suite.identifier}-{suite.mode.name}")
each_other = pytest.mark.parametrize("identifier", OTHERS)


def run(suite, inputs, seed=1, info=b"", keys=None):
    """One honest run, each of its values."""
    rng = random.Random(seed)
    keys = keys or suite.generate_key_pair(rng)
    blinds = [suite.group.random_scalar(rng) for _ in inputs]
    blinded = [suite.blind(each, blind) for each, blind in zip(inputs, blinds, strict=True)]
    evaluation = suite.blind_evaluate(keys.private, blinded, suite.group.random_scalar(rng), info)
    return keys, blinds, blinded, evaluation


# --- Published vectors -----------------------------------------------------------------------------------------------


def test_all_vectors_but_those_of_decaf448_are_run():
    assert len(FILE.vectors) == 40
    assert len(VECTORS) == 32
    left_out = {vector.given["suite"] for vector in FILE.vectors if vector not in VECTORS}
    assert left_out == {"decaf448-SHAKE256"}


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id.rpartition("/")[2])
def test_the_protocol_runs_as_published(vector, fast):
    suite = voprf.suite(vector.given["suite"], Mode[vector.given["mode"].upper()], fast=fast)
    group, info = suite.group, bytes.fromhex(vector.given.get("info", ""))
    inputs = [bytes.fromhex(each) for each in vector.given["input"]]
    blinds = [group.decode_scalar(bytes.fromhex(each)) for each in vector.given["blind"]]
    nonce = group.decode_scalar(
        bytes.fromhex(vector.given.get("proof_random_scalar", "00" * suite.group.scalar_length))
    )
    keys = suite.derive_key_pair(vector.octets("seed"), vector.octets("key_info"))
    assert group.encode_scalar(keys.private) == vector.expected("skS")
    blinded = [suite.blind(each, blind) for each, blind in zip(inputs, blinds, strict=True)]
    assert [each.encode().hex() for each in blinded] == vector.expect["blinded_element"]
    evaluation = suite.blind_evaluate(keys.private, blinded, nonce, info)
    assert [each.encode().hex() for each in evaluation.elements] == vector.expect["evaluation_element"]
    if suite.mode is Mode.OPRF:
        assert evaluation.proof is None
    else:
        assert keys.public.encode() == vector.expected("pkS")
        assert suite.encode_proof(evaluation.proof) == vector.expected("proof")
        assert suite.decode_proof(vector.expected("proof")) == evaluation.proof
    outputs = suite.finalize(keys.public, inputs, blinds, blinded, evaluation.elements, evaluation.proof, info)
    assert [each.hex() for each in outputs] == vector.expect["output"]
    assert tuple(suite.evaluate(keys.private, each, info) for each in inputs) == outputs
    assert {len(each) for each in outputs} == {suite.output_length}


@pytest.mark.parametrize(
    ("file", "identifier"),
    [
        ("privacypass/rfc9578-type1.json", "P384-SHA384"),
        ("privacypass/batched-07-type5.json", "ristretto255-SHA512"),
        ("privacypass/batched-07-amortized-p384.json", "P384-SHA384"),
        ("privacypass/batched-07-amortized-ristretto255.json", "ristretto255-SHA512"),
    ],
)
def test_published_tokens_come_out(file, identifier):
    """Tokens of RFC 9578, 5, and of the batched draft: the proofs, whose nonces are not known, hold."""
    suite = voprf.suite(identifier)
    group = suite.group
    (loaded,) = vectors.load(file)
    assert len(loaded.vectors) >= 5
    for vector in loaded.vectors:
        public = group.decode(vector.octets("pkS"))
        assert suite.key_pair(group.decode_scalar(vector.octets("skS"))).public == public
        nonces = vector.given.get("nonces") or [vector.given["nonce"]]
        blinds = [bytes.fromhex(each) for each in vector.given.get("blinds") or [vector.given["blind"]]]
        blinds = [group.decode_scalar(each) for each in blinds]
        tokens = vector.expect.get("tokens") or [vector.expect["token"]]
        digests = hashlib.sha256(vector.octets("token_challenge")).digest(), hashlib.sha256(public.encode()).digest()
        inputs = [vector.octets("token_challenge")[:2] + bytes.fromhex(nonce) + b"".join(digests) for nonce in nonces]
        blinded = [suite.blind(each, blind) for each, blind in zip(inputs, blinds, strict=True)]
        assert vector.expected("token_request").endswith(b"".join(each.encode() for each in blinded))
        response = vector.expected("token_response")
        proof = suite.decode_proof(response[-suite.proof_length :])
        octets = response[: -suite.proof_length][-len(inputs) * group.element_length :]
        evaluated = [
            group.decode(octets[at : at + group.element_length]) for at in range(0, len(octets), group.element_length)
        ]
        outputs = suite.finalize(public, inputs, blinds, blinded, evaluated, proof)
        made = [each + output for each, output in zip(inputs, outputs, strict=True)]
        assert [each.hex() for each in made] == tokens


# --- A second opinion ------------------------------------------------------------------------------------------------


@each_other
def test_another_server_answers_our_client(identifier):
    suite, rng = voprf.suite(identifier), random.Random(identifier)
    for number in range(4):
        seed, info, message = rng.randbytes(32), rng.randbytes(number * 7), rng.randbytes(1 + number * 50)
        server = OTHERS[identifier].Evaluator.from_seed(seed, info)
        keys = suite.derive_key_pair(seed, info)
        assert server.public_key.serialize() == keys.public.encode()
        blind = suite.group.random_scalar(rng)
        blinded = suite.blind(message, blind)
        answer = server.evaluate(OTHERS[identifier].BlindedInput.deserialize(blinded.encode())).serialize()
        elements, proof = answer_parts(suite, answer)
        (output,) = suite.finalize(keys.public, [message], [blind], [blinded], elements, proof)
        assert output == server.evaluate_known_input(message) == suite.evaluate(keys.private, message)


def answer_parts(suite, answer, count=1):
    """The elements and the proof of the other library's answer: the proof comes first."""
    proof, elements = answer[: suite.proof_length], answer[suite.proof_length :]
    assert len(elements) == count * suite.group.element_length
    size = suite.group.element_length
    return [suite.group.decode(elements[at : at + size]) for at in range(0, len(elements), size)], suite.decode_proof(
        proof
    )


@each_other
def test_another_client_takes_the_answers_of_our_server(identifier):
    suite, rng, library = voprf.suite(identifier), random.Random(identifier), OTHERS[identifier]
    keys = suite.generate_key_pair(rng)
    public = library.PublicKey.deserialize(keys.public.encode())
    for number in range(4):
        message = rng.randbytes(1 + number * 50)
        client, blinded = library.Client.blind(message)
        element = suite.group.decode(blinded.serialize())
        answer = suite.blind_evaluate(keys.private, [element], suite.group.random_scalar(rng))
        octets = suite.encode_proof(answer.proof) + answer.elements[0].encode()
        output = client.finalize(library.VerifiableOutput.deserialize(octets), public)
        assert output == suite.evaluate(keys.private, message)
        wrong = dataclasses.replace(answer.proof, response=answer.proof.response ^ 1)
        with pytest.raises(Exception, match=r"(?i)proof|verif"):
            library.Client.blind(message)[0].finalize(
                library.VerifiableOutput.deserialize(suite.encode_proof(wrong) + answer.elements[0].encode()), public
            )


@each_other
def test_another_library_proves_and_verifies_batches(identifier):
    suite, rng, library = voprf.suite(identifier), random.Random(identifier), OTHERS[identifier]
    seed, inputs = rng.randbytes(32), [b"one", b"two", b"three"]
    keys, blinds, blinded, answer = run(suite, inputs, keys=suite.derive_key_pair(seed))
    server = library.Evaluator(seed)
    theirs = server.evaluate_batch([library.BlindedInput.deserialize(each.encode()) for each in blinded])
    elements, proof = answer_parts(suite, theirs.serialize(), len(inputs))
    assert tuple(elements) == answer.elements
    outputs = suite.finalize(keys.public, inputs, blinds, blinded, elements, proof)
    clients = [library.Client.blind(each) for each in inputs]
    sent = [suite.group.decode(each.serialize()) for _, each in clients]
    answer = suite.blind_evaluate(keys.private, sent, suite.group.random_scalar(rng))
    octets = suite.encode_proof(answer.proof) + b"".join(each.encode() for each in answer.elements)
    batch = library.VerifiableBatchOutput.deserialize(octets)
    assert tuple(library.Client.finalize_batch([each for each, _ in clients], batch, server.public_key)) == outputs


# --- Properties ------------------------------------------------------------------------------------------------------


@each_suite
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), st.integers(0, 1 << 64), st.binary(max_size=20))
@settings(max_examples=5, deadline=None)
def test_clients_get_what_the_key_gives(suite, inputs, seed, info):
    keys, blinds, blinded, evaluation = run(suite, inputs, seed, info)
    outputs = suite.finalize(keys.public, inputs, blinds, blinded, evaluation.elements, evaluation.proof, info)
    assert outputs == tuple(suite.evaluate(keys.private, each, info) for each in inputs)
    assert outputs == tuple(
        suite.unblind(*each, info) for each in zip(inputs, blinds, evaluation.elements, strict=True)
    )


PROVEN = [suite for suite in SUITES if suite.mode is not Mode.OPRF]
each_proven = pytest.mark.parametrize("suite", PROVEN, ids=lambda suite: f"{suite.identifier}-{suite.mode.name}")


@each_proven
def test_a_proof_holds_for_its_statement_only(suite):
    inputs = [b"one", b"two", b"three"]
    keys, blinds, blinded, evaluation = run(suite, inputs, info=b"info")
    elements, proof, order = evaluation.elements, evaluation.proof, suite.group.order
    another = run(suite, inputs, seed=2, info=b"info")[3]
    other_mode = voprf.suite(suite.identifier, Mode.POPRF if suite.mode is Mode.VOPRF else Mode.VOPRF)
    honest = {
        "public": keys.public,
        "messages": inputs,
        "blinds": blinds,
        "blinded": blinded,
        "evaluated": elements,
        "proof": proof,
        "info": b"info",
    }
    suite.finalize(**honest)
    changed = [
        {"public": keys.public + suite.group.generator},
        {"blinded": [blinded[1], blinded[0], blinded[2]]},
        {"evaluated": [elements[0], elements[2], elements[1]]},
        {"evaluated": [elements[0], elements[1], suite.group.identity]},
        {"evaluated": another.elements},
        {"proof": another.proof},
        {"proof": Proof((proof.challenge + 1) % order, proof.response)},
        {"proof": Proof(proof.challenge, (proof.response + 1) % order)},
        {"proof": Proof(proof.response, proof.challenge)},
        {"proof": Proof(0, 0)},
        {"proof": None},
    ]
    if suite.mode is Mode.POPRF:
        changed.append({"info": b"other"})
    for change in changed:
        with pytest.raises(OPRFError, match="does not hold"):
            suite.finalize(**honest | change)
    with pytest.raises(OPRFError):
        other_mode.finalize(**honest)
    for name in ("messages", "blinds", "blinded", "evaluated"):
        with pytest.raises(OPRFError, match="evaluated elements for"):
            suite.finalize(**honest | {name: honest[name][:2]})


@pytest.mark.parametrize(
    "suite", [suite for suite in SUITES if suite.mode is Mode.VOPRF], ids=lambda suite: suite.identifier
)
def test_the_composites_bind_every_pair(suite):
    """RFC 9497, 2.2.1: elements of which only the sum is right are no batch."""
    keys, _, blinded, evaluation = run(suite, [b"one", b"two"])
    c, d = blinded, list(evaluation.elements)
    d[0], d[1] = d[0] + suite.group.generator, d[1] - suite.group.generator
    proof = suite.generate_proof(keys.private, suite.group.generator, keys.public, c, d, 5)
    assert not suite.verify_proof(suite.group.generator, keys.public, c, d, proof)


def test_a_proof_is_about_as_many_elements_on_both_sides_and_at_least_one():
    suite = voprf.suite("ristretto255-SHA512")
    g = suite.group.generator
    for c, d in (([], []), ([g], []), ([g], [g, g])):
        with pytest.raises(OPRFError, match="no proof is about"):
            suite.generate_proof(1, g, g, c, d, 1)
        with pytest.raises(OPRFError, match="no proof is about"):
            suite.verify_proof(g, g, c, d, Proof(1, 1))
    too_many = [g] * (voprf.MAX_BATCH + 1)
    with pytest.raises(OPRFError, match="no proof is about 65536"):
        suite.composite_scalars(g, too_many, too_many)


@each_suite
def test_proofs_have_one_encoding(suite):
    proof = Proof(3, suite.group.order - 1)
    octets = suite.encode_proof(proof)
    assert len(octets) == suite.proof_length
    assert suite.decode_proof(octets) == proof
    for length in range(len(octets)):
        with pytest.raises(DecodeError):
            suite.decode_proof(octets[:length])
    with pytest.raises(DecodeError):
        suite.decode_proof(octets + b"\0")
    half = suite.group.scalar_length
    with pytest.raises(DecodeError) as caught:
        suite.decode_proof(octets[:half] + b"\xff" * half, "proof", 49)
    assert (caught.value.path, caught.value.offset) == ("proof.s", 49 + half)
    with pytest.raises(DecodeError) as caught:
        suite.decode_proof(b"\xff" * half + octets[half:], "proof", 49)
    assert (caught.value.path, caught.value.offset) == ("proof.c", 49)


def test_contexts_tell_suites_and_modes_apart():
    assert voprf.suite("P384-SHA384").context == b"OPRFV1-\x01-P384-SHA384"
    assert len({suite.context for suite in SUITES}) == len(SUITES) == 12
    with pytest.raises(OPRFError, match="none of"):
        voprf.suite("decaf448-SHAKE256")


# --- What is refused -------------------------------------------------------------------------------------------------


@each_suite
def test_inputs_have_at_most_65535_octets(suite):
    long = bytes(65535)
    keys, blinds, _, evaluation = run(suite, [long], info=long)
    assert suite.unblind(long, *blinds, *evaluation.elements, long) == suite.evaluate(keys.private, long, long)
    for call in (
        lambda: suite.blind(long + b"\0", 1),
        lambda: suite.evaluate(1, long + b"\0"),
        lambda: suite.unblind(long + b"\0", 1, suite.group.generator),
        lambda: suite.derive_key_pair(bytes(32), long + b"\0"),
    ):
        with pytest.raises(OPRFError, match="too long"):
            call()


def test_a_public_input_that_gives_away_the_key_is_refused():
    """RFC 9497, 3.3.3: the key that is the negative of the hashed public input has no inverse."""
    suite = voprf.suite("P256-SHA256", Mode.POPRF)
    private = suite.group.order - suite._tweak(b"info")
    keys = suite.key_pair(private)
    with pytest.raises(OPRFError, match="belongs to the private key"):
        suite.tweaked_key(keys.public, b"info")
    with pytest.raises(OPRFError, match="no inverse"):
        suite.blind_evaluate(private, [suite.group.generator], 1, b"info")
    with pytest.raises(OPRFError, match="no inverse"):
        suite.evaluate(private, b"", b"info")


def test_a_blind_of_zero_cannot_be_undone():
    suite = voprf.suite("P256-SHA256", Mode.OPRF)
    with pytest.raises(OPRFError, match="no inverse"):
        suite.unblind(b"", suite.group.order, suite.group.generator)


class Unlucky(groups.Weierstrass):
    """A group in which everything hashes to nothing, as happens to nobody."""

    def __init__(self):
        super().__init__(groups.P256._curve)
        self.zeros = 0

    def hash_to_group(self, message, domain):
        return self.identity

    def hash_to_scalar(self, message, domain):
        self.zeros += 1
        return 0 if self.zeros != 300 else 7


def test_inputs_that_hash_to_the_identity_are_refused():
    suite = dataclasses.replace(voprf.suite("P256-SHA256"), group=Unlucky())
    with pytest.raises(OPRFError, match="identity"):
        suite.blind(b"", 1)
    with pytest.raises(OPRFError, match="identity"):
        suite.evaluate(1, b"")


def test_keys_are_derived_in_at_most_256_attempts():
    suite = dataclasses.replace(voprf.suite("P256-SHA256"), group=Unlucky())
    with pytest.raises(OPRFError, match="no counter"):
        suite.derive_key_pair(bytes(32))
    assert suite.group.zeros == 256
    assert suite.derive_key_pair(bytes(32)).private == 7
    assert suite.group.zeros == 300
