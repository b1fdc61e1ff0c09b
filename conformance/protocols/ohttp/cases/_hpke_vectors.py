"""The published test vectors of HPKE (RFC 9180, Appendix A) in base mode, as settings of the exchanges."""

from typing import Any

from conformance.crypto import KeyPair, Suite
from conformance.model import ACCEPTED, Outcome
from conformance.vectors import Vector

FILE = "ohttp/rfc9180-hpke.json"


def accepted(_: Vector) -> list[Outcome]:
    """All of them are valid."""
    return [ACCEPTED]


def suite_of(vector: Vector) -> Suite:
    """The suite of a vector."""
    return Suite(vector.given["kem_id"], vector.given["kdf_id"], vector.given["aead_id"])


def in_its_suite(vector: Vector) -> dict[str, Any]:
    """The variant in which a vector is run."""
    return {"suite": [suite_of(vector).name]}


def seals(vector: Vector) -> bool:
    """Whether a vector is of base mode and has messages."""
    return vector.given["mode"] == 0 and bool(vector.expect.get("encryptions"))


def _keys(vector: Vector) -> dict[str, Any]:
    return {
        "info": vector.octets("info"),
        "key": KeyPair(vector.octets("skRm"), vector.octets("pkRm")),
        "ephemeral": KeyPair(vector.octets("skEm"), vector.octets("enc")),
    }


def sealed_messages(vector: Vector) -> dict[str, Any]:
    """The settings with all messages from the first to the last that is published, as the appendix makes them."""
    published = vector.expect["encryptions"]
    plaintext = bytes.fromhex(published[0]["pt"])
    return {
        "messages": tuple((b"Count-%d" % n, plaintext) for n in range(published[-1]["sequence"] + 1)),
        "published": tuple((e["sequence"], bytes.fromhex(e["ct"])) for e in published),
    } | _keys(vector)


def exported_secrets(vector: Vector) -> dict[str, Any]:
    """The settings that export what a vector exports."""
    wanted = vector.expect["exports"]
    return {"exports": tuple((bytes.fromhex(e["exporter_context"]), e["length"]) for e in wanted)} | _keys(vector)
