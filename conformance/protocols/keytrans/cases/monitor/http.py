"""Answers that are none."""

from conformance.cases import case, cut, given, put
from conformance.protocols.keytrans.exchanges._plexi import REJECTED, audit

NONE = "plexi-auditor-api/cli/only-404-means-none"


@case(audit, NONE, expect=[REJECTED], each=("last", "epoch", "info", "namespace", "previous", "proof"))
def out_of_order(point):
    """One of the resources answers with 500 and a page."""
    return given(failing=(point,))


@case(audit, NONE, expect=[REJECTED], each=("last", "epoch", "info", "namespace"))
def not_there(point):
    """One of the resources is not there."""
    return given(missing=(point,))


@case(
    audit,
    NONE,
    expect=[REJECTED],
    each={
        "a page": put("epoch", b"<html></html>"),
        "empty": put("epoch", b""),
        "cut": cut("epoch", 9),
        "a list": put("epoch", b"[]"),
        "null": put("epoch", b"null"),
    },
)
def no_json(change):
    """In place of the answer for the epoch there is something that is none."""
    return change
