"""Faults of relays (RFC 9458, Sections 5, 6.2 and 6.5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from conformance.bench import Fault, fault, faults_of
from conformance.model import Ended
from conformance.net import Answer, Request, ServerExchange
from conformance.protocols.ohttp.messages import RESPONSE_TYPE, Line
from conformance.protocols.ohttp.peers import Relay
from conformance.protocols.ohttp.peers._relay import PATH, TYPES
from conformance.wire import Message
from conformance.wire.http import HOP_BY_HOP, combined, response

CARRIED, BACK = "rfc9458/5/relay-request-content-unchanged", "rfc9458/6.2/relay-response-content-unchanged"
RETURNED, MAY_FAIL = "rfc9458/5/relay-returns-gateway-response", "rfc9458/5.2/gateway-4xx-forwarded-or-failed"
UNKNOWN, RULES = "rfc9458/6.2/unknown-fields-not-forwarded", "rfc9458/6.2/relay-applies-forwarding-rules"
IDENTITY, STABLE = "rfc9458/6.2/relay-adds-no-client-identity", "rfc9458/6.2.1/no-stable-client-identifier-added"
ADDS, RETRY = "rfc9458/5/relay-adds-nothing-undeclared", "rfc9458/6.5/relay-no-automatic-retry"
FAILED, OPEN = "rfc9458/5/relay-failure-own-status", "rfc9458/5.2/relay-errors-unprotected"
MAY, GETS_4XX = "rfc9458/5/relay-may-refuse-invalid-request", "rfc9458/5.2/invalid-message-gets-4xx"
ONLY, FORMS = "rfc9458/8.2/only-configured-gateway-reached", "rfc9458/4.5/media-type-case-insensitive"
CHUNKED = "ietf-ohai-chunked-ohttp/6/any-outer-framing-accepted"


relay_fault = partial(fault, "ohttp.relay")
"""Declare a fault of a relay."""


# What crosses that must not


@relay_fault(UNKNOWN, ADDS)
class EverythingForwarded(Relay):
    """Sends all fields of the client on but those that belong to its connection."""

    def forwarded_fields(self, asked: Request) -> Sequence[Line]:
        named = {name.strip() for name in (combined(asked.fields, b"connection") or b"").lower().split(b",")}
        own = HOP_BY_HOP | named | {b"host", b"content-length", b"proxy-authorization"}
        return [(n, v) for n, v in asked.fields if n.lower() not in own]


@relay_fault(UNKNOWN)
class AllButCookies(Relay):
    """Knows the fields that identify by a list, on which several are missing."""

    def forwarded_fields(self, asked: Request) -> Sequence[Line]:
        kept = {b"accept-language", b"traceparent", b"x-unknown", b"content-type"}
        return [(n, v) for n, v in asked.fields if n.lower() in kept]


@relay_fault(RULES)
class ClientsConnectionFieldsForwarded(Relay):
    """Does not look at Connection, nor at what is for proxies."""

    def forwarded_fields(self, asked: Request) -> Sequence[Line]:
        kept = {b"x-private", b"keep-alive", b"proxy-authorization", b"proxy-connection"}
        return [*super().forwarded_fields(asked), *((n, v) for n, v in asked.fields if n.lower() in kept)]


@relay_fault(RULES, origin="ohttp-relay 0.0.11: all of the gateway's fields")
class GatewaysConnectionFieldsReturned(Relay):
    """Gives back what the gateway's Connection names."""

    def returned_fields(self, answer: Answer) -> Sequence[Line]:
        own = HOP_BY_HOP | {b"content-length"}
        return [(n, v) for n, v in answer.fields if n.lower() not in own]


@relay_fault(IDENTITY, STABLE, ADDS)
class ForwardedAdded(Relay):
    """Tells the gateway for whom it asks."""

    def forwarded_fields(self, asked: Request) -> Sequence[Line]:
        host, port = asked.peer
        return [*super().forwarded_fields(asked), (b"X-Forwarded-For", f"{host}:{port}".encode())]


@relay_fault(IDENTITY, STABLE, ADDS)
class ClientNumberAdded(Relay):
    """Gives each client a number, and tells it in a field of its own."""

    def forwarded_fields(self, asked: Request) -> Sequence[Line]:
        return [*super().forwarded_fields(asked), (b"X-Relay-Client", asked.peer[0].encode())]


@relay_fault(ADDS)
class RelayNamed(Relay):
    """Adds a field that says which relay this is."""

    def forwarded_fields(self, asked: Request) -> Sequence[Line]:
        return [*super().forwarded_fields(asked), (b"X-Relay", b"one")]


# What does not come through


@relay_fault(CARRIED, BACK)
class SixtyFourKilobytes(Relay):
    """Has room for 65535 octets of a request."""

    def content(self, asked: Request) -> bytes:
        return asked.content[:65_535]


@relay_fault(BACK, RETURNED)
class AnswersCut(Relay):
    """Has room for 16384 octets of an answer."""

    def answer(self, answer: Answer, version: int) -> Message:
        content = answer.content[:16_384]
        return response(answer.status, self.returned_fields(answer), content, version=version)


