"""Answers that are rightly signed, but to another question."""

from conformance.cases import case, given, put
from conformance.protocols.keytrans.exchanges._plexi import REJECTED, audit
from conformance.protocols.keytrans.peers._plexi import DAY

CLI = "plexi-auditor-api/cli"


@case(
    audit,
    f"{CLI}/answer-for-other-epoch-refused",
    expect=[REJECTED],
    each={"an epoch less": 4, "an epoch more": 6},
)
def answer_for_another_epoch(epoch):
    """Asked for epoch 5, our auditor answers for another, rightly signed and proved."""
    return given(instead=epoch)


@case(
    audit,
    f"{CLI}/answer-for-other-namespace-refused",
    "plexi-auditor-api/epoch/response-matches-request",
    expect=[REJECTED],
)
def answer_for_another_namespace():
    """Our auditor answers for another namespace, rightly signed."""
    return put("epoch.namespace.value", b"another.example")


@case(audit, f"{CLI}/stale-latest-epoch-reported", expect=[REJECTED])
def newest_epoch_is_old():
    """The newest epoch was signed more than a year ago."""
    return given(age=400 * DAY)
