"""Chunked Oblivious HTTP as a client takes it and sends it (draft-ietf-ohai-chunked-ohttp-08)."""

from conformance.cases import case, cut, drop, extend, flip, given, put, repeat, split, swap, watch, widen
from conformance.model import ACCEPTED, CRASH, Event, Finding, Part
from conformance.protocols.ohttp.exchanges import CLIENT_ERROR, by_itself, chunked_client_fetch
from conformance.protocols.ohttp.messages import BinaryResponse

ROLE, ONE = "ohttp.client", {"suite": "first"}
DRAFT = "ietf-ohai-chunked-ohttp"
TRUNCATED, FINAL = f"{DRAFT}/7.1/truncated-response-refused", f"{DRAFT}/6.1/finality-protected-by-aad"
ORDER, EMPTY = f"{DRAFT}/6/reordered-chunks-refused", f"{DRAFT}/6/empty-non-final-refused"
NOTHING = "no request in the chunked form reached our gateway"
_DROPPED = drop("response.chunk[-1]")
_BIG = BinaryResponse(200, ((b"content-type", b"text/plain"),), bytes(n % 251 for n in range(50_000)))


@case(
    by_itself(chunked_client_fetch, CLIENT_ERROR, CRASH),
    f"{DRAFT}/3/both-bhttp-forms-accepted",
    f"{DRAFT}/6.1/request-info-label-exact",
    f"{DRAFT}/4/request-header-layout-exact",
    f"{DRAFT}/4/non-final-chunk-layout-exact",
    f"{DRAFT}/4/final-chunk-layout-exact",
    f"{DRAFT}/6.2/response-export-label-exact",
    expect=[ACCEPTED],
)
def ordinary_fetch():
    """One resource is asked for in the chunked form: the request opens, and the answer comes out, in every suite."""
    return ()


@case(chunked_client_fetch, TRUNCATED, expect=[CLIENT_ERROR], where=ONE)
def final_response_chunk_missing():
    """All chunks but the final one, then a clean end of the HTTP content: what came is not taken for the whole."""
    return drop("response.chunk[-1]")


@case(
    chunked_client_fetch,
    TRUNCATED,
    expect=[CLIENT_ERROR],
    each={
        "behind the nonce": (_DROPPED,) * 4,
        "behind the first chunk": (_DROPPED,) * 3,
        "within a chunk": (drop("response.chunk[-1]"), cut("response.chunk[-1].sealed", 3, wire=True)),
        "within the final tag": cut("response.chunk[-1].sealed", 1, wire=True),
        "behind the zero": drop("response.chunk[-1].sealed", wire=True),
        "within the nonce": (*(_DROPPED,) * 4, cut("response.nonce", 3, wire=True)),
        "no octets": put("response", b""),
    },
    where=ONE,
)
def ends_early(changes):
    """The content ends cleanly somewhere before the end of the final chunk."""
    return changes


@case(
    chunked_client_fetch,
    FINAL,
    expect=[CLIENT_ERROR],
    each={
        "the last chunk is not said to be final": put("response.chunk[-1].aad", b""),
        "a chunk in the middle is said to be": put("response.chunk[1].aad", b"final"),
        "a chunk in the middle stands where the final one does": (
            drop("response.chunk[-1]"), drop("response.chunk[-1]"), put("response.chunk[-1].length", b"\0"),
        ),
        "another word": put("response.chunk[-1].aad", b"FINAL"),
    },
    where=ONE,
)  # fmt: skip
def finality_forged(changes):
    """Which chunk is the final one is sealed with it: a relay cannot choose another."""
    return changes


@case(
    chunked_client_fetch,
    ORDER,
    expect=[CLIENT_ERROR],
    each={
        "the first two": swap("response.chunk[0]", 1),
        "the second and third": swap("response.chunk[1]", 2),
        "one twice": repeat("response.chunk[0]"),
        "one missing": drop("response.chunk[1]"),
        "the first missing": drop("response.chunk[0]"),
        "one with the number of another": put("response.chunk[1].number", 0),
    },
    where=ONE,
)
def chunks_in_another_order(change):
    """A chunk stands in another place than that for which it was sealed, twice, or not at all."""
    return change


@case(
    chunked_client_fetch,
    f"{DRAFT}/6.2/chunk-nonce-counter-exact",
    expect=[CLIENT_ERROR],
    each={
        "all the same": tuple(put(f"response.chunk[{n}].number", 0) for n in (1, 2, 3)),
        "from one": tuple(put(f"response.chunk[{n}].number", n + 1) for n in range(4)),
    },
    where=ONE,
)
def another_counter(changes):
    """The chunks are counted otherwise than from zero in steps of one."""
    return changes


