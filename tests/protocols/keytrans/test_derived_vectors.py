import json

import pytest

from conformance import vectors
from conformance.deriving import text
from conformance.protocols.keytrans.messages.plexi import Epoch, signer
from conformance.protocols.keytrans.vectors import answer, files

FOLDER = vectors.folder() / "keytrans"
DERIVED = files(FOLDER)
LEAST = {
    "rfc9381-derived.json": 150,
    "akd-lookup-derived.json": 60,
    "akd-audit-derived.json": 50,
    "plexi-epoch-derived.json": 40,
}


@pytest.mark.parametrize("name", DERIVED)
def test_the_committed_files_are_current(name):
    assert (FOLDER / name).read_text() == text(DERIVED[name]), "run python -m conformance.protocols.keytrans.vectors"


@pytest.mark.parametrize("name", DERIVED)
def test_the_strict_verifiers_say_what_the_vectors_say(name):
    file = json.loads((FOLDER / name).read_text())
    for vector in file["vectors"]:
        assert answer(file["kind"], vector["given"]) == vector.get("expect"), vector["id"]


@pytest.mark.parametrize(("name", "least"), LEAST.items())
def test_invalid_vectors_are_many_and_each_is_confirmed_or_says_why_not(name, least):
    invalid = [v for v in json.loads((FOLDER / name).read_text())["vectors"] if v["result"] == "invalid"]
    assert len(invalid) >= least
    assert [v["id"] for v in invalid if not v.get("confirmed") and "comment" not in v] == []
    if not name.startswith("plexi"):
        assert len([v for v in invalid if v.get("confirmed")]) >= len(invalid) * 0.95


PUBLISHED = [vector for file in vectors.load("keytrans/plexi-signature.json") for vector in file.vectors]


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector.id)
def test_published_signatures_come_out(vector):
    given = vector.given
    public, sign = signer(bytes.fromhex(given["secret_key"]))
    said = Epoch(
        given["ciphersuite"], given["namespace"], given["timestamp"], given["epoch"], bytes.fromhex(given["digest"])
    )
    assert (public, public[-1]) == (vector.expected("public_key"), vector.expect["key_id"])
    assert sign(said.octets()) == vector.expected("signature")
