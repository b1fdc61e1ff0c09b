"""What makes a message of HTTP/2 or HTTP/3 malformed."""

from __future__ import annotations

from conformance.wire.http._fields import CONNECTION_SPECIFIC, FieldLines, valid_name, valid_value, values

_REQUEST = frozenset({b":method", b":scheme", b":authority", b":path", b":protocol"})
_RESPONSE = frozenset({b":status"})


def malformed(fields: FieldLines, *, request: bool) -> str:
    """Why this head is malformed (RFC 9113, Sections 8.2 and 8.3), or an empty string."""
    pseudo: dict[bytes, bytes] = {}
    regular = False
    for name, value in fields:
        if name.startswith(b":"):
            if regular:
                return f"{name!r} behind a regular field"
            if name in pseudo or name not in (_REQUEST if request else _RESPONSE):
                return f"{name!r} does not belong there"
            pseudo[name] = value
        else:
            regular = True
            if reason := malformed_line(name, value):
                return reason
    if not request:
        status = pseudo.get(b":status", b"")
        return "" if len(status) == 3 and status.isdigit() else f"no status: {status!r}"
    if b":protocol" in pseudo and pseudo.get(b":method") != b"CONNECT":  # RFC 8441, Section 4
        return "b':protocol' does not belong there"
    wanted = (b":method", b":authority") if _bare_connect(pseudo) else (b":method", b":scheme", b":path")
    missing = next((name for name in wanted if not pseudo.get(name)), None)
    return "" if missing is None else f"{missing!r} is missing or empty"


def _bare_connect(pseudo: dict[bytes, bytes]) -> bool:
    """Whether it is a CONNECT that is not extended (RFC 9113, Section 8.5; RFC 8441, Section 4)."""
    return pseudo.get(b":method") == b"CONNECT" and b":protocol" not in pseudo


def malformed_line(name: bytes, value: bytes) -> str:
    """Why this regular field line is malformed, or an empty string."""
    if not valid_name(name) or name != name.lower():
        return f"{name!r} is no field name"
    if not valid_value(value):
        return f"{name!r} has the value {value!r}"
    if name in CONNECTION_SPECIFIC or (name == b"te" and value != b"trailers"):
        return f"{name!r} concerns a connection"
    return ""


def malformed_length(fields: FieldLines, length: int) -> str:
    """Why a content of that length contradicts the fields (RFC 9113, Section 8.1.1), or an empty string."""
    for value in values(fields, b"content-length"):
        if not value.isdigit() or int(value[:20]) != length or len(value) > 20:
            return f"content-length is {value!r}, the content has {length} octets"
    return ""
