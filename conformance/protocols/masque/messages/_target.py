"""Where a tunnel leads: expanded into a request's path, and read out of it (RFC 9298, Sections 2 and 3)."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from conformance.wire import DecodeError, Message
from conformance.wire.http import Expression, Template, Variable, decode_template_untrusted

WELL_KNOWN = "/.well-known/masque/udp/{target_host}/{target_port}/"
"""The path of the default template (RFC 9298, Section 3)."""
VARIABLES = ("target_host", "target_port")
PORT_MAX = 65535
LABEL_MAX = 63
NAME_MAX = 253
_OPERATORS = frozenset({"", "?", "&"})
_TRIPLET = re.compile(rb"%([0-9A-Fa-f]{2})")
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+")


def template_of(text: str) -> Template:
    """Read a proxy's template; DecodeError for what RFC 9298, Section 2, does not allow."""
    for at, character in enumerate(text):
        if not "!" <= character <= "~":
            raise DecodeError("template", at, f"{character!r} is no printable ASCII")
    template = decode_template_untrusted(text)
    found = _AUTHORITY.match(text)
    if found is None or "{" in found[0]:
        raise DecodeError("template", 0, "no scheme and authority before the variables")
    if text[found.end() : found.end() + 1] != "/":
        raise DecodeError("template", found.end(), "no path that begins with a slash")
    if template.level > 3:
        raise DecodeError("template", 0, "variables with modifiers")
    for expression in template.expressions:
        if expression.operator not in _OPERATORS:
            raise DecodeError("template", expression.at, f"the operator {expression.operator!r}")
        if "#" in text[: expression.at]:
            raise DecodeError("template", expression.at, "a variable in a fragment")
    for name in VARIABLES:
        if name not in template.variables:
            raise DecodeError("template", len(text), f"no variable {name}")
    return template


def target_of(template: Template, host: str, port: str) -> Message:
    """Path and query of a template's expansion, with `target_host` and `target_port` as parts of their own."""
    values = {"target_host": host, "target_port": port}
    found = _AUTHORITY.match(template.text)
    skip = found.end() if found else 0
    parts: dict[str, Any] = {}
    literal = ""
    for part in template.parts:
        if isinstance(part, str):
            literal += part[skip:]
            skip = 0
            continue
        begin = part.operator
        for variable in part.variables:
            if variable.name not in values:
                continue
            literal += begin + (f"{variable.name}=" if part.operator else "")
            begin = {"": ",", "?": "&", "&": "&"}[part.operator]
            parts[f"literal{len(parts)}"], literal = literal.encode(), ""
            parts[variable.name] = Expression("", (Variable(variable.name),), 0).expand(values).encode()
    parts[f"literal{len(parts)}"] = literal.encode()
    return Message(parts)


class TargetRefused(Exception):
    """A target that must not be served, or cannot: the status that is due, and why."""

    def __init__(self, status: int, reason: str, error: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.error = error


def variables_of(template: Template, target: bytes) -> tuple[bytes, bytes]:
    """Host and port as they stand in path and query, percent-encoded; TargetRefused (404) where it is no expansion."""
    parts = urlsplit(template.text)
    own = template.text[len(f"{parts.scheme}://{parts.netloc}") :] if parts.scheme else template.text
    found = decode_template_untrusted(own).matches(target.decode("latin-1"))
    if found is None:
        # Not an expansion by the letter: a host with other characters, such as a colon, is looked at all the same.
        found = _loosely(own, target.decode("latin-1"))
    if found is None:
        raise TargetRefused(404, "no expansion of the template")
    return found["target_host"].encode("latin-1"), found["target_port"].encode("latin-1")


def _loosely(template: str, target: str) -> dict[str, str] | None:
    pattern = re.escape(template)
    for name in VARIABLES:
        pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>[^/?#]*)")
    found = re.fullmatch(pattern, target)
    return None if found is None else found.groupdict()


def percent_decoded(octets: bytes) -> bytes:
    """Percent-decode once; TargetRefused (400) for a percent sign that begins no triplet."""
    if b"%" in _TRIPLET.sub(b"", octets):
        raise TargetRefused(400, "a percent sign that begins no triplet")
    return _TRIPLET.sub(lambda m: bytes([int(m[1], 16)]), octets)


def decode_target_untrusted(host: bytes, port: bytes) -> tuple[str, int]:
    """Host and port of a request's variables, decoded once; TargetRefused for what is none (RFC 9298, Section 3)."""
    return _host(percent_decoded(host)), _port(percent_decoded(port))


def _port(octets: bytes) -> int:
    if not octets.isdigit() or not 1 <= int(octets[:6]) <= PORT_MAX or len(octets) > 5:
        raise TargetRefused(400, f"{octets[:20]!r} is no port")
    return int(octets)


def _host(octets: bytes) -> str:
    try:
        host = octets.decode("ascii")
    except UnicodeDecodeError:
        raise TargetRefused(400, "a host that is not ASCII") from None
    if ":" in host:
        try:
            if "%" in host:
                raise TargetRefused(400, "a zone identifier")
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            raise TargetRefused(400, f"{host[:60]!r} is no IPv6 address") from None
    labels = host.removesuffix(".").split(".")
    if len(host) > NAME_MAX or not all(len(label) <= LABEL_MAX and _NAME.fullmatch(label) for label in labels):
        raise TargetRefused(400, f"{host[:60]!r} is no host name")
    return host
