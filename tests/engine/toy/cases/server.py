"""What a server does with sessions."""

from conformance.cases import case, put
from tests.engine.toy import REFUSED, ask

KEEPING = REFUSED.per("toy/2/session-survives")


@case(ask, "toy/1/length-holds", expect=[KEEPING])
def length_too_short():
    """The length says less than is there; the session goes on."""
    return put("message.length", 1)


@case(ask, "toy/1/length-holds", expect=[KEEPING], needs=["greeting"], where={"http": [2], "suite": "first"})
def length_after_a_greeting():
    """The same in one HTTP version, for those who greet."""
    return put("message.length", 2)


@case(ask, "toy/1/length-holds", expect=[KEEPING], needs=["target", "vantages"])
def length_seen_from_afar():
    """The same, with a target and from several places."""
    return put("message.length", 3)
