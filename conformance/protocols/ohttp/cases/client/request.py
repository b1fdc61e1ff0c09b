"""What a client sends: the request outside and the request inside (RFC 9458, Sections 4 to 6)."""

from conformance.cases import case, given
from conformance.model import ACCEPTED, Finding
from conformance.protocols.ohttp.cases.gateway._early import by_text
from conformance.protocols.ohttp.exchanges import client_fetch
from conformance.protocols.ohttp.messages import lawful_request

ONE = {"suite": "first"}


@case(
    client_fetch,
    "rfc9458/5/whole-request-encapsulated",
    expect=[ACCEPTED],
    each=by_text(b"/echo?a=1&b=2", b"/echo?q=%2F%3F&q=%20", b"/a%2Fb", b"/%C3%BC", b"/echo;p=1"),
    where=ONE,
)
def path_and_query(path):
    """Path and query are inside as the application gave them."""
    return given(path=path)


@case(
    client_fetch,
    "rfc9458/5/whole-request-encapsulated",
    expect=[ACCEPTED],
    each=by_text(b"GET", b"PUT", b"DELETE", b"PATCH", b"QUERY"),
    where=ONE,
)
def method(name):
    """The method is inside as the application gave it."""
    return given(method=name, content=b"" if name in {b"GET", b"DELETE"} else b"hello")


@case(
    client_fetch,
    "rfc9458/5/whole-request-encapsulated",
    expect=[ACCEPTED],
    each={
        "one": ((b"x-one", b"1"),),
        "a cookie": ((b"cookie", b"a=1; b=2"),),
        "authorization": ((b"authorization", b"Bearer token"),),
        "an empty value": ((b"x-empty", b""),),
        "one name twice": ((b"x-two", b"1"), (b"x-two", b"2")),
        "a hundred": tuple((b"x-%d" % n, b"%d" % n) for n in range(100)),
    },
    where=ONE,
)
def fields(lines):
    """The fields are inside as the application gave them, repeated ones too."""
    return given(fields=lines)


@case(
    client_fetch,
    "rfc9458/5/whole-request-encapsulated",
    expect=[ACCEPTED],
    each=(0, 1, 63, 64, 16_383, 16_384, 65_536, 1_048_576),
    where=ONE,
)
def content_of_boundary_size(size):
    """Content at both sides of every practicable varint width goes there and back whole."""
    return given(content=bytes(n % 251 for n in range(size)))


@case(client_fetch, "rfc9458/5.1/100-continue-never-sent", where=ONE)
def expectation():
    """The application expects 100-continue: that is left out of the request inside, or the client refuses."""
    return given(fields=((b"expect", b"100-continue"),))


@expectation.judge
def _(t):
    for part in t.tested:
        opened = [e for e in part.all("decoded", "request", "gateway") if e.value["opened"]]
        inner = [lawful_request(e.octets) for e in opened]
        sent = any(n.lower() == b"expect" for one in inner if one for n, _ in one.fields)
        yield Finding("violation" if sent else "as-expected", "Expect is inside" if sent else "no Expect inside")