@relay_fault(CARRIED, BACK)
class AnswerOfTheRequestBefore(Relay):
    """Mixes up the answers to requests that come one after another on a connection."""

    async def returned(self, exchange: ServerExchange, answer: Answer) -> None:
        before = exchange.connection.state.get("before", answer)
        exchange.connection.state["before"] = answer
        await super().returned(exchange, before)


@relay_fault(CARRIED, BACK)
class OneAnswerForAllAtOnce(Relay):
    """Gives requests that are under way at once the answer to the first of them."""

    _under_way = 0
    _first: Answer | None = None

    async def asked(self, url: str, asked: Request) -> Answer:
        self._under_way += 1
        try:
            answer = await super().asked(url, asked)
            self._first = self._first or answer
            return self._first if self._under_way > 1 else answer
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._first = None


@relay_fault(RETURNED, MAY_FAIL)
class FailuresCalledOctets(Relay):
    """Calls what is no encapsulated response octets."""

    def returned_fields(self, answer: Answer) -> Sequence[Line]:
        if answer.status == 200:
            return super().returned_fields(answer)
        kept = [(n, v) for n, v in super().returned_fields(answer) if n.lower() != b"content-type"]
        return [*kept, (b"Content-Type", b"application/octet-stream")]


@relay_fault(RETURNED, MAY_FAIL)
class FailuresAreFine(Relay):
    """Says 200 to whatever the gateway answers."""

    def answer(self, answer: Answer, version: int) -> Message:
        return response(200, self.returned_fields(answer), answer.content, version=version)


@relay_fault(RETURNED)
class FailuresMadeItsOwn(Relay):
    """Puts 502 in place of the gateway's own failures."""

    async def returned(self, exchange: ServerExchange, answer: Answer) -> None:
        if answer.status >= 500:
            await self.plain(exchange, 502, "the gateway failed")
        else:
            await super().returned(exchange, answer)


@relay_fault(FORMS, origin="ohttp-relay 0.0.11: 415 for parameters and upper case")
class TypeComparedLiterally(Relay):
    """Compares the media type octet for octet."""

    def takes_type(self, asked: Request) -> bool:
        return combined(asked.fields, b"content-type") in {t.encode() for t in TYPES}


@relay_fault(CHUNKED, origin="Cloudflare's relays have no chunked form")
class OffersChunksAndRefusesThem(Relay):
    """Says that it has the chunked form, and takes the plain type only."""

    def takes_type(self, asked: Request) -> bool:
        return super().takes_type(asked) and b"chunked" not in (combined(asked.fields, b"content-type") or b"")


# Errors


@relay_fault(FAILED, shows=("violation", "hang"))
class SilentWhenTheGatewayFails(Relay):
    """Has no answer where the gateway has none."""

    async def failed(self, exchange: ServerExchange, why: str) -> None:
        """Says nothing."""


@relay_fault(FAILED)
class ClosesWhenTheGatewayFails(Relay):
    """Closes the connection where the gateway gives no answer."""

    async def failed(self, exchange: ServerExchange, why: str) -> None:
        del why
        await exchange.close()


@relay_fault(OPEN)
class ErrorsCalledEncapsulated(Relay):
    """Has one media type for all that it says."""

    async def plain(self, exchange: ServerExchange, status: int, why: str, more: Sequence[Line] = ()) -> None:
        fields = [(b"Content-Type", RESPONSE_TYPE.encode()), *more]
        await self.send(exchange, response(status, fields, why.encode(), version=exchange.request.version))


@relay_fault(RETRY)
class AsksAgain(Relay):
    """Asks the gateway again when the connection ends."""

    async def asked(self, url: str, asked: Request) -> Answer:
        try:
            return await super().asked(url, asked)
        except Ended:
            return await super().asked(url, asked)


@relay_fault(RETRY)
class AsksAgainAfterAFailure(Relay):
    """Asks the gateway again when it fails."""

    async def asked(self, url: str, asked: Request) -> Answer:
        answer = await super().asked(url, asked)
        return await super().asked(url, asked) if answer.status >= 500 else answer


@relay_fault(MAY, GETS_4XX)
class InvalidRequestsFail(Relay):
    """Says 500 to what is no request for a gateway."""

    def refusal(self, asked: Request) -> tuple[int, str, tuple[Line, ...]] | None:
        found = super().refusal(asked)
        return None if found is None else (500, found[1], ())


@relay_fault(MAY, GETS_4XX)
class GetAnsweredWithAPage(Relay):
    """Has a page for those who look at it with a browser."""

    def refusal(self, asked: Request) -> tuple[int, str, tuple[Line, ...]] | None:
        return (200, "a relay", ()) if asked.method != b"POST" else super().refusal(asked)


@relay_fault(ONLY, origin="payjoin's relay: the gateway is in the path")
class AnyGateway(Relay):
    """Goes where the target of the request says."""

    def refusal(self, asked: Request) -> tuple[int, str, tuple[Line, ...]] | None:
        return super().refusal(asked) if asked.target == PATH else None

    def gateway(self, asked: Request) -> str:
        target = asked.target.decode("latin-1").lstrip("/")
        if asked.target == PATH:
            return super().gateway(asked)
        return target if target.startswith("http://") else f"http://{target}"


FAULTS: tuple[Fault, ...] = faults_of(__name__)
