"""The proxy that clients under test meet: the reference, at work on a bench, with what it sends in front of replies.

Its points are `settings`, `interim`, `answer`, `capsules`, `strays` and `datagram` (each reply).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from conformance.bench import Served
from conformance.net import ServerTunnel, texts
from conformance.protocols.masque.messages import quic_datagram, template_of, udp_payload
from conformance.protocols.masque.peers._proxy import Proxy
from conformance.wire import DecodeError, Many, Message
from conformance.wire.http import response


class FakeProxy(Proxy):
    """Records what clients ask for and send, at `proxy`.

    Options: `interim` is a status that goes before the answer, `capsules` a message that follows it on the stream,
    `strays` are (offset to the quarter stream ID, payload) of QUIC datagrams that follow it. So many seconds `late` it
    answers, and tells what came before.
    """

    async def start(self) -> Served:
        """Listen, with the template that the case has."""
        served = await super().start()
        path = str(self.options.get("path") or "")
        if path and self.server is not None:
            with contextlib.suppress(DecodeError):  # one that is none is never asked for
                self.template = template_of(self.server.url + path)
        return served

    async def tunnel(self, tunnel: ServerTunnel) -> None:
        """Serve one tunnel, recorded."""
        tunnel.recorder, tunnel.where = self.bench, "proxy"
        asked = tunnel.request
        session: Any = getattr(tunnel, "session", None)
        said = getattr(session, "peer_settings", None)
        self.bench.saw(
            "decoded",
            "request",
            where="proxy",
            octets=asked.octets,
            spans=asked.spans,
            version=asked.version,
            method=asked.method.decode("latin-1"),
            target=asked.target.decode("latin-1"),
            authority=asked.authority.decode("latin-1"),
            scheme=asked.scheme.decode("latin-1"),
            protocol=asked.protocol.decode("latin-1"),
            fields=texts(asked.fields),
            settings=None if said is None else [list(pair) for pair in said],
        )

        await super().tunnel(tunnel)

    async def accept(self, tunnel: ServerTunnel) -> None:
        """Answer, and send what is to stand before the first reply."""
        if self.options.get("late"):
            await asyncio.sleep(float(self.options["late"]))
            connection: Any = getattr(tunnel, "_connection", None)  # in HTTP/1.1 nothing was given to the tunnel yet
            early = (connection._rest or b"") if connection is not None else b""  # noqa: SLF001
            self.bench.saw("decoded", "early", where="proxy", octets=early)
        interim = self.options.get("interim")
        if interim:
            made = response(interim, [(b"link", b"</x>")], version=tunnel.version)
            await tunnel.inform(self.bench.point("interim", made))
        await super().accept(tunnel)
        capsules = self.options.get("capsules") or Message(capsule=Many())
        built = self.bench.point("capsules", capsules)
        if built.octets or built.leaving:
            await tunnel.send(built)
        for offset, payload in self.options.get("strays", ()):
            recipe: Any = quic_datagram(tunnel.quarter + offset, udp_payload(payload))
            await tunnel.datagram(self.bench.point("strays", recipe))
