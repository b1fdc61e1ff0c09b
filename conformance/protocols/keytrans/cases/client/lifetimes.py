"""Logs with a maximum lifetime, and versions that nobody finds (7.1, 7.2, 13.1)."""

from conformance.cases import case, given
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.exchanges._search import REJECTED, search_twice

MINUTE = 60_000
AGED = {"spacing": MINUTE, "first": 11, "second": 12}
"""Eleven entries and one more, a minute apart: the first is ten minutes old."""


@case(
    search_twice,
    "ietf-keytrans-protocol/7.1/no-ladder-at-expired-entry",
    "ietf-keytrans-protocol/7.2/equal-below-expired-needs-distinguished",
    expect=[ACCEPTED],
    each={
        "the root is expired": {"version": 4, "lifetime": 2 * MINUTE, "window": MINUTE},
        "just expired": {"version": 4, "lifetime": 3 * MINUTE, "window": MINUTE},
        "nothing is expired": {"version": 1, "lifetime": 60 * MINUTE, "window": MINUTE},
    },
)
def version_in_an_entry_that_is_not_expired(settings):
    """Expired entries are passed without a ladder; the version is the greatest in a distinguished one behind them."""
    return given(**AGED, **settings)


@case(
    search_twice,
    "ietf-keytrans-protocol/7.2/expired-path-needs-distinguished-left",
    expect=[REJECTED],
)
def expired_version_told():
    """The entries with the version are expired; the log tells it by an entry that nobody had to check before."""
    return given(**AGED, version=1, lifetime=5 * MINUTE, window=4 * MINUTE, negative=True)


@case(
    search_twice,
    "ietf-keytrans-protocol/13.1/negative-result-refused",
    "ietf-keytrans-protocol/7.2/no-candidate-reports-not-found",
    expect=[REJECTED],
    each={"the next": 6, "a later one": 100, "a very late one": 2**31 - 2},
)
def absent_version(version):
    """The log answers a search for a version that does not exist with a proof that it does not."""
    return given(version=version, negative=True)