@case(
    chunked_client_fetch,
    f"{DRAFT}/6.2/chunk-nonce-counter-exact",
    expect=[ACCEPTED],
    each=(1, 2, 5, 300),
    where=ONE,
)
def many_chunks(count):
    """So many chunks before the final one, all of them counted."""
    return given(sizes=(40,) * (count - 1), answer=BinaryResponse(200, (), bytes(40 * count)))


@case(
    chunked_client_fetch,
    EMPTY,
    expect=[CLIENT_ERROR],
    each={
        "the first": (0, 60, 30),
        "in the middle": (60, 0, 30),
        "behind all others": (60, 10_000, 0),
    },
    where=ONE,
)
def empty_chunk(sizes):
    """A chunk that is not the final one holds nothing: that is an error, and neither an end nor something to skip."""
    return given(sizes=sizes)


@case(
    chunked_client_fetch,
    f"{DRAFT}/6/empty-final-chunk-accepted",
    f"{DRAFT}/4/final-chunk-layout-exact",
    expect=[ACCEPTED],
    each={"three chunks": given(empty_final=False), "two chunks": given(empty_final=False, sizes=(60,))},
    where=ONE,
)
def final_chunk_with_data(change):
    """The final chunk holds the end of the response."""
    return change


@case(chunked_client_fetch, f"{DRAFT}/4/final-chunk-alone-accepted", expect=[ACCEPTED], where=ONE)
def final_chunk_alone():
    """The whole response is in the final chunk, the only one."""
    return given(empty_final=False, sizes=())


@case(
    chunked_client_fetch,
    f"{DRAFT}/4/trailing-octets-refused",
    expect=[CLIENT_ERROR],
    each={
        "an octet": extend("response", b"\0"),
        "sixteen octets": extend("response", bytes(16)),
        "the final chunk again": repeat("response.chunk[-1]"),
        "a chunk behind it": swap("response.chunk[-1]", -2),
    },
    where=ONE,
)
def octets_behind_the_final_chunk(change):
    """What follows the final chunk belongs to it, and breaks it."""
    return change


@case(
    chunked_client_fetch,
    f"{DRAFT}/4/chunk-shorter-than-tag-refused",
    expect=[CLIENT_ERROR],
    each={
        "one octet": (put("response.chunk[0].sealed", b"\0")),
        "fifteen octets": (put("response.chunk[0].sealed", bytes(15))),
        "the final one": put("response.chunk[-1].sealed", bytes(15)),
    },
    where=ONE,
)
def shorter_than_a_tag(change):
    """A chunk has no room for the tag: an error, and no crash."""
    return change


@case(
    chunked_client_fetch,
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[CLIENT_ERROR],
    each={
        "a bit of the nonce": flip("response.nonce", wire=True),
        "a bit of the first chunk": flip("response.chunk[0].sealed"),
        "a bit of its tag": flip("response.chunk[0].sealed", -1),
        "a bit of the final tag": flip("response.chunk[-1].sealed", -1),
        "the label of plain responses": put("response.label", b"message/bhttp response"),
        "a nonce that is one octet short": cut("response.nonce", 1),
        "a nonce of twelve octets": cut("response.nonce", 4),
    },
    where=ONE,
)
def spoiled(change):
    """One bit, or the label, or the length of the nonce is another than was sealed: nothing is taken for the answer."""
    return change


@case(
    chunked_client_fetch,
    f"{DRAFT}/6/non-minimal-length-accepted",
    expect=[ACCEPTED],
    each={
        f"{which} in {width}": widen(f"response.chunk[{at}].length", width)
        for at, which in ((0, "the first"), (1, "the second"), (-1, "the final zero"))
        for width in (2, 4, 8)
    },
    where=ONE,
)
def length_of_another_width(change):
    """The length in front of a chunk is encoded in more octets than it needs."""
    return change


@case(
    chunked_client_fetch,
    f"{DRAFT}/3/chunk-16384-octets-accepted",
    expect=[ACCEPTED],
    each={
        "one": (16_384,),
        "three in a row": (16_384,) * 3,
        "one octet less": (16_383,),
        "16367 and 16368": (16_367, 16_368),
    },
    where=ONE,
)
def large_chunks(sizes):
    """Chunks of 16384 octets, whose lengths do not fit two octets once they are sealed, and others around that."""
    return given(sizes=sizes, answer=_BIG)


@case(
    chunked_client_fetch,
    f"{DRAFT}/1.1/bhttp-split-anywhere-accepted",
    expect=[ACCEPTED],
    each={"each octet": (1,) * 40, **{f"behind {n}": (n,) for n in (1, 2, 3, 4, 10, 20, 30)}},
    where=ONE,
)
def message_split_anywhere(sizes):
    """Where chunks end has nothing to do with the parts of the message inside."""
    return given(sizes=sizes)


