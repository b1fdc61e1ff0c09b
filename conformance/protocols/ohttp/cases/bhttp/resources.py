"""Messages of many small parts (RFC 9292, Section 8): read, or refused, in bounded time."""

from conformance.cases import case, given
from conformance.model import ACCEPTED, WRONG
from conformance.protocols.ohttp.exchanges import REFUSED, decode
from conformance.wire import encode_varint

BOUNDED = "rfc9292/8/resource-use-bounded"
EITHER = [ACCEPTED, REFUSED.per(BOUNDED)]
ANSWERED = [*EITHER, WRONG.per(BOUNDED)]
"""Whether the answer is right is not what this is about."""
NEEDS = ["bulk", "alone"]
CONTROL = b"\x04POST\x05https\x0fwww.example.com\x01/"


def text(octets: bytes) -> bytes:
    """Octets with their length in front."""
    return encode_varint(len(octets)) + octets


def field(name: bytes, value: bytes) -> bytes:
    """One field line."""
    return text(name) + text(value)


MANY = {
    "20,000 fields": lambda: b"\0" + CONTROL + text(b"".join(field(b"x-%d" % n, b"1") for n in range(20_000))),
    "5,000 cookies": lambda: b"\0" + CONTROL + text(b"".join(field(b"cookie", b"a%d=1" % n) for n in range(5_000))),
    "20,000 lines of one field": lambda: b"\0" + CONTROL + text(field(b"x-test", b"1") * 20_000),
    "10,000 informational responses": lambda: b"\1" + (encode_varint(103) + b"\0") * 10_000 + encode_varint(200),
}


@case(
    decode,
    BOUNDED,
    expect=ANSWERED,
    also={"rfc9292/3.6/repeated-names-order-kept": EITHER, "rfc9292/3.6/cookies-joined-by-semicolon": EITHER},
    needs=NEEDS,
    where={"framing": ["known"]},
    each=MANY,
)
def many_small_parts(octets):
    """Thousands of fields, cookies or informational responses are read, or refused as too many."""
    return given(octets=octets())


@case(
    decode,
    BOUNDED,
    expect=ANSWERED,
    also={"rfc9292/3.2/content-chunks-concatenated": EITHER, "rfc9292/3.7/any-content-bytes-accepted": EITHER},
    needs=NEEDS,
    where={"framing": ["indeterminate"]},
)
def many_small_chunks():
    """Content in 100,000 chunks of one octet."""
    return given(octets=b"\2" + CONTROL + b"\0" + b"\1a" * 100_000 + bytes(2))
