"""Control data of requests: method, scheme, authority, path (RFC 9292, Section 3.4)."""

from dataclasses import replace

from conformance.cases import case, cut, given, put
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases._bhttp_stimuli import BAD_CONTROL, BARE_REQUEST, FINE_REQUESTS, GET, known
from conformance.protocols.ohttp.exchanges import REFUSED, decode

_SHORT = replace(BARE_REQUEST, path=b"/hello.txt")
_OCTETS = known(_SHORT).encode()
_CONTROL = len(_OCTETS) - 3
"""Framing indicator and control data; three empty parts follow."""


@case(decode, "rfc9292/3.4/request-control-data-in-order", expect=[ACCEPTED], each=FINE_REQUESTS)
def request_target_kept(message):
    """Method, scheme, authority and path come out as they went in, the query with its path."""
    return given(message=message)


@case(
    decode,
    "rfc9292/3.4/absent-authority-zero-length",
    expect=[ACCEPTED],
    each={"Host names it": ((b"host", b"www.example.com"),), "nothing names it": ()},
)
def authority_absent(fields):
    """The authority has no octets: the message is fine, and a field Host may tell the authority."""
    return given(message=replace(GET, authority=b"", fields=(*GET.fields, *fields)))


@case(decode, "rfc9292/3.4/options-asterisk-path-kept", expect=[ACCEPTED])
def options_for_the_server():
    """OPTIONS with an asterisk for a path."""
    return given(message=replace(GET, method=b"OPTIONS", path=b"*"))


@case(decode, "rfc9292/3.4/invalid-control-data-refused", expect=[REFUSED], each=BAD_CONTROL)
def control_data_invalid(bad):
    """Control data breaks HTTP/2's rules for the pseudo-header field of that name."""
    part, octets = bad
    return put(f"message.control.{part}.octets", octets)


@case(
    decode,
    "rfc9292/3.8/cut-control-data-refused",
    expect=[REFUSED],
    each=range(len(_OCTETS) - _CONTROL + 1, len(_OCTETS)),
    settings={"message": _SHORT},
)
def control_data_cut(n):
    """The message ends within its control data, n octets before its end."""
    return cut("message", n)
