"""Content and trailers of the request inside (RFC 9292, Sections 3.1 and 3.7)."""

from __future__ import annotations

from conformance.cases import case, given, octets
from conformance.model import ACCEPTED, Finding
from conformance.protocols.ohttp.cases.gateway._inside import TRAILERS, full, holding
from conformance.protocols.ohttp.exchanges import Inner, convey


@case(
    convey,
    "rfc9292/3.7/any-content-bytes-accepted",
    "rfc9458/5/inner-request-conveyed-intact",
    expect=[ACCEPTED],
    each=(0, 1, 63, 64, 16_383, 16_384, 1_048_576),
)
def content_of_boundary_size(size):
    """Content at both sides of every practicable width of its length comes through whole."""
    return given(inner=Inner(content=octets(size)))


@case(
    convey,
    "rfc9292/3.7/any-content-bytes-accepted",
    expect=[ACCEPTED],
    each={
        "every octet": bytes(range(256)),
        "zeros": bytes(300),
        "line ends": b"\r\n\r\n0\r\n\r\n",
        "no UTF-8": b"\xff\xfe",
    },
)
def content_of_any_octets(content):
    """Content may be any octets."""
    return given(inner=Inner(content=content))


@case(convey, "rfc9292/3.1/trailer-section-delivered", settings=holding(), expect=[ACCEPTED])
def trailers_behind_content():
    """A request with content and trailers is served, and the target gets its content; trailers may be dropped."""
    return full(trailers=TRAILERS)


@case(convey, "rfc9292/3.1/trailer-section-delivered", settings=holding(), expect=[ACCEPTED])
def trailers_without_content():
    """A request with trailers and empty content is served; trailers may be dropped."""
    return full(trailers=TRAILERS, content=b"")


def _trailers(t):
    for part in t.tested:
        arrived = part.last("received", "target", where="target")
        if arrived is None:
            continue
        found = [tuple(pair) for pair in arrived.value.get("trailers", ())]
        sent = [(n.decode(), v.decode()) for n, v in TRAILERS]
        among = [tuple(pair) for pair in arrived.value["fields"] if tuple(pair) in sent]
        if among:
            yield Finding("violation", f"{part.name}: the trailers {among} arrived as header fields", part=part.name)
        elif found and [(n.lower(), v) for n, v in found] != sent:
            yield Finding("violation", f"{part.name}: the target got the trailers {found}, not {sent}", part=part.name)
        elif not found:
            yield Finding("tolerated", f"{part.name}: the trailers were dropped", part=part.name)
        else:
            yield Finding("as-expected", f"{part.name}: the target got the trailers", part=part.name)


trailers_behind_content.judge(_trailers)
trailers_without_content.judge(_trailers)
