"""The published vectors of ECVRF (RFC 9381, Appendix B), as settings of the exchanges."""

from typing import Any

from conformance.library import REFUSED
from conformance.model import ACCEPTED, Outcome
from conformance.vectors import Vector

PUBLISHED = "keytrans/rfc9381-ecvrf.json"
DERIVED = "keytrans/rfc9381-negative.json"


def expected(vector: Vector) -> list[Outcome]:
    """A valid one is accepted, an invalid one refused."""
    return [ACCEPTED] if vector.valid else [REFUSED]


def in_its_suite(vector: Vector) -> dict[str, Any]:
    """The variant in which a vector is run."""
    return {"suite": [vector.given["suite"]]}


def proving(vector: Vector) -> dict[str, Any]:
    """The settings that prove what a vector proves."""
    return {"secret": vector.octets("secret_key"), "alpha": vector.octets("alpha")}


def verifying(vector: Vector) -> dict[str, Any]:
    """The settings that verify what a vector proves."""
    return {
        "public": vector.expected("public_key"),
        "alpha": vector.octets("alpha"),
        "proof": vector.expected("pi"),
    }
