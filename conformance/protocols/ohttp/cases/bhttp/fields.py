"""Field lines of Binary HTTP: names, values, pseudo-fields, repeated ones (RFC 9292, Section 3.6)."""

from dataclasses import replace

from conformance.cases import case, given, insert, put
from conformance.model import ACCEPTED, Change
from conformance.protocols.ohttp.cases._bhttp_stimuli import (
    BAD_NAMES,
    BAD_VALUES,
    CONNECTION,
    CONTROL_PSEUDO,
    FINE_VALUES,
    FULL_REQUEST,
    FULL_RESPONSE,
)
from conformance.protocols.ohttp.exchanges import REFUSED, REQUEST, RESPONSE, decode
from conformance.protocols.ohttp.messages import line

NAME, VALUE = "rfc9292/3.6/invalid-field-name-refused", "rfc9292/3.6/invalid-field-value-refused"
CONTROL, LATE = "rfc9292/3.6/control-pseudo-field-refused", "rfc9292/3.6/late-pseudo-field-refused"
RESPONSES = {"message": RESPONSE}


def header(name: bytes, value: bytes = b"1", at: int = -1) -> Change:
    """One more line in the header section, the last unless `at` says otherwise."""
    return insert("message.headers.fields", at, line(name, value))


def trailer(name: bytes, value: bytes = b"1") -> Change:
    """A line in the trailer section."""
    return insert("message.trailers.fields", 0, line(name, value))


@case(decode, NAME, expect=[REFUSED], each=BAD_NAMES)
def field_name_invalid(name):
    """A field name has octets that no name may have."""
    return header(name)


@case(decode, NAME, expect=[REFUSED], each=BAD_NAMES)
def trailer_name_invalid(name):
    """The name of a trailer field has octets that no name may have."""
    return trailer(name)


@case(decode, NAME, expect=[REFUSED], each=BAD_NAMES, settings=RESPONSES)
def field_name_of_a_response_invalid(name):
    """A field name of a response has octets that no name may have."""
    return header(name)


@case(decode, "rfc9292/3.6/empty-field-name-refused", expect=[REFUSED], where={"framing": ["known"]})
def field_name_empty():
    """A field has a name of no octets."""
    return header(b"")


@case(decode, VALUE, expect=[REFUSED], each=BAD_VALUES)
def field_value_invalid(value):
    """A field value with NUL, CR or LF, or with white space around it: what would split a request, for one."""
    return header(b"x-value", value)


@case(decode, VALUE, expect=[REFUSED], each=BAD_VALUES)
def trailer_value_invalid(value):
    """A value of a trailer field that makes a message malformed."""
    return trailer(b"x-value", value)


@case(decode, VALUE, expect=[REFUSED], each=BAD_VALUES, settings=RESPONSES)
def field_value_of_a_response_invalid(value):
    """A field value of a response that makes a message malformed."""
    return header(b"x-value", value)


@case(
    decode,
    VALUE,
    NAME,
    expect=[REFUSED],
    each={"a name": line(b"a b", b"1"), "a value": line(b"x-value", b"a\r\nb")},
    settings={"message": FULL_RESPONSE},
)
def informational_field_invalid(bad):
    """A field of an informational response has a name or a value that makes the message invalid."""
    return insert("message.informational[1].headers.fields", 0, bad)


@case(decode, "rfc9292/3.6/empty-or-8bit-value-accepted", expect=[ACCEPTED], each=FINE_VALUES)
def field_value_unusual(value):
    """The last line of the header section has an unusual value that is fine: none, octets from 80 on, a long one."""
    return header(b"x-value", value)


@case(decode, "rfc9292/3.6/empty-or-8bit-value-accepted", expect=[ACCEPTED], settings=RESPONSES)
def field_value_of_a_response_empty():
    """The last line of a response's header section has no value."""
    return header(b"x-value", b"")


@case(decode, "rfc9292/3.6/upper-case-name-accepted", expect=[ACCEPTED])
def field_name_in_upper_case():
    """A field name has capital letters, which no rule of this format forbids."""
    return header(b"X-Test")


