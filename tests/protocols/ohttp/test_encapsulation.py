import random
from dataclasses import replace

import pytest

from conformance import crypto
from conformance.crypto import Suite
from conformance.model import Change
from conformance.protocols.ohttp.messages import (
    GatewayKey,
    KeyEntry,
    Refused,
    RequestContext,
    diagnosis,
    encapsulated_request,
    encapsulated_response,
    open_request,
    response_nonce_length,
)
from conformance.wire import DecodeError

SUITES = [Suite.parse(name) for name in ("0020/0001/0001", "0010/0001/0002", "0021/0003/0003")]


def exchanged(suite, *changes):
    """A request as it leaves with the changes, the key that opens it, and the context for its response."""
    pair, ephemeral = (crypto.generate(suite.kem, random.Random(n)) for n in (1, 2))
    key = GatewayKey(KeyEntry(7, suite.kem, pair.public, ((suite.kdf, suite.aead),)), pair.private)
    context = RequestContext(suite, pair.public, ephemeral)
    return encapsulated_request(key.entry, context, b"inside").build(changes), key, context


def change(path, op, *args, wire=False):
    return Change("request", path, op, args, wire)


@pytest.mark.parametrize("suite", SUITES, ids=lambda s: s.name)
def test_a_request_opens_with_its_key_and_its_response_in_its_context(suite):
    built, key, context = exchanged(suite)
    plaintext, answering = open_request(built.octets, [key])
    nonce = bytes(response_nonce_length(suite))
    answer = encapsulated_response(answering, nonce, b"answer").encode()

    assert plaintext == b"inside"
    assert context.open(answer) == b"answer"


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        (change("key_id", "put", 8), "key"),
        (change("kem", "put", 0x0010), "key"),
        (change("aead", "put", 0x0002), "suite"),
        (change("label", "put", b"message/bhttp chunked request"), "open"),
        (change("info.zero", "drop"), "open"),
        (change("info.header", "drop"), "open"),
        (change("mode", "put", 1), "open"),
        (change("aad", "put", b"final"), "open"),
        (change("sequence", "put", 1), "open"),
        (change("enc", "flip", 0, 1, wire=True), "open"),
        (change("ciphertext", "flip", -1, 1), "open"),
    ],
    ids=str,
)
def test_what_is_sealed_otherwise_is_refused_at_its_step(changed, step):
    built, key, _ = exchanged(SUITES[0], changed)
    with pytest.raises(Refused) as refused:
        open_request(built.octets, [key])

    assert refused.value.step == step


def test_a_request_that_is_cut_is_no_request():
    built, key, _ = exchanged(SUITES[0])
    for length in range(7 + 32):
        with pytest.raises(DecodeError):
            open_request(built.octets[:length], [key])
    for length in range(7 + 32, len(built.octets)):
        with pytest.raises(Refused):
            open_request(built.octets[:length], [key])


def test_a_forged_key_is_sealed_for_whoever_takes_it():
    """Zeros as encapsulated key and as what is shared: only the check of RFC 9180, Section 7.1.4, refuses it."""
    zeros = bytes(32)
    built, key, _ = exchanged(SUITES[0], change("enc", "put", zeros), change("dh", "put", zeros))
    info = built.fields["info"]
    careless = crypto.setup_recipient_with(SUITES[0], key.entry.public, info, zeros, zeros)

    assert careless.open(built.fields["ciphertext"]) == b"inside"
    with pytest.raises(Refused):
        open_request(built.octets, [key])


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        (change("secret", "put", bytes(32)), "secret"),
        (change("label", "put", b""), "secret"),
        (change("aad", "put", b"final"), "aad"),
        (change("salt", "put", bytes(32)), "salt"),
        (change("nonce", "cut", 16), "nonce-length"),
        (change("ciphertext", "flip", 0, 1), ""),
    ],
    ids=str,
)
def test_the_step_that_went_wrong_is_told(changed, step):
    suite = replace(SUITES[0], aead=0x0002)
    built, key, context = exchanged(suite)
    _, answering = open_request(built.octets, [key])
    nonce = bytes(range(32)) if changed.path != "salt" else bytes(32)
    answer = encapsulated_response(answering, nonce, b"answer").build([changed]).octets

    with pytest.raises(DecodeError):
        context.open(answer)
    assert diagnosis(context, answer, b"") == step
