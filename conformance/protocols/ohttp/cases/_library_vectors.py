"""What the vectors of Oblivious HTTP tell of the key that they are for and of the suite that they run in."""

from __future__ import annotations

from conformance.crypto import Suite
from conformance.protocols.ohttp.messages import KeyEntry, decode_key_entry
from conformance.vectors import Vector

_BY_KEYS = {"one-key": "0020/0001/0001", "p256-key": "0010/0001/0001", "two-keys": "0020/0001/0001"}


def entry_of(vector: Vector) -> KeyEntry:
    """The key configuration that the octets are for."""
    return decode_key_entry(vector.octets("key_configuration"))


def variant_of(vector: Vector) -> dict[str, list[str]]:
    """The suite of a vector: the one that its id tells, or that of the first key of its collection."""
    name = vector.id.split("/")[2]
    return {"suite": [_BY_KEYS.get(name) or Suite.parse(name.replace("-", "/")).name]}
