"""The words of the design as frozen data. Imports nothing else of ours."""

from conformance.model._case import (
    BAD,
    NOT_RUN,
    OBSERVATIONS,
    VERDICTS,
    Case,
    Exchange,
    Finding,
    Judge,
    Verdict,
    Watch,
    exchange,
    variant_name,
)
from conformance.model._changes import GIVEN, IN_LEAVING, IN_MESSAGE, Change
from conformance.model._errors import (
    Absent,
    AdapterError,
    ConformanceError,
    Ended,
    EnvironmentProblem,
    Unreachable,
    UsageError,
)
from conformance.model._outcomes import (
    ABSENT,
    ACCEPTED,
    ADAPTER,
    ANYWAY,
    CLOSED,
    CRASH,
    ENDINGS,
    ERROR,
    NOTHING,
    RESET,
    SCOPES,
    STREAM_ERROR,
    TIMEOUT,
    TLS_ERROR,
    UNANSWERED,
    UNDECODABLE,
    UNSUPPORTED,
    WRONG,
    Outcome,
)
from conformance.model._requirements import FAILING, LEVELS, RECORDED, WARNING, Document, Requirement
from conformance.model._transcript import CONTROLS, HEALTH, TWIN, Event, Part, Sent, Span, Transcript

__all__ = [
    "ABSENT", "ACCEPTED", "ADAPTER", "ANYWAY", "BAD", "CLOSED", "CONTROLS", "CRASH", "ENDINGS", "ERROR", "FAILING",
    "GIVEN", "HEALTH", "IN_LEAVING", "IN_MESSAGE", "LEVELS", "NOTHING", "NOT_RUN", "OBSERVATIONS", "RECORDED", "RESET",
    "SCOPES", "STREAM_ERROR", "TIMEOUT", "TLS_ERROR", "TWIN", "UNANSWERED", "UNDECODABLE", "UNSUPPORTED", "VERDICTS",
    "WARNING", "WRONG", "Absent", "AdapterError", "Case", "Change", "ConformanceError", "Document", "Ended",
    "EnvironmentProblem", "Event", "Exchange", "Finding", "Judge", "Outcome", "Part", "Requirement", "Sent", "Span",
    "Transcript", "Unreachable", "UsageError", "Verdict", "Watch", "exchange", "variant_name",
]  # fmt: skip
