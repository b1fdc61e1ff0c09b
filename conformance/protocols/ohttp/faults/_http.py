"""Faults of gateways in the POST around an encapsulated request (RFC 9458, Sections 4.5, 5.2 and 5.3)."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.bench import Fault, faults_of
from conformance.net import ServerExchange
from conformance.protocols.ohttp.faults._kit import gateway_fault
from conformance.protocols.ohttp.messages import REQUEST_TYPE, RESPONSE_TYPE, Line, Refused
from conformance.protocols.ohttp.peers import Gateway
from conformance.wire import DecodeError
from conformance.wire.http import FieldLines, combined

REFUSED_4XX = "rfc9458/5.2/invalid-message-gets-4xx"
WRONG_TYPE = "rfc9458/4.5/wrong-media-type-refused"
FORM = "rfc9458/4.5/media-type-case-insensitive"


def _said(fields: FieldLines) -> bytes:
    return combined(fields, b"content-type") or b""


@gateway_fault(WRONG_TYPE, FORM, REFUSED_4XX, origin="ohttp-server, the example of the crate ohttp")
class MediaTypeNotChecked(Gateway):
    """Takes whatever is posted for an encapsulated request."""

    def takes_type(self, fields: FieldLines) -> bool:
        del fields
        return True


@gateway_fault(FORM, WRONG_TYPE, REFUSED_4XX, origin="relays of Cloudflare: the media type is matched by substring")
class MediaTypeBySubstring(Gateway):
    """Looks for the media type anywhere in the field."""

    def takes_type(self, fields: FieldLines) -> bool:
        return REQUEST_TYPE.encode() in _said(fields).lower()


@gateway_fault(FORM)
class MediaTypeAsText(Gateway):
    """Compares the field as text, so that letters and parameters matter."""

    def takes_type(self, fields: FieldLines) -> bool:
        return _said(fields) == REQUEST_TYPE.encode()


@gateway_fault(FORM)
class FieldNameAsText(Gateway):
    """Compares names of fields as text."""

    def takes_type(self, fields: FieldLines) -> bool:
        return super().takes_type(tuple((n, v) for n, v in fields if n in {b"content-type", b"Content-Type"}))


@gateway_fault(WRONG_TYPE, FORM, REFUSED_4XX)
class InternalErrorForWrongType(Gateway):
    """Takes another media type for a failure of its own: 500."""

    async def plain(self, exchange: ServerExchange, status: int, why: str, more: Sequence[Line] = ()) -> None:
        await super().plain(exchange, 500 if status == 415 else status, why, more)


@gateway_fault(REFUSED_4XX)
class InternalErrorForOtherMethod(Gateway):
    """Has a route for GET and POST, and an assertion for the rest."""

    async def plain(self, exchange: ServerExchange, status: int, why: str, more: Sequence[Line] = ()) -> None:
        await super().plain(exchange, 500 if status == 405 else status, why, more)


@gateway_fault("rfc9458/5.2/early-errors-unprotected", REFUSED_4XX, "rfc9458/4.3/*", "rfc9180/*")
class RefusalLabelledAsResponse(Gateway):
    """Labels everything that it answers to a POST as an encapsulated response."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        await self.send(exchange, 400, [(b"Content-Type", RESPONSE_TYPE.encode())], str(why).encode())


class _Problem(Gateway):
    """A gateway with a problem document of its own. No fault by itself."""

    status = 422
    problem = b"{}"

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        del why
        await self.send(exchange, self.status, [(b"Content-Type", b"application/problem+json")], self.problem)


@gateway_fault("rfc9458/5.3/key-problem-type-allowed")
class ProblemTypeMisspelt(_Problem):
    """Writes the type of key problems as the drafts did."""

    problem = b'{"type": "https://iana.org/assignments/http-problem-types#ohttp-key-config"}'


@gateway_fault("rfc9458/5.3/key-problem-type-allowed")
class ProblemInWords(_Problem):
    """Says that its words are a problem document."""

    problem = b"the key is unknown"


FAULTS: tuple[Fault, ...] = faults_of(__name__)
