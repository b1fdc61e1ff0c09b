"""What the suite's own strict decoders say of a vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.protocols.masque.messages import (
    PAYLOAD_MAX,
    TargetRefused,
    decode_payload_untrusted,
    decode_target_untrusted,
    template_of,
)
from conformance.wire import DecodeError, Reader
from conformance.wire.http import DATAGRAM, capsule_protocol, decode_capsules_untrusted, decode_datagram_untrusted


def answer(kind: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the vector says, as `expect` has it, or None where it is refused."""
    try:
        return _ANSWERS[kind](given)
    except (DecodeError, TargetRefused):
        return None


def _varint(given: Mapping[str, Any]) -> dict[str, Any]:
    reader = Reader(bytes.fromhex(given["octets"]), "octets")
    value = reader.varint("value")
    reader.end()
    return {"value": str(value)}


def _capsules(given: Mapping[str, Any]) -> dict[str, Any]:
    found = decode_capsules_untrusted(bytes.fromhex(given["stream"]))
    for one in found:
        if one.type == DATAGRAM and one.length > PAYLOAD_MAX:
            decode_payload_untrusted(one.value)
    return {
        "capsules": [{"type": str(c.type), "length": c.length, "value": c.value.hex()} for c in found],
    }


def _datagram(given: Mapping[str, Any]) -> dict[str, Any]:
    quarter, octets = decode_datagram_untrusted(bytes.fromhex(given["frame"]))
    payload = decode_payload_untrusted(octets)
    return {"quarter": str(quarter), "context": str(payload.context), "payload": payload.octets.hex()}


def _capsule_protocol(given: Mapping[str, Any]) -> dict[str, Any]:
    said = capsule_protocol(tuple((b"capsule-protocol", line.encode()) for line in given["lines"]))
    return {"used": "yes" if said else "no" if said is False else "absent"}


def _template(given: Mapping[str, Any]) -> dict[str, Any]:
    template = template_of(given["template"])
    return {"uri": template.expand({"target_host": given["host"], "target_port": given["port"]})}


def _target(given: Mapping[str, Any]) -> dict[str, Any]:
    host, port = decode_target_untrusted(given["host"].encode(), given["port"].encode())
    return {"host": host, "port": port}


_ANSWERS = {
    "masque.varint": _varint,
    "masque.capsules": _capsules,
    "masque.datagram": _datagram,
    "masque.capsule-protocol": _capsule_protocol,
    "masque.template": _template,
    "masque.target": _target,
}
