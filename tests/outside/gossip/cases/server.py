"""What a server does with rumours."""

from conformance.cases import case, put
from conformance.model import ACCEPTED
from gossip import REFUSED, tell


@case(tell, "gossip/2/hops-counted-down", expect=[ACCEPTED], each=(1, 2, 255))
def hops_that_are_left(hops):
    """A rumour with hops comes back with one less."""
    return put("rumour.hops", hops)


@case(tell, "gossip/2/exhausted-rumour-refused", expect=[REFUSED])
def no_hop_left():
    """A rumour without a hop is refused."""
    return put("rumour.hops", 0)
