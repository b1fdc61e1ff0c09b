"""What a library does with messages."""

from conformance.cases import case, extend, octets, put, watch
from conformance.model import ACCEPTED, ANYWAY, Finding
from tests.engine.toy import DECODER, REFUSED, SECRET, decode


@case(decode, "toy/1/length-holds", expect=[REFUSED])
def length_too_long():
    """The length says more than is there."""
    return put("message.length", 9)


@case(
    decode,
    "toy/1/nothing-behind",
    expect=[REFUSED, ANYWAY.per("toy/3/may-greet")],
    also={"toy-draft/1/zeros-refused": [REFUSED]},
)
def octets_behind():
    """Octets follow the value."""
    return extend("message", bytes(2))


@case(decode, "toy/1/every-length", expect=[ACCEPTED], each=(0, 1, 300))
def sizes(n):
    """Values of several lengths."""
    return put("message.value", octets(n))


@case(decode, "toy/1/every-length", expect={"first": [ACCEPTED], "second": [ACCEPTED]})
async def twice(bench):
    """Two messages, one after the other."""
    await decode(bench.part("first"))
    await decode(bench.part("second"), value=b"again")


@watch(DECODER, "toy/2/no-secrets")
def no_secrets(part):
    """No answer carries the secret."""
    for event in part.all("reply"):
        if SECRET in str(event.value):
            yield Finding("leak", "the secret is out", part=part.name)
