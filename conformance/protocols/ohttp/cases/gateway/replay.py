"""Requests that come more than once (RFC 9458, Section 6.5)."""

from conformance.bench import Bench
from conformance.cases import case
from conformance.model import ACCEPTED, Finding
from conformance.protocols.ohttp.cases.gateway.response import nonces_differ
from conformance.protocols.ohttp.exchanges import ENCAPSULATED_4XX, PLAIN_4XX, ask, fetch

HARMLESS = "rfc9458/6.5/replay-rejected-or-harmless"
ONCE_OR_AGAIN = [ACCEPTED, PLAIN_4XX.per(HARMLESS), ENCAPSULATED_4XX.per(HARMLESS)]


async def _copied(bench: Bench, times: int) -> None:
    first = bench.part("first")
    connection = await first.connect()
    asked = await ask(first, connection)
    await asked.answer()
    for n in range(times):
        part = bench.part(f"copy {n + 1}")
        connection = connection if connection.open else await part.connect()
        await (await asked.again(part, connection)).answer()


@case(
    fetch,
    "rfc9458/6.5/replay-gets-fresh-nonce",
    HARMLESS,
    expect=ONCE_OR_AGAIN,
    where={"http": "first"},
)
async def same_octets_five_times(bench):
    """A request and four copies of its octets: copies are refused, or each gets a response with a nonce of its own."""
    await _copied(bench, 4)


@same_octets_five_times.judge
def _(transcript):
    yield from nonces_differ(transcript, "rfc9458/6.5/replay-gets-fresh-nonce")
    reached = sum(len(p.all("received", "target", where="target")) for p in transcript.tested)
    yield Finding("as-expected", f"the target was reached {reached} times", HARMLESS, measure={"reached": reached})


@case(
    fetch,
    HARMLESS,
    expect={"first": [ACCEPTED], "copy 1": [PLAIN_4XX, ENCAPSULATED_4XX.per(HARMLESS)]},
    where={"http": "first", "suite": "first"},
    needs=["replay-protection"],
)
async def copy_is_refused(bench):
    """A gateway that says it protects against replay refuses the same octets when they come again."""
    await _copied(bench, 1)


@case(
    fetch,
    "rfc9458/6.5/enc-usable-as-replay-key",
    expect=[
        ACCEPTED,
        PLAIN_4XX.per("rfc9458/6.5/enc-usable-as-replay-key"),
        ENCAPSULATED_4XX.per("rfc9458/6.5/enc-usable-as-replay-key"),
    ],
    where={"http": "first", "suite": "first"},
)
async def same_enc_other_content(bench):
    """A second request has the encapsulated key of the first and other content: it is served, or taken for a replay."""
    first, second = bench.part("first"), bench.part("second")
    connection = await first.connect()
    asked = await ask(first, connection)
    await asked.answer()
    connection = connection if connection.open else await second.connect()
    await (await ask(second, connection, b"other", ephemeral=asked.context.ephemeral)).answer()
