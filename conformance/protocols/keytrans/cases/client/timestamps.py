"""Timestamps that go back, or that are far from the clock (4, 4.1, 4.2)."""

from conformance.cases import case, given, put
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.exchanges._search import REJECTED, search_twice

LATE = 2**63


@case(
    search_twice,
    "ietf-keytrans-protocol/4.2/first-time-timestamps-checked",
    "ietf-keytrans-protocol/12.3/sent-and-retained-timestamps-ordered",
    expect=[REJECTED],
    each={
        "the second goes back": put("log[0].entry[9].timestamp", 0),
        "the first is late": put("log[0].entry[7].timestamp", LATE),
    },
)
def frontier_goes_back(change):
    """A first-time user is shown a frontier on which a timestamp is lower than one on its left."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/4.1/ibst-timestamps-ordered",
    expect=[REJECTED],
    each={
        "later than the root": put("log.entry[3].timestamp", LATE),
        "earlier than its parent": put("log.entry[5].timestamp", 0),
        "later than its parent": put("log.entry[4].timestamp", LATE),
    },
)
def searched_entry_out_of_order(change):
    """An entry off the frontier, which the search passes, has a timestamp that does not fit its place."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/4.2/first-timestamp-not-before-retained",
    "ietf-keytrans-protocol/4/timestamps-non-decreasing",
    settings={"version": 3},
    expect=[REJECTED],
)
def new_entry_before_the_retained():
    """The first timestamp of the grown tree is lower than that of the last entry that the client knows.

    The search ends in an entry that the client knows, so that no other timestamp is there to compare with.
    """
    return put("log[1].entry[11].timestamp", 0)


@case(
    search_twice,
    "ietf-keytrans-protocol/4.2/provided-timestamps-non-decreasing",
    expect=[REJECTED],
)
def new_entries_go_back():
    """Of the timestamps of the grown tree the second is lower than the first."""
    return put("log[1].entry[11].timestamp", LATE)


@case(search_twice, "ietf-keytrans-protocol/4/timestamps-non-decreasing", expect=[ACCEPTED])
def equal_timestamps():
    """All entries were made at one moment."""
    return given(spacing=0)


@case(
    search_twice,
    "ietf-keytrans-protocol/4.2/rightmost-timestamp-within-max-ahead",
    expect=[REJECTED],
    each={"a minute": 660_000, "ten years": 10 * 365 * 86_400_000},
)
def too_far_ahead(shift):
    """The rightmost timestamp is further ahead of the clock than `max_ahead` of ten minutes allows."""
    return given(shift=shift)


@case(
    search_twice,
    "ietf-keytrans-protocol/4.2/rightmost-timestamp-within-max-behind",
    expect=[REJECTED],
    each={"a minute": -660_000, "ten years": -10 * 365 * 86_400_000},
)
def too_far_behind(shift):
    """The rightmost timestamp is further behind the clock than `max_behind` of ten minutes allows."""
    return given(shift=shift)


@case(
    search_twice,
    "ietf-keytrans-protocol/11.2/durations-in-milliseconds",
    expect=[ACCEPTED],
    each={"ahead": 540_000, "behind": -540_000},
)
def close_enough(shift):
    """The rightmost timestamp is nine minutes off, where ten are allowed."""
    return given(shift=shift)
