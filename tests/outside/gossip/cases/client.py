"""What a client does with what it is told."""

from conformance.cases import case, given, put
from conformance.model import ACCEPTED
from gossip import DISBELIEVED, pass_on


@case(pass_on, "gossip/3/rumour-passed-on", expect=[ACCEPTED], each=(1, 9))
def rumours_of_any_age(hops):
    """The client passes rumours on that have few hops left, and many."""
    return given(hops=hops)


@case(pass_on, "gossip/3/wrong-hops-noticed", expect=[DISBELIEVED])
def hops_that_grew():
    """The answer has more hops than were sent."""
    return put("told.hops", 7)
