"""How a proxy answers (RFC 9298, Sections 3.3 and 3.5; RFC 9297, Sections 3.2 and 3.4; RFC 9209)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import http_sf

from conformance.cases import watch
from conformance.model import Finding, Part
from conformance.wire.http import FieldLines, capsule_protocol, combined, values

ROLE = "masque.proxy"
NONE = "no such answer was seen"
ERRORS = {
    "dns_timeout": 504, "dns_error": 502, "destination_not_found": 500, "destination_unavailable": 503,
    "destination_ip_prohibited": 502, "destination_ip_unroutable": 502, "connection_refused": 502,
    "connection_terminated": 502, "connection_timeout": 504, "proxy_internal_error": 500, "http_request_error": 400,
    "http_request_denied": 403, "http_protocol_error": 502, "http_upgrade_failed": 502, "http_response_timeout": 504,
    "proxy_configuration_error": 500, "proxy_internal_response": 0,
}  # fmt: skip
"""Error types and the status that is recommended with each (RFC 9209, Section 2.3)."""


def _answers(part: Part, *, success: bool) -> Iterator[tuple[int, int, FieldLines]]:
    for event in part.all("received", "connect"):
        status = int(event.value["status"])
        if status >= 200 or status == 101:
            fields = tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in event.value["fields"])
            if (status == 101 or 200 <= status < 300) is success:
                yield int(event.value["version"]), status, fields


def _told(found: object, told: str, part: Part, requirement: str = "") -> Finding:
    return Finding("violation" if found else "as-expected", told, requirement, part.name)


@watch(ROLE, "rfc9298/3.3/h1-success-status-101", absent=NONE)
def upgrade_answered_with_101(part):
    """Over HTTP/1.1 a tunnel is granted with 101."""
    for version, status, _ in _answers(part, success=True):
        if version == 1:
            yield _told(status != 101, f"a tunnel is granted with {status}", part)


@watch(ROLE, "rfc9298/3.3/h1-response-connection-upgrade", "rfc9298/3.3/h1-response-upgrade-connect-udp", absent=NONE)
def upgrade_named(part):
    """Over HTTP/1.1 the answer has Connection: Upgrade and a single Upgrade: connect-udp."""
    for version, _, fields in _answers(part, success=True):
        if version == 1:
            options = {o.strip() for o in (combined(fields, b"connection") or b"").lower().split(b",")}
            missing = b"upgrade" not in options
            yield _told(
                missing,
                "Connection says " + (b", ".join(sorted(options)).decode("latin-1") or "nothing"),
                part,
                "rfc9298/3.3/h1-response-connection-upgrade",
            )
            named = [v.lower() for v in values(fields, b"upgrade")]
            yield _told(named != [b"connect-udp"], f"Upgrade is {named}", part,
                        "rfc9298/3.3/h1-response-upgrade-connect-udp")  # fmt: skip


@watch(
    ROLE,
    "rfc9297/3.2/content-fields-absent-with-capsules",
    "masque-http-layer/9110-9.3.6/tunnel-response-no-framing-fields",
    "rfc9298/3.3/h1-response-obeys-capsule-rules",
    "rfc9298/3.5/2xx-response-obeys-capsule-rules",
    absent=NONE,
)
def no_content_announced(part):
    """The answer that grants a tunnel has no Content-Length, Content-Type or Transfer-Encoding."""
    for _, status, fields in _answers(part, success=True):
        found = [n for n in (b"content-length", b"content-type", b"transfer-encoding") if values(fields, n)]
        yield _told(found, f"{status} with {b', '.join(found).decode() or 'no field of content'}", part)


@watch(ROLE, "rfc9298/3.5/success-status-any-2xx", "rfc9297/3.2/no-204-205-206-response", absent=NONE)
def status_of_success(part):
    """The status that grants a tunnel is not one that forbids or divides content."""
    for _, status, _ in _answers(part, success=True):
        yield _told(status in {204, 205, 206}, f"a tunnel is granted with {status}", part)


@watch(ROLE, "rfc9297/3.4/capsule-protocol-sent", absent=NONE)
def capsule_protocol_with_success(part):
    """The answer that grants a tunnel says Capsule-Protocol: ?1."""
    for _, _, fields in _answers(part, success=True):
        yield _told(
            capsule_protocol(fields) is not True, f"Capsule-Protocol is {combined(fields, b'capsule-protocol')!r}", part
        )


@watch(ROLE, "rfc9297/3.4/capsule-protocol-is-boolean-item", absent=NONE)
def capsule_protocol_well_formed(part):
    """Where the proxy sends Capsule-Protocol, it is a Boolean."""
    for success in (True, False):
        for _, _, fields in _answers(part, success=success):
            value = combined(fields, b"capsule-protocol")
            if value is not None:
                yield _told(capsule_protocol(fields) is None, f"Capsule-Protocol is {value!r}", part)


@watch(ROLE, "rfc9297/3.4/capsule-protocol-not-on-failure", absent=NONE)
def no_capsule_protocol_with_refusal(part):
    """A refusal has no Capsule-Protocol."""
    for _, status, fields in _answers(part, success=False):
        yield _told(values(fields, b"capsule-protocol"), f"{status} with or without Capsule-Protocol", part)


def _proxy_status(fields: FieldLines) -> Any:
    value = combined(fields, b"proxy-status")
    return None if value is None else http_sf.parse(value, tltype="list")


@watch(
    ROLE,
    "masque-http-layer/9209-2/proxy-status-is-list",
    "masque-http-layer/9209-2.1.1/proxy-status-error-registered-token",
    "masque-http-layer/9209-2.1/proxy-status-parameters-well-typed",
    absent="no Proxy-Status was seen",
)
def proxy_status_well_formed(part):
    """Proxy-Status is a List of Tokens or Strings, its error a Token, rcode a String, info-code an Integer."""
    for success in (True, False):
        for _, _, fields in _answers(part, success=success):
            try:
                items = _proxy_status(fields)
            except Exception as why:  # noqa: BLE001 - whatever the parser raises, it is no list
                yield _told(
                    True, f"Proxy-Status is no list: {why}", part, "masque-http-layer/9209-2/proxy-status-is-list"
                )
                continue
            for _, parameters in items or ():
                yield from _parameters(parameters, part)


def _parameters(parameters: Mapping[str, Any], part: Part) -> Iterator[Finding]:
    error = parameters.get("error")
    if error is not None:
        token = isinstance(error, http_sf.Token)
        yield _told(not token, f"error is {error!r}, {'a' if token else 'no'} Token", part,
                    "masque-http-layer/9209-2.1.1/proxy-status-error-registered-token")  # fmt: skip
    for name, kind in (("rcode", str), ("info-code", int), ("next-hop", (str, http_sf.Token))):
        if name in parameters:
            right = isinstance(parameters[name], kind) and not (
                name == "rcode" and isinstance(parameters[name], http_sf.Token)
            )
            yield _told(not right, f"{name} is {parameters[name]!r}", part,
                        "masque-http-layer/9209-2.1/proxy-status-parameters-well-typed")  # fmt: skip


@watch(ROLE, "masque-http-layer/9209-2.3/status-code-fits-error-type", absent="no Proxy-Status with an error was seen")
def status_fits_proxy_status(part):
    """The status of a refusal is the one recommended for the error that Proxy-Status names."""
    for _, status, fields in _answers(part, success=False):
        try:
            items = _proxy_status(fields) or ()
        except Exception:  # noqa: BLE001, S112 - another watch tells
            continue
        for _, parameters in items:
            wanted = ERRORS.get(str(parameters.get("error", "")), 0)
            if wanted:
                yield _told(
                    status != wanted, f"{status} with {parameters['error']}, for which {wanted} is recommended", part
                )


@watch(ROLE, "rfc9298/3.1/dns-failure-gives-proxy-status", absent="no refusal of a name was seen")
def dns_failure_told(part):
    """The refusal of a name that does not resolve says so in Proxy-Status."""
    asked = part.sent("connect")
    if asked is None or b".invalid" not in asked.event.octets:
        return
    for _, status, fields in _answers(part, success=False):
        try:
            items = _proxy_status(fields) or ()
        except Exception:  # noqa: BLE001 - no list
            items = ()
        named = [str(p.get("error", "")) for _, p in items]
        yield _told(not any(n.startswith("dns_") for n in named), f"{status} with the errors {named}", part)


@watch(ROLE, "rfc9298/6.2/packets-to-target-not-ect", absent="no packet reached our target")
def packets_without_ecn(part):
    """Packets to the target are marked Not-ECT."""
    for event in part.all("decoded", "packets"):
        marks = {tos & 3 for tos in event.value["tos"]}
        yield _told(marks - {0}, f"packets came with the ECN bits {sorted(marks)}", part)
