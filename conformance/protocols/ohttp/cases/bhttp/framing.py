"""How messages are put together: framing, sections, terminators, chunks (RFC 9292, Sections 3.1 to 3.3)."""

from conformance.cases import case, drop, given, insert, put, widen
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases._bhttp_stimuli import (
    BARE_REQUEST,
    BARE_RESPONSE,
    FULL_REQUEST,
    FULL_RESPONSE,
    TRAILERS,
    known,
    prefixed,
    section_lengths,
)
from conformance.protocols.ohttp.exchanges import REFUSED, REQUEST, RESPONSE, decode
from conformance.protocols.ohttp.messages import line
from conformance.wire import VARINT_MAX

KNOWN, INDETERMINATE = {"framing": ["known"]}, {"framing": ["indeterminate"]}


@case(
    decode, "rfc9292/3.3/unknown-framing-refused", expect=[REFUSED], each=(4, 5, 63, 64, 1 << 14, 1 << 30, VARINT_MAX)
)
def framing_indicator_unknown(value):
    """The framing indicator is none of 0, 1, 2 and 3."""
    return put("message.framing", value)


@case(decode, "rfc9292/3.1/known-length-request-layout-exact", where=KNOWN, expect=[ACCEPTED])
def request_of_known_length():
    """A request of known length with header fields, content and trailer fields says what it says."""
    return given(message=FULL_REQUEST)


@case(decode, "rfc9292/3.1/known-length-response-layout-exact", where=KNOWN, expect=[ACCEPTED])
def response_of_known_length():
    """A response of known length with two informational ones, header fields, content and trailer fields."""
    return given(message=FULL_RESPONSE)


@case(
    decode,
    "rfc9292/3.2/indeterminate-request-layout-exact",
    "rfc9292/3.2/full-indeterminate-message-accepted",
    where=INDETERMINATE,
    settings={"known": True},
    expect=[ACCEPTED],
)
def request_of_indeterminate_length():
    """A request of indeterminate length with header fields, content in two chunks and trailer fields."""
    return given(message=FULL_REQUEST, chunks=(5,), known=False)


@case(
    decode,
    "rfc9292/3.2/indeterminate-response-layout-exact",
    "rfc9292/3.2/full-indeterminate-message-accepted",
    where=INDETERMINATE,
    settings={"known": True},
    expect=[ACCEPTED],
)
def response_of_indeterminate_length():
    """A response of indeterminate length with two informational ones, header fields, chunks and trailer fields."""
    return given(message=FULL_RESPONSE, chunks=(5,), known=False)


@case(
    decode,
    "rfc9292/3.1/zero-length-parts-accepted",
    expect=[ACCEPTED],
    each={"a request": BARE_REQUEST, "a response": BARE_RESPONSE},
)
def all_parts_empty(message):
    """No header fields, no content, no trailer fields: each of them is there with a length of zero."""
    return given(message=message)


@case(
    decode,
    "rfc9292/3.1/trailer-section-delivered",
    expect=[ACCEPTED],
    each={
        "with content": (),
        "without content": put("message.content", known(BARE_REQUEST).parts["content"]),
    },
    where=KNOWN,
)
def trailer_fields(change):
    """Trailer fields behind content, and behind none, are delivered."""
    return (*((change,) if change else ()), insert("message.trailers.fields", 0, line(*TRAILERS[0])))


@case(decode, "rfc9292/3.1/trailer-section-delivered", expect=[ACCEPTED], where=INDETERMINATE)
def trailer_fields_without_content():
    """Trailer fields in a message of indeterminate length that has no chunk of content are delivered."""
    return drop("message.content.chunk"), insert("message.trailers.fields", 0, line(*TRAILERS[0]))


@case(
    decode,
    "rfc9292/3.1/trailer-section-delivered",
    expect=[ACCEPTED],
    where=KNOWN,
    settings={"message": RESPONSE},
)
def trailer_fields_of_a_response():
    """Trailer fields of a response are delivered."""
    return insert("message.trailers.fields", 0, line(*TRAILERS[0]))


@case(
    decode,
    "rfc9292/3.1/field-section-length-exact",
    expect=[REFUSED],
    where=KNOWN,
    each=prefixed(section_lengths(known(REQUEST), "headers"), "message"),
)
def header_section_of_another_length(changes):
    """The header section says another length: it ends within a name, a value or a length, or reaches too far."""
    return changes


@case(
    decode,
    "rfc9292/3.1/field-section-length-exact",
    expect=[REFUSED],
    where=KNOWN,
    settings={"message": FULL_REQUEST},
    each=prefixed(section_lengths(known(FULL_REQUEST), "trailers"), "message"),
)
def trailer_section_of_another_length(changes):
    """The trailer section says another length."""
    return changes


@case(
    decode,
    "rfc9292/3.1/field-section-length-exact",
    expect=[REFUSED],
    where=KNOWN,
    each={"a value": "value.length", "a name": "name.length"},
)
def line_overruns_its_section(part):
    """The last line of the header section says a length that takes it beyond the section, within the message."""
    return put(f"message.headers.fields[-1].{part}", 25)


@case(
    decode,
    "rfc9292/3.2/field-section-terminator-required",
    expect=[REFUSED],
    where=INDETERMINATE,
    settings={"message": FULL_REQUEST},
    each={"header section": ("headers.terminator", "content", "trailers"), "trailer section": ("trailers.terminator",)},
)
def section_without_its_end(parts):
    """The message ends behind the last field line of a section, which nothing ends."""
    return tuple(drop(f"message.{part}") for part in parts)


@case(
    decode,
    "rfc9292/3.2/non-minimal-terminator-accepted",
    expect=[ACCEPTED],
    where=INDETERMINATE,
    each={f"{part} in {n} octets": (part, n) for part in ("headers", "content", "trailers") for n in (2, 4, 8)},
)
def terminator_of_several_octets(wide):
    """A zero that ends a section or the content is written in 2, 4 or 8 octets."""
    part, width = wide
    return widen(f"message.{part}.terminator", width)


@case(
    decode,
    "rfc9292/3.2/missing-content-terminator-refused",
    expect=[REFUSED],
    where=INDETERMINATE,
    each={"one chunk": (), "three chunks": (4, 4)},
)
def content_terminator_missing(chunks):
    """The message ends right behind a chunk of its content."""
    return given(chunks=chunks), drop("message.content.terminator"), drop("message.trailers")


@case(
    decode,
    "rfc9292/3.2/content-chunks-concatenated",
    expect=[ACCEPTED],
    where=INDETERMINATE,
    each={"of one octet": (1,) * 11, "of all sizes": (1, 2, 3, 4), "just one": ()},
)
def content_in_chunks(chunks):
    """The content comes in chunks; where they end means nothing."""
    return given(chunks=chunks)
