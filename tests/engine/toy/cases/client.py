"""What a client does where it meets a server."""

from conformance.cases import case, given, put
from conformance.model import ACCEPTED
from tests.engine.toy import REFUSED, meet


@case(meet, "toy/1/every-length", expect=[ACCEPTED], each=(1, 2))
def meetings(n):
    """Messages of two lengths are taken to the server."""
    return given(value=bytes(n))


@case(meet, "toy/1/length-holds", expect=[REFUSED])
def wrong_length_met():
    """The length says more than is there."""
    return put("message.length", 9)
