"""Recording transports on asyncio, able to send what no library would: streams, HTTP in three versions, our servers."""

from conformance.net._connect import connect, open_stream
from conformance.net._connection import CONTENT_LIMIT, HEAD_LIMIT, Answer, Connection, Pending
from conformance.net._leaving import Barrier, Leaving
from conformance.net._recorder import SHOWN, Nobody, Recorder, shown, texts
from conformance.net._route import Route
from conformance.net._server import Handler, Request, Server, ServerConnection, ServerExchange, serve
from conformance.net._stream import Stream

__all__ = [
    "CONTENT_LIMIT",
    "HEAD_LIMIT",
    "SHOWN",
    "Answer",
    "Barrier",
    "Connection",
    "Handler",
    "Leaving",
    "Nobody",
    "Pending",
    "Recorder",
    "Request",
    "Route",
    "Server",
    "ServerConnection",
    "ServerExchange",
    "Stream",
    "connect",
    "open_stream",
    "serve",
    "shown",
    "texts",
]
