"""Messages of many small parts (RFC 9292, Section 8): read, or refused, in bounded time."""

from dataclasses import replace

from conformance.cases import case, given
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.exchanges import REFUSED, REQUEST, RESPONSE, decode

BOUNDED = "rfc9292/8/resource-use-bounded"
EITHER = [ACCEPTED, REFUSED.per(BOUNDED)]
NEEDS = ["bulk", "alone"]


@case(
    decode,
    BOUNDED,
    expect=EITHER,
    needs=NEEDS,
    each={
        "20,000 fields": replace(REQUEST, fields=tuple((b"x-%d" % n, b"1") for n in range(20_000))),
        "5,000 cookies": replace(REQUEST, fields=tuple((b"cookie", b"a%d=1" % n) for n in range(5_000))),
        "5,000 lines of one field": replace(REQUEST, fields=((b"x-test", b"1"),) * 5_000),
        "20,000 trailer fields": replace(REQUEST, trailers=tuple((b"x-%d" % n, b"1") for n in range(20_000))),
        "2,000 informational responses": replace(RESPONSE, informational=((103, ()),) * 2_000),
    },
)
def many_small_parts(message):
    """Thousands of fields, cookies or informational responses are read, or refused as too many."""
    return given(message=message)


@case(decode, BOUNDED, expect=EITHER, needs=NEEDS, where={"framing": ["indeterminate"]})
def many_small_chunks():
    """Content in 50,000 chunks of one octet."""
    return given(message=replace(REQUEST, content=bytes(50_000)), chunks=(1,) * 50_000)
