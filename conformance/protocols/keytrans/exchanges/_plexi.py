"""A monitor of Plexi's auditor audits the epoch that was verified last; the auditor is ours.

`accepted` means that the reference monitor takes all that was served as well, as far as the monitor asked for it.
"""

from __future__ import annotations

from typing import Any

from conformance.bench import Bench
from conformance.library import answered
from conformance.model import ACCEPTED, ANYWAY, Outcome, Part, exchange
from conformance.protocols.keytrans.messages import plexi
from conformance.protocols.keytrans.peers import Auditor, replayed
from conformance.protocols.keytrans.peers._plexi import NAMESPACE

REJECTED = Outcome("rejected")
"""The monitor says that something does not hold, or that it cannot tell."""
AUDIT = "plexi.monitor.audit"


def audit_ended(part: Part) -> Outcome:
    """How an audit ended."""
    reply = answered(part, AUDIT)
    if reply is None:
        return part.ending()
    if "refused" in reply:
        return REJECTED
    clock = part.last("clock", "auditor")
    served = {e.name: (int(e.value["status"]), e.octets) for e in part.all("served")}
    if clock is None:
        return part.ending()
    return ANYWAY if replayed(clock.value["namespace"], clock.value["now"], served) else ACCEPTED


@exchange("plexi.monitor", audit_ended, over={"signature": plexi.SUITES})
async def audit(bench: Bench, live: None = None, **options: Any) -> None:
    """The monitor audits; `options` are those of our auditor."""
    del live
    auditor = await bench.counterpart("plexi.auditor", Auditor, suite=bench.variant["signature"], **options)
    await bench.do(AUDIT, url=auditor.url, namespace=NAMESPACE)