@case(
    chunked_client_fetch,
    f"{DRAFT}/6/any-outer-framing-accepted",
    expect=[ACCEPTED],
    each={
        "pieces of one octet": given(outer=1),
        "pieces of seven": given(outer=7),
        "one piece": given(outer=100_000),
        "writes that end anywhere": split("outer", *range(20, 260, 9)),
    },
    where=ONE,
)
def framed_otherwise(change):
    """How HTTP cuts the content into pieces has nothing to do with its chunks."""
    return change


@case(
    chunked_client_fetch,
    f"{DRAFT}/3/both-bhttp-forms-accepted",
    expect=[ACCEPTED],
    each={"known length": True, "indeterminate length": False},
    where=ONE,
)
def form_inside(known):
    """The response inside has known length, or indeterminate length; in all other cases it has what the request had."""
    return given(known=known)


_TYPE = "outer.fields.content-type.value"


@case(
    chunked_client_fetch,
    "rfc9458/5.2/plain-reply-not-target-answer",
    expect=[CLIENT_ERROR],
    each={
        "a page": (put(_TYPE, b"text/html"), put("outer.content", b"<h1>hello</h1>")),
        "the chunks under the plain type": put(_TYPE, b"message/ohttp-res"),
        "the chunks as a page": put(_TYPE, b"text/html"),
    },
    where=ONE,
)
def another_media_type(change):
    """What is said to be something else is no chunked response, whatever it holds."""
    return change


@case(
    chunked_client_fetch,
    f"{DRAFT}/7/no-non-chunked-fallback",
    each={str(status): put("outer.status", str(status).encode()) for status in (400, 415, 422, 501)},
    where=ONE,
)
def no_fallback(change):
    """The gateway does not take the chunked form: the client does not turn to the other, which would tell of it."""
    return change, put(_TYPE, b"text/plain"), put("outer.content", b"no chunks here")


@no_fallback.judge
def _(t):
    for part in t.tested:
        forms = [e.value["chunked"] for e in part.all("decoded", "request", "gateway")]
        told = f"{part.name}: {len(forms)} requests, of which {forms.count(False)} in the plain form"
        yield Finding("violation" if False in forms else "as-expected", told, part=part.name)


def _chunked(part: Part) -> list[tuple[Event, Event]]:
    """The requests in the chunked form: what reached our gateway, and what it read."""
    came, read = part.all("received", "outer", "gateway"), part.all("decoded", "request", "gateway")
    return [(a, b) for a, b in zip(came, read, strict=False) if b.value["chunked"]]


@case(
    chunked_client_fetch, f"{DRAFT}/3/request-media-type-exact", f"{DRAFT}/3/chunked-types-used-exclusively", where=ONE
)
def request_is_called_what_it_is():
    """What the client is told to send in chunks is called message/ohttp-chunked-req, and comes in chunks."""
    return ()


@request_is_called_what_it_is.judge
def _(t):
    for part in t.tested:
        for event in part.all("decoded", "request", "gateway"):
            right = event.value["chunked"] and event.value["opened"]
            yield Finding("as-expected" if right else "violation", "in chunks" if right else "not in chunks")


@watch(ROLE, f"{DRAFT}/3/request-incremental-sent", absent=NOTHING)
def incremental(part):
    """A chunked request asks relays to pass on what has come: Incremental: ?1."""
    for came, _ in _chunked(part):
        said = [v for n, v in came.value["fields"] if n.lower() == "incremental"]
        yield Finding("as-expected" if said == ["?1"] else "violation", f"Incremental: {said or 'absent'}")


@watch(ROLE, f"{DRAFT}/3/sent-chunks-within-16384", absent=NOTHING)
def chunks_within_limits(part):
    """No chunk that a client sends holds more than the 16384 octets that every gateway takes."""
    for _, read in _chunked(part):
        largest = max(read.value["sizes"], default=0)
        yield Finding("violation" if largest > 16_384 else "as-expected", f"the largest chunk has {largest} octets")


@case(chunked_client_fetch, f"{DRAFT}/3/sent-chunks-within-16384", f"{DRAFT}/6/empty-non-final-never-sent",
      expect=[ACCEPTED], each=(0, 1, 16_383, 16_384, 65_536, 1_048_576), where=ONE)  # fmt: skip
def content_of_boundary_size(size):
    """Content of many sizes goes there and back whole, in as many chunks as it needs, none of them empty."""
    return given(content=bytes(n % 251 for n in range(size)))
