"""Control data of the request inside (RFC 9292, Sections 3.4, 3.8 and 6)."""

from __future__ import annotations

from conformance.cases import case, extend, given, insert, put
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases.gateway._inside import LATER, REFUSED, inside, refusals
from conformance.protocols.ohttp.exchanges import ENCAPSULATED_4XX, Inner, convey

SMUGGLED = b" HTTP/1.1\r\nHost: x\r\n\r\nGET /smuggled"


@case(
    convey,
    "rfc9292/3.4/invalid-control-data-refused",
    each={
        "empty": b"",
        "space": b"PO ST",
        "colon": b"POST:",
        "NUL": b"POST\0",
        "CR LF": b"POST\r\n",
        "8 bits": b"P\xd6ST",
        "a request line": b"GET / HTTP/1.1\r\nHost: x\r\n\r\nPOST",
    },
    **REFUSED,
)
def method_that_is_no_token(method):
    """The method is empty or has octets that no method has."""
    return put(inside("control.method.octets"), method)


@case(
    convey,
    "rfc9292/3.4/invalid-control-data-refused",
    each={"empty": b"", "space": b"ht tp", "colon": b"http:", "digit first": b"1http", "CR LF": b"http\r\n"},
    **REFUSED,
)
def scheme_that_is_none(scheme):
    """The scheme is empty or has octets that no scheme has."""
    return put(inside("control.scheme.octets"), scheme)


@case(
    convey,
    "rfc9292/3.4/invalid-control-data-refused",
    each={
        "user information": insert(inside("control.authority.octets"), 0, b"user@"),
        "space": extend(inside("control.authority.octets"), b" x"),
        "slash": extend(inside("control.authority.octets"), b"/x"),
        "CR LF": extend(inside("control.authority.octets"), b"\r\nx-smuggled: 1"),
        "NUL": extend(inside("control.authority.octets"), b"\0"),
    },
    **REFUSED,
)
def authority_that_is_none(change):
    """The authority names a user, or has octets that no authority has."""
    return change


@case(
    convey,
    "rfc9292/3.4/invalid-control-data-refused",
    each={
        "empty": put(inside("control.path.octets"), b""),
        "no slash in front": insert(inside("control.path.octets"), 0, b"x"),
        "fragment": extend(inside("control.path.octets"), b"#fragment"),
        "space": extend(inside("control.path.octets"), b"/a b"),
        "CR LF": extend(inside("control.path.octets"), b"\r\nx-smuggled: 1"),
        "a request behind it": extend(inside("control.path.octets"), SMUGGLED),
        "NUL": extend(inside("control.path.octets"), b"\0"),
    },
    **REFUSED,
)
def path_that_is_none(change):
    """The path is empty, does not begin with a slash, or has octets that no path has."""
    return change


@case(convey, "rfc9292/3.4/options-asterisk-path-kept", expect=[ACCEPTED])
def options_with_an_asterisk():
    """OPTIONS for the path `*` arrives with that as its target."""
    return given(inner=Inner(method=b"OPTIONS", path=b"*", content=b""))


@case(
    convey,
    "rfc9292/6/inner-connect-refused",
    expect=refusals("rfc9292/6/inner-connect-refused"),
    also=LATER,
    each={
        "as in HTTP/2": (put(inside("control.scheme.octets"), b""), put(inside("control.path.octets"), b"")),
        "with scheme and path": (),
    },
)
def inner_connect(more):
    """The method inside is CONNECT, which serves no purpose: it is refused, and no tunnel is made."""
    return given(inner=Inner(method=b"CONNECT", content=b"")), *more


@case(
    convey,
    "rfc9292/3.4/absent-authority-zero-length",
    expect=[ACCEPTED, ENCAPSULATED_4XX.per("rfc9292/3.4/absent-authority-zero-length")],
    also=LATER,
)
def authority_in_the_host_field():
    """The authority is absent, and the field Host says which it is."""
    return given(inner=Inner(authority=b"", host=True))
