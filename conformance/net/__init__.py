"""Recording transports on asyncio, able to send what no library would: streams, HTTP in three versions, our servers."""

from conformance.net._certificate import Certificate
from conformance.net._connect import connect, open_stream
from conformance.net._connection import CONTENT_LIMIT, HEAD_LIMIT, Answer, Connection, Pending
from conformance.net._leaving import Barrier, Leaving
from conformance.net._recorder import SHOWN, Nobody, Recorder, shown, texts
from conformance.net._request import Request
from conformance.net._route import Route
from conformance.net._server import Handler, Server, ServerConnection, ServerExchange, serve
from conformance.net._server_tunnel import ServerTunnel, TunnelHandler
from conformance.net._settings3 import HTTP3Settings, QUICSettings
from conformance.net._stream import Carrier, Stream
from conformance.net._tunnel import Seen, Tunnel
from conformance.net._udp import UDPDatagram, UDPEndpoint

__all__ = [
    "CONTENT_LIMIT",
    "HEAD_LIMIT",
    "SHOWN",
    "Answer",
    "Barrier",
    "Carrier",
    "Certificate",
    "Connection",
    "HTTP3Settings",
    "Handler",
    "Leaving",
    "Nobody",
    "Pending",
    "QUICSettings",
    "Recorder",
    "Request",
    "Route",
    "Seen",
    "Server",
    "ServerConnection",
    "ServerExchange",
    "ServerTunnel",
    "Stream",
    "Tunnel",
    "TunnelHandler",
    "UDPDatagram",
    "UDPEndpoint",
    "connect",
    "open_stream",
    "serve",
    "shown",
    "texts",
]
