"""Requests on connections: several, at once, in pieces, large, interrupted."""

import contextlib

from conformance.bench import Bench
from conformance.cases import case, close, cut, flip, given, hold, octets, put, reset, split
from conformance.model import ACCEPTED, CLOSED, RESET, STREAM_ERROR, WRONG, Ended
from conformance.net import Connection
from conformance.protocols.ohttp.cases.gateway._early import REFUSED
from conformance.protocols.ohttp.exchanges import ENCAPSULATED_5XX, PLAIN_4XX, Inner, ask, fetch

CONTEXT = "rfc9458/4.3/response-uses-request-context"
INTACT = "rfc9458/5/inner-request-conveyed-intact"
FIRST = {"suite": "first"}
BOTH = {"first": [ACCEPTED], "second": [ACCEPTED]}


def _goes_on(bench: Bench, connection: Connection) -> None:
    if not connection.open:
        bench.absent("the gateway closes its connections, which HTTP allows")


@case(fetch, CONTEXT, INTACT, expect=BOTH, where=FIRST)
async def second_request_on_a_connection(bench):
    """A connection that has carried one request carries another."""
    connection = await fetch(bench.part("first"))
    _goes_on(bench, connection)
    await fetch(bench.part("second"), connection, inner=b"another")


@case(fetch, CONTEXT, INTACT, expect=[ACCEPTED], where=FIRST)
async def forty_requests_in_a_row(bench):
    """Forty requests follow one another, on one connection as long as it lasts; every content is another one."""
    connection: Connection | None = None
    for n in range(40):
        live = connection if connection and connection.open else None
        connection = await fetch(bench.part(f"request {n}"), live, inner=b"request %d " % n * n)


@case(fetch, CONTEXT, expect=BOTH, where=FIRST | {"http": [2, 3]})
async def two_requests_at_once(bench):
    """Two requests are under way on one connection at the same time: each gets the answer in its own context."""
    first, second = bench.part("first"), bench.part("second")
    connection = await first.connect()
    one = await ask(first, connection, b"one")
    two = await ask(second, connection, b"two")
    await two.answer()
    await one.answer()


@case(
    fetch, CONTEXT, expect={"first": [ACCEPTED], "second": [ACCEPTED, CLOSED.per(CONTEXT)]}, where=FIRST | {"http": [1]}
)
async def two_requests_pipelined(bench):
    """A second request follows the first before that is answered: each gets the answer in its own context, in order."""
    first, second = bench.part("first"), bench.part("second")
    connection = await first.connect()
    one = await ask(first, connection, b"one")
    two = await ask(second, connection, b"two")
    await one.answer()
    await two.answer()


@case(
    fetch,
    CONTEXT,
    INTACT,
    expect=BOTH,
    where=FIRST | {"http": [2, 3]},
)
async def two_requests_after_an_error(bench):
    """After a refused request, two requests under way at once on its connection each get their own answer."""
    connection = await fetch(bench.part("refused", flip("request.ciphertext", -1)))
    _goes_on(bench, connection)
    one = await ask(bench.part("first"), connection, b"one")
    two = await ask(bench.part("second"), connection, b"two")
    await one.answer()
    await two.answer()


@case(
    fetch,
    INTACT,
    expect={"right": [ACCEPTED]},
    where=FIRST,
)
async def request_after_errors(bench):
    """After a request that does not open, and one of another media type, the connection carries a right one."""
    connection = await fetch(bench.part("undecryptable", flip("request.ciphertext", -1)))
    _goes_on(bench, connection)
    await fetch(bench.part("of another type", put("outer.fields.content-type.value", b"text/plain")), connection)
    _goes_on(bench, connection)
    await fetch(bench.part("right"), connection)


@case(fetch, INTACT, expect=[ACCEPTED], where=FIRST, each={
    "in two": (100,), "head and content octet by octet": (1, 2, 3, 20, 60, -3, -2, -1), "the last octet apart": (-1,),
})  # fmt: skip
def request_in_pieces(at):
    """The request arrives in pieces, cut in its head and in its content."""
    return split("outer", *at)


@case(fetch, INTACT, expect=[ACCEPTED], where=FIRST | {"http": [1]}, each={
    "one piece": (10_000,), "seven octets and the rest": (7,), "octet by octet": (1,) * 500,
})  # fmt: skip
def content_under_the_chunked_coding(sizes):
    """The length of the content is not announced: it comes in pieces of the transfer's own."""
    return given(chunks=sizes)


@case(fetch, INTACT, where=FIRST | {"http": [1]}, expect=[
    ACCEPTED, CLOSED.per(INTACT), RESET.per(INTACT), STREAM_ERROR.per(INTACT), ENCAPSULATED_5XX.per(INTACT),
    WRONG.at("status 502").per(INTACT), WRONG.at("status 504").per(INTACT),
])  # fmt: skip
def nothing_more_will_come():
    """Behind the request we close our direction: it is answered, or given up somewhere; nobody is left waiting."""
    return close("outer")


@case(
    fetch,
    INTACT,
    "rfc9292/3.7/any-content-bytes-accepted",
    expect=[ACCEPTED, PLAIN_4XX.at("413").per(INTACT)],
    where=FIRST,
    each=(65_536, 1_048_576),
)
def large_request(size):
    """The content inside is as large as that of uploads."""
    return given(inner=Inner(content=octets(size // 2).hex().encode()))


@case(fetch, CONTEXT, INTACT, expect=[ACCEPTED], where=FIRST, needs=["alone"])
async def forty_connections_at_once(bench):
    """On forty connections the last octet of a request leaves at the same moment: each gets its own answer."""
    await bench.together(
        fetch(bench.part(f"connection {n}", hold("outer", 1)), inner=b"connection %d " % n * 10) for n in range(40)
    )


@case(
    fetch,
    INTACT,
    expect=[CLOSED, RESET.per(INTACT), STREAM_ERROR.per(INTACT), PLAIN_4XX.per(INTACT)],
    where=FIRST,
    needs=["alone"],
)
async def requests_broken_off(bench):
    """Twenty clients go away in the middle of a request, as clients do: the gateway serves on."""
    for n in range(20):
        broken = cut("outer.content", 20, wire=True), reset("outer")
        await _given_up(bench.part(f"client {n}", *broken))


async def _given_up(bench: Bench) -> None:
    with contextlib.suppress(Ended):
        await fetch(bench)


@case(
    fetch,
    "rfc9458/4.3/undecryptable-request-refused",
    **REFUSED,
    where=FIRST | {"http": "first"},
    needs=["alone", "bulk"],
)
async def a_thousand_refusals(bench):
    """More than a thousand requests that do not open: each is refused, and the gateway loses nothing by them."""
    connection: Connection | None = None
    for n in range(1100):
        live = connection if connection and connection.open else None
        connection = await fetch(bench.part(f"request {n}", flip("request.ciphertext", -1)), live)
