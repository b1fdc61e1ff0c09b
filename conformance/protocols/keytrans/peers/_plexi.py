"""A Plexi auditor that serves a short story of an AKD directory, honestly unless a point changes what it says."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from conformance.bench import Peer, Served
from conformance.net import Server, ServerExchange, serve
from conformance.protocols.keytrans.messages import plexi
from conformance.protocols.keytrans.messages.akd import CONFIGURATIONS, AppendOnly
from conformance.protocols.keytrans.peers._akd import Directory
from conformance.wire import Message
from conformance.wire.http import response

NAMESPACE = "conformance.example"
KEYS = (bytes([7]) * 32, bytes([9]) * 32)
"""Seeds of the keys that are advertised; the first signs, and stands last."""
LAST = 5
"""The epoch that was verified last."""
DAY = 86_400_000
HOUR = 3_600_000


@cache
def logged() -> tuple[Directory, tuple[bytes, ...]]:
    """The directory that is audited, in WhatsApp's configuration, and its root hashes from the empty tree on."""
    directory = Directory(CONFIGURATIONS["whatsapp_v1"], bytes(range(1, 33)))
    roots = [directory.tree().root_hash]
    for epoch in range(1, LAST + 2):
        labels = [b"user %d" % n for n in range(8) if epoch == 1 or (n + epoch) % 3 == 0]
        roots.append(directory.publish(dict.fromkeys(labels, b"key %d" % epoch)))
    return directory, tuple(roots)


class Auditor(Peer):
    """Serves `/info`, the namespace, its epochs, the last one verified, and the proofs of the log, which is elsewhere.

    Options: `suite` of the signatures, `now` and `age` (of the newest epoch) in milliseconds, `last` and `root` as
    epochs, `instead` as the epoch that is served in place of the last, `missing` and `failing` as names of points,
    `directory` as the path of the log, `proof` in place of an epoch's own, `signing` as an own way to sign, and `keys`
    in place of those that are advertised. Points: last, epoch, info, namespace, previous, proof.
    """

    role: ClassVar[str] = "plexi.auditor"

    def __init__(self, bench: Any, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(bench, options)
        self._server: Server | None = None
        self.suite = self.options.get("suite", plexi.PROTOBUF)
        self.now = self.options.get("now") or int(time.time() * 1000)
        self.last = self.options.get("last", LAST)
        _, self.sign = plexi.signer(KEYS[0])
        self.keys: Sequence[bytes] = self.options.get("keys") or [plexi.signer(seed)[0] for seed in reversed(KEYS)]
        self.directory, self.roots = logged()

    async def start(self) -> Served:
        """Begin to serve on loopback."""
        self._server = await serve(self.handle, versions=(1,))
        self.bench.saw("clock", "auditor", now=self.now, namespace=NAMESPACE)
        return Served(self._server.url)

    async def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            await self._server.close()

    async def handle(self, exchange: ServerExchange) -> None:
        """One request."""
        target = exchange.request.target.decode("latin-1")
        point, made = self.found(target)
        status, content = 404, b"there is none\n"
        if point in self.options.get("failing", ()):
            status, content = 500, b"<html><body>out of order</body></html>\n"
        elif made is not None and point not in self.options.get("missing", ()):
            status, content = 200, self.bench.point(point, made()).octets
        self.bench.saw("served", target, where="auditor", octets=content, status=status, point=point)
        kind = b"application/octet-stream" if point == "proof" else b"application/json"
        await exchange.answer(response(status, ((b"Content-Type", kind),), content).build())

    def found(self, target: str) -> tuple[str, Callable[[], Message] | None]:
        """The point that a target belongs to, and what makes its answer; None for what is not there."""
        base = f"/namespaces/{NAMESPACE}"
        if target == "/info":
            return "info", self.info
        if target == base:
            return "namespace", self.namespace
        if target == f"{base}/last-verified-epoch":
            return "last", self.verified
        if found := re.fullmatch(re.escape(base) + "/audits/([0-9]{1,18})", target):
            epoch = int(found[1])
            served: int = self.options.get("instead", self.last)
            point = "previous" if epoch == served - 1 else "epoch"
            epoch = served if epoch == self.last else epoch
            return point, (lambda: self.epoch(epoch)) if 0 < epoch < len(self.roots) else None
        path = self.options.get("directory", "")
        if found := re.fullmatch(re.escape(path) + "/([0-9]{1,18})/[0-9a-f]+/[0-9a-f]+", target):
            epoch = int(found[1])
            return "proof", (lambda: self.proof(epoch)) if 0 < epoch < len(self.roots) else None
        return "elsewhere", None

    def timestamp(self, epoch: int) -> int:
        """When an epoch was signed: one each hour, the newest an hour ago or as old as it is said to be."""
        return self.now - int(self.options.get("age", HOUR)) - HOUR * (len(self.roots) - 1 - epoch)

    def epoch(self, epoch: int) -> Message:
        """The signed answer for an epoch."""
        signed = plexi.Epoch(self.suite, NAMESPACE, self.timestamp(epoch), epoch, self.roots[epoch])
        return plexi.epoch_answer(signed, self.options.get("signing") or self.sign, self.keys[-1][-1])

    def info(self) -> Message:
        """What the auditor says of itself."""
        return plexi.info_answer([(key, self.now - 1000 * DAY) for key in self.keys], [NAMESPACE])

    def namespace(self) -> Message:
        """What the auditor says of the namespace."""
        assert self._server is not None
        root = self.options.get("root", 1)
        log = self._server.url + self.options.get("directory", "")
        return plexi.namespace_answer(NAMESPACE, f"{root}/{self.roots[root].hex()}", log, self.suite, self.last)

    def verified(self) -> Message:
        """Which epoch was verified last."""
        return plexi.last_answer(self.last, self.roots[self.last - 1], self.roots[self.last], self.now - HOUR)

    def proof(self, epoch: int) -> Message:
        """The append-only proof of an epoch."""
        chosen: AppendOnly = self.options.get("proof") or self.directory.audit(epoch - 1)
        return chosen.recipe()
