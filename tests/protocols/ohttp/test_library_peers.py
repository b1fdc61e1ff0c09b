import random

import pytest

from conformance import crypto, vectors
from conformance.crypto import HPKEError, KeyPair, Suite
from conformance.protocols.ohttp.peers import HPKE, Encapsulation, HPKELibrary, KeyConfigurations

BASE = [v for v in vectors.load("ohttp/rfc9180-hpke.json")[0].vectors if v.given["mode"] == 0]
APPENDIX_A = vectors.load("ohttp/rfc9458-example.json")[0].vectors[0]
SUITES = [suite.name for suite in crypto.SUITES if (suite.kdf, suite.aead) in {(1, 1), (2, 2), (3, 3)}]


def suite_of(vector):
    return Suite(vector.given["kem_id"], vector.given["kdf_id"], vector.given["aead_id"])


def contexts(vector):
    """The contexts of both sides."""
    hpke, suite, info = HPKE(), suite_of(vector), vector.octets("info")
    ephemeral = KeyPair(vector.octets("skEm"), vector.octets("enc"))
    enc, sender = hpke.setup_sender(suite, vector.octets("pkRm"), info, ephemeral)
    assert enc == vector.octets("enc")
    return hpke, sender, hpke.setup_recipient(suite, enc, vector.octets("skRm"), info)


@pytest.mark.parametrize("vector", BASE, ids=lambda vector: vector.id)
def test_the_key_schedule_is_the_published_one(vector):
    for context in contexts(vector)[1:]:
        if context.suite.aead != crypto.EXPORT_ONLY:
            assert context.key == vector.expected("key")
            assert context.base_nonce == vector.expected("base_nonce")
        assert context.exporter_secret == vector.expected("exporter_secret")


@pytest.mark.parametrize("vector", BASE, ids=lambda vector: vector.id)
def test_messages_and_exports_are_the_published_ones(vector):
    hpke, sender, recipient = contexts(vector)
    for message in vector.expect.get("encryptions", ()):
        plaintext, aad = bytes.fromhex(message["pt"]), bytes.fromhex(message["aad"])
        sender.sequence = recipient.sequence = message["sequence"]
        assert hpke.seal(sender, plaintext, aad).hex() == message["ct"]
        assert hpke.open(recipient, bytes.fromhex(message["ct"]), aad) == plaintext
    for secret in vector.expect["exports"]:
        exporter_context = bytes.fromhex(secret["exporter_context"])
        assert hpke.export(recipient, exporter_context, secret["length"]).hex() == secret["exported_value"]


@pytest.mark.parametrize("name", SUITES)
def test_both_implementations_of_ours_understand_each_other(name):
    suite, rng, hpke = Suite.parse(name), random.Random(name), HPKE()
    pair, ephemeral = crypto.generate(suite.kem, rng), crypto.generate(suite.kem, rng)
    enc, sender = hpke.setup_sender(suite, pair.public, b"info", ephemeral)
    other = crypto.setup_recipient(suite, enc, pair.private, b"info")
    for n in range(3):
        assert other.open(hpke.seal(sender, b"%d" % n, b"aad"), b"aad") == b"%d" % n
    assert hpke.export(sender, b"context", 300) == other.export(b"context", 300)


def test_the_export_only_aead_neither_seals_nor_opens():
    vector = next(v for v in BASE if v.given["aead_id"] == crypto.EXPORT_ONLY)
    hpke, sender, recipient = contexts(vector)
    with pytest.raises(HPKEError, match="seals nothing"):
        hpke.seal(sender, b"", b"")
    with pytest.raises(HPKEError, match="opens nothing"):
        hpke.open(recipient, bytes(16), b"")


def test_a_failure_to_open_leaves_the_sequence_alone():
    library = HPKELibrary()
    hpke, sender, recipient = contexts(BASE[0])
    sealed = hpke.seal(sender, b"plaintext", b"")
    with pytest.raises(HPKEError):
        hpke.open(recipient, sealed, b"other")
    assert hpke.open(recipient, sealed, b"") == b"plaintext"
    assert library.hpke_open("0020/0001/0001", "", "", "", [])["refused"]


def test_appendix_a_comes_out_on_both_sides():
    given = APPENDIX_A.given
    collection = f"002d{given['key_configuration']}"
    library = Encapsulation()
    sealed = library.ohttp_request_encapsulate(collection, given["request"], given["skE"])["ok"]
    assert sealed["request"] == APPENDIX_A.expect["encapsulated_request"]
    key = library.keyconfig_encode(1, 0x0020, [[1, 1], [1, 3]], given["skR"])["ok"]
    assert key["keys"] == collection
    opened = library.ohttp_request_decapsulate(key["key"], sealed["request"])["ok"]
    assert opened["request"] == given["request"]
    answer = library.ohttp_response_encapsulate(opened["context"], given["response"], given["response_nonce"])["ok"]
    assert answer["response"] == APPENDIX_A.expect["encapsulated_response"]
    assert library.ohttp_response_decapsulate(sealed["context"], answer["response"])["ok"]["response"] == "0140c8"


@pytest.mark.parametrize("keys", ["", "00", "0000", "002d0100", "0003ff" * 3])
def test_what_is_no_collection_is_refused(keys):
    assert "refused" in KeyConfigurations().keyconfig_decode(keys)
    assert "refused" in Encapsulation().ohttp_request_encapsulate(keys, "00")
