import json

import pytest

from conformance import vectors
from conformance.deriving import text
from conformance.protocols.masque.vectors import answer, files

FOLDER = vectors.folder() / "masque"
DERIVED = files()


@pytest.mark.parametrize("name", DERIVED)
def test_the_committed_files_are_current(name):
    assert (FOLDER / name).read_text() == text(DERIVED[name]), "run python -m conformance.protocols.masque.vectors"


@pytest.mark.parametrize("name", DERIVED)
def test_the_strict_decoders_say_what_the_vectors_say(name):
    file = json.loads((FOLDER / name).read_text())
    for vector in file["vectors"]:
        assert answer(file["kind"], vector["given"]) == vector.get("expect"), vector["id"]


def test_vectors_are_many_and_each_invalid_one_is_confirmed_or_says_why_not():
    every = [v for name in DERIVED for v in json.loads((FOLDER / name).read_text())["vectors"]]
    invalid = [v for v in every if v["result"] == "invalid"]
    assert len(every) >= 200
    assert len(invalid) >= 120
    assert [v["id"] for v in invalid if not v.get("confirmed") and "comment" not in v] == []
