"""What clients send (RFC 9298, Sections 2, 3 and 5; RFC 9297, Section 3; RFC 9931)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.cases import case, given, put, watch
from conformance.model import ACCEPTED, Event, Finding, Part
from conformance.protocols.masque.exchanges import client_echo
from conformance.protocols.masque.messages import CapsuleStream, decode_payload_untrusted, target_of, template_of
from conformance.wire import DecodeError
from conformance.wire.http import FieldLines, capsule_protocol, combined, values

ROLE = "masque.client"
NONE = "no request was seen"


def _requests(part: Part) -> Iterator[tuple[Event, int, FieldLines]]:
    for event in part.all("decoded", "request", where="proxy"):
        fields = tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in event.value["fields"])
        yield event, int(event.value["version"]), fields


def _told(wrong: object, told: str, part: Part, requirement: str = "") -> Finding:
    return Finding("violation" if wrong else "as-expected", told, requirement, part.name)


@watch(ROLE, "rfc9298/3.2/h1-request-method-get", "rfc9298/3.2/h1-request-connection-upgrade",
       "rfc9298/3.2/h1-request-upgrade-connect-udp",
    "masque-http-layer/9110-7.8/upgrade-needs-connection-upgrade", absent=NONE)  # fmt: skip
def upgrade_asked_for(part):
    """Over HTTP/1.1 the request is a GET with Connection: Upgrade and Upgrade: connect-udp."""
    for event, version, fields in _requests(part):
        if version == 1:
            options = {o.strip() for o in (combined(fields, b"connection") or b"").lower().split(b",")}
            named = [v.lower() for v in values(fields, b"upgrade")]
            yield _told(event.value["method"] != "GET", f"the method is {event.value['method']}", part,
                        "rfc9298/3.2/h1-request-method-get")  # fmt: skip
            yield _told(b"upgrade" not in options, f"Connection names {sorted(options)}", part,
                        "rfc9298/3.2/h1-request-connection-upgrade")  # fmt: skip
            yield _told(named != [b"connect-udp"], f"Upgrade is {named}", part,
                        "rfc9298/3.2/h1-request-upgrade-connect-udp")  # fmt: skip


@watch(
    ROLE,
    "rfc9298/3.4/method-is-connect",
    "rfc9298/3.4/protocol-is-connect-udp",
    "rfc9298/3.4/path-and-scheme-nonempty",
    absent=NONE,
)
def extended_connect_asked_for(part):
    """Over HTTP/2 and HTTP/3 the request is an extended CONNECT of connect-udp with scheme and path."""
    for event, version, _ in _requests(part):
        if version > 1:
            said = event.value
            yield _told(
                said["method"] != "CONNECT", f"the method is {said['method']}", part, "rfc9298/3.4/method-is-connect"
            )
            yield _told(said["protocol"] != "connect-udp", f"the protocol is {said['protocol']}", part,
                        "rfc9298/3.4/protocol-is-connect-udp")  # fmt: skip
            yield _told(not (said["scheme"] and said["target"]), "scheme and path", part,
                        "rfc9298/3.4/path-and-scheme-nonempty")  # fmt: skip


@watch(ROLE, "rfc9298/3/client-expands-template", "rfc9298/3.4/authority-is-the-proxy", absent=NONE)
def template_expanded(part):
    """The path is that of the expanded template, and the authority the proxy's."""
    asked = part.last("asked", "masque.client.connect-udp")
    if asked is None:
        return
    given = asked.value
    try:
        path = target_of(template_of(given["template"]), given["host"], str(given["port"])).encode().decode("ascii")
    except DecodeError:
        return
    authority = given["template"].partition("://")[2].partition("/")[0]
    for event, _, _ in _requests(part):
        target = event.value["target"].removeprefix(f"https://{authority}")
        yield _told(target != path, f"the path is {target}", part, "rfc9298/3/client-expands-template")
        yield _told(event.value["authority"] != authority, f"the authority is {event.value['authority']}", part,
                    "rfc9298/3.4/authority-is-the-proxy")  # fmt: skip


@watch(ROLE, "rfc9297/3.2/content-fields-absent-with-capsules", absent=NONE)
def no_content_announced(part):
    """A request for a tunnel has no Content-Length, Content-Type or Transfer-Encoding."""
    for _, _, fields in _requests(part):
        found = [n for n in (b"content-length", b"content-type", b"transfer-encoding") if values(fields, n)]
        yield _told(found, f"a request with {b', '.join(found).decode() or 'no field of content'}", part)


@watch(ROLE, "rfc9297/3.4/capsule-protocol-sent", absent=NONE)
def capsule_protocol_sent(part):
    """A request for a tunnel says Capsule-Protocol: ?1."""
    for _, _, fields in _requests(part):
        yield _told(
            capsule_protocol(fields) is not True, f"Capsule-Protocol is {combined(fields, b'capsule-protocol')!r}", part
        )


@watch(ROLE, "rfc9298/4/context-id-zero-udp-payload", absent="no payload was seen")
def payloads_in_context_zero(part):
    """Payloads that the client sends are in context 0."""
    stream = CapsuleStream()
    for event in part.events:
        if event.where != "proxy" or event.what not in {"data", "datagram"}:
            continue
        try:
            for octets in [event.octets] if event.what == "datagram" else stream.feed(event.octets):
                context = decode_payload_untrusted(octets).context
                yield _told(context != 0, f"a payload in context {context}", part)
        except DecodeError as why:
            yield _told(True, str(why), part)
            return


@case(client_echo, "rfc9298/general/no-optimistic-udp-in-h1", where={"http": [1]}, expect=[ACCEPTED])
def answer_that_is_late():
    """Over HTTP/1.1 the 101 comes late: the client sends nothing before it."""
    return given(late=0.3), put("answer.fields.capsule-protocol.value", b"?1")


@answer_that_is_late.judge
def _(transcript):
    for part in transcript.tested:
        for event in part.all("decoded", "early", where="proxy"):
            told = f"{len(event.octets)} octets came before the answer"
            yield Finding("violation" if event.octets else "as-expected", told, "", part.name)
