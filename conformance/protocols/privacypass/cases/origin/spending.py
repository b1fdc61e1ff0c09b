"""Whether a token can be spent twice (RFC 9577, Sections 2.2.2 and 5.2)."""

from conformance.cases import case, flip, hold
from conformance.model import ACCEPTED, Finding
from conformance.protocols.privacypass.exchanges import PLAIN_4XX, PLAIN_401, fresh_token, redeem

SPENT, REPLAY = "rfc9577/2.2.2/spent-nonce-refused", "rfc9577/5.2/side-effects-need-anti-replay"
ELSEWHERE, AGAIN = "rfc9577/2.2.2/cross-connection-redemption-allowed", "rfc9577/general/bad-credentials-get-401"


@case(redeem, SPENT, REPLAY, expect={"once": [ACCEPTED], "again": [PLAIN_4XX]})
async def one_token_spent_twice(bench):
    """The same request comes a second time, on the same connection where that is open."""
    token = await fresh_token(bench.part("token"))
    connection = await redeem(bench.part("once"), token=token)
    await redeem(bench.part("again"), connection if connection.open else None, token=token)


@case(redeem, SPENT, REPLAY, expect={"once": [ACCEPTED], "again": [PLAIN_4XX]})
async def one_token_on_two_connections(bench):
    """The same request comes a second time, on another connection."""
    token = await fresh_token(bench.part("token"))
    for name in ("once", "again"):
        await redeem(bench.part(name), token=token)


@case(redeem, SPENT, needs=["alone"], repeat=10)
async def one_token_spent_by_eight_at_once(bench):
    """Eight requests carry one token and their last octets leave together: one is served."""
    token = await fresh_token(bench.part("token"))
    await bench.together(redeem(bench.part(f"spend {n}", hold("outer", 1)), token=token) for n in range(8))


@one_token_spent_by_eight_at_once.judge
def _(transcript):
    spends = transcript.starting("spend")
    served = [part.name for part in spends if redeem.outcome(part) == ACCEPTED]
    right = len(served) == 1
    yield Finding("as-expected" if right else "violation", f"{len(served)} of {len(spends)} served: {served}")


@case(redeem, SPENT, expect={"spoiled": [PLAIN_4XX], "right": [ACCEPTED]})
async def spoiled_copy_first(bench):
    """A copy of the token with a wrong authenticator comes first: it does not spend the nonce of the right one."""
    token = await fresh_token(bench.part("token"))
    await redeem(bench.part("spoiled", flip("token.authenticator", -1)), token=token)
    await redeem(bench.part("right"), token=token)


@case(redeem, ELSEWHERE, expect={"elsewhere": [ACCEPTED, PLAIN_401.per(ELSEWHERE)]})
async def token_on_another_connection(bench):
    """The challenge came on one connection, the token goes over another."""
    token = await fresh_token(bench.part("token"))
    await redeem(bench.part("elsewhere"), token=token)


@case(redeem, AGAIN, expect={"refused": [PLAIN_4XX], "after": [ACCEPTED]})
async def token_after_a_refusal(bench):
    """On a connection that saw a refused token, a right one is taken."""
    connection = await redeem(bench.part("refused", flip("token.authenticator", -1)))
    await redeem(bench.part("after"), connection if connection.open else None)
