"""Faults of gateways that look at the date of a request (RFC 9458, Sections 6.5.1 and 6.5.2)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from conformance.bench import Fault, faults_of
from conformance.protocols.ohttp.faults._kit import gateway_fault
from conformance.protocols.ohttp.messages import DATE_PROBLEM, PROBLEM_TYPE, BinaryRequest, BinaryResponse, Line
from conformance.protocols.ohttp.peers import Gateway, GatewayError

WINDOW = timedelta(minutes=5)


class DateWindow(Gateway):
    """A gateway that refuses requests of another time, as Section 6.5.2 has it. No fault by itself."""

    kind = DATE_PROBLEM
    media_type = PROBLEM_TYPE

    def check(self, inner: BinaryRequest) -> None:
        super().check(inner)
        for value in (v for n, v in inner.fields if n.lower() == b"date"):
            if not self.near(value):
                raise GatewayError(400, "date")

    def near(self, value: bytes) -> bool:
        """Whether a date is within the window."""
        try:
            moment = parsedate_to_datetime(value.decode("latin-1"))
        except ValueError:
            return False
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return abs(moment - datetime.now(UTC)) <= WINDOW

    def inner_error(self, why: GatewayError) -> BinaryResponse | None:
        if why.why != "date":
            return super().inner_error(why)
        problem = json.dumps({"type": self.kind}).encode()
        return BinaryResponse(400, ((b"content-type", self.media_type.encode()), *self.more()), problem)

    def more(self) -> Sequence[Line]:
        """What helps the client, and keeps caches away."""
        return ((b"date", b"Mon, 07 Feb 2022 00:28:05 GMT"), (b"cache-control", b"no-store"))


@gateway_fault("rfc9458/6.5.2/date-rejection-problem-type")
class DateProblemMisspelt(DateWindow):
    """Has another name for the problem."""

    kind = "https://iana.org/assignments/http-problem-types#clock"


@gateway_fault("rfc9458/6.5.2/date-rejection-problem-type")
class DateRefusedWithoutAProblem(DateWindow):
    """Says 400 and no more."""

    media_type = "text/plain"


@gateway_fault("rfc9458/6.5.2/date-rejection-carries-date")
class RefusalWithoutDate(DateWindow):
    """Does not say what time it is."""

    def more(self) -> Sequence[Line]:
        return ((b"vary", b"Date"),)


@gateway_fault("rfc9458/6.5.2/date-rejection-cache-guarded")
class RefusalThatIsKept(DateWindow):
    """Lets caches keep the refusal for everybody."""

    def more(self) -> Sequence[Line]:
        return ((b"date", b"Mon, 07 Feb 2022 00:28:05 GMT"), (b"cache-control", b"max-age=60"))


@gateway_fault("rfc9458/6.5.1/skewed-date-refusal-allowed", "rfc9458/5.2/later-errors-encapsulated")
class DateRefusedInTheOpen(DateWindow):
    """Refuses a date outside of the encapsulation, where the relay can read it."""

    def inner_error(self, why: GatewayError) -> BinaryResponse | None:
        return None if why.why == "date" else super().inner_error(why)


@gateway_fault("rfc9458/6.5.1/skewed-date-refusal-allowed", "rfc9458/5.2/later-errors-encapsulated")
class PanicsOnMalformedDate(DateWindow):
    """Expects every date to be one."""

    def near(self, value: bytes) -> bool:
        datetime.strptime(value.decode(), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        return True


FAULTS: tuple[Fault, ...] = faults_of(__name__)