@case(
    decode,
    "rfc9292/3.6/repeated-names-order-kept",
    expect=[ACCEPTED],
    each={"next to each other": (-1, -1, -1), "apart": (0, 1, -1)},
)
def field_repeated(places):
    """A field stands on three lines: all are delivered, in their order."""
    return tuple(header(b"x-test", b"%d" % n, at) for n, at in enumerate(places))


@case(decode, "rfc9292/3.6/repeated-names-order-kept", expect=[ACCEPTED], settings=RESPONSES)
def set_cookie_repeated():
    """A response sets two cookies, on two lines that cannot be joined."""
    return header(b"set-cookie", b"a=1, really"), header(b"set-cookie", b"b=2")


@case(decode, "rfc9292/3.6/cookies-joined-by-semicolon", expect=[ACCEPTED])
def cookie_on_two_lines():
    """A cookie field on two lines arrives on two lines, or joined by a semicolon."""
    return header(b"cookie", b"a=1"), header(b"cookie", b"b=2")


@case(decode, CONTROL, expect=[REFUSED], each=CONTROL_PSEUDO)
def control_data_as_field(name):
    """A field in front of all others has the name of what control data carries."""
    return header(name, b"GET", 0)


@case(decode, CONTROL, expect=[REFUSED], each=CONTROL_PSEUDO, settings=RESPONSES)
def control_data_as_field_of_a_response(name):
    """A field of a response has the name of what control data carries."""
    return header(name, b"200", 0)


@case(decode, CONTROL, "rfc9292/3.6/trailer-pseudo-field-refused", expect=[REFUSED], each=CONTROL_PSEUDO)
def control_data_as_trailer(name):
    """A trailer field has the name of what control data carries."""
    return trailer(name, b"GET")


@case(decode, CONTROL, expect=[REFUSED], each=CONTROL_PSEUDO, settings={"message": FULL_RESPONSE})
def control_data_as_informational_field(name):
    """A field of an informational response has the name of what control data carries."""
    return insert("message.informational[1].headers.fields", 0, line(name, b"200"))


@case(
    decode,
    "rfc9292/3.6/other-pseudo-field-allowed",
    expect=[ACCEPTED, REFUSED.per("rfc9292/3.6/other-pseudo-field-allowed")],
)
def other_pseudo_field():
    """A pseudo-field of an extension in front of all other fields."""
    return header(b":protocol", b"websocket", 0)


@case(decode, LATE, expect=[REFUSED], each={"behind one field": 1, "behind all fields": -1})
def late_pseudo_field(at):
    """A pseudo-field of an extension stands behind another field."""
    return header(b":protocol", b"websocket", at)


@case(decode, "rfc9292/3.6/trailer-pseudo-field-refused", expect=[REFUSED])
def trailer_pseudo_field():
    """A pseudo-field of an extension stands in the trailer section."""
    return trailer(b":protocol", b"websocket")


@case(decode, "rfc9292/3.6/connection-fields-tolerated", expect=[ACCEPTED], each=CONNECTION)
def connection_field(field):
    """A field that concerns a connection does not make the message invalid; it may be left out of the answer."""
    return header(*field)


@case(decode, "rfc9292/6/http1-details-not-carried", expect=[ACCEPTED])
def transfer_encoding_means_nothing():
    """A transfer coding is named, and the content looks like it: the content is delivered as it stands."""
    fields = (*REQUEST.fields, CONNECTION["Transfer-Encoding"])
    return given(message=replace(REQUEST, fields=fields, content=b"5\r\nhello\r\n0\r\n\r\n"))


@case(
    decode,
    "rfc9292/4/late-error-aborts-processing",
    expect=[REFUSED],
    settings={"message": FULL_REQUEST},
    each={
        "a name": put("message.trailers.fields[-1].name.octets", b"a b"),
        "a value": put("message.trailers.fields[-1].value.octets", b"a\nb"),
        "a length": put("message.trailers.fields[-1].value.length", 60),
    },
)
def error_in_the_last_field(change):
    """Only the last field of the message is bad, long after header section and content: nothing is delivered."""
    return change
