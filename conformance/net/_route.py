"""Where a URL is reached, and with what."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from conformance.model import EnvironmentProblem, UsageError
from conformance.wire.http import valid_name, valid_value

PORTS = {"http": 80, "https": 443}
_TARGET = re.compile(r"[\x21-\x7e]*")


@dataclass(frozen=True, slots=True)
class Route:
    """A URL taken apart, where to connect for it, and the user's settings for it.

    `headers` are the user's secret fields: written with each request, never recorded. `ca_data` are certificates (PEM)
    that are trusted in place of those of the system, as those in `ca_file`.
    """

    scheme: str
    host: str
    port: int
    target: str
    connect_host: str
    connect_port: int
    ca_file: str | None = None
    insecure: bool = False
    client_cert: str | None = None
    headers: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    source: str | None = None
    ca_data: str | None = None

    @classmethod
    def of(
        cls,
        url: str,
        *,
        connect_to: Iterable[str] = (),
        ca_file: str | None = None,
        insecure: bool = False,
        client_cert: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        source: str | None = None,
    ) -> Route:
        """Read a URL; `connect_to` are HOST:PORT:HOST:PORT, `client_cert` a PEM file with key and chain.

        UsageError for what cannot be.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as why:
            raise UsageError(f"{url!r} is no URL: {why}") from why
        if parts.scheme not in PORTS or not parts.hostname:
            raise UsageError(f"{url!r} is no http or https URL")
        if parts.username is not None or parts.fragment:
            raise UsageError(f"{url!r}: user names and fragments are not sent")
        host, port = parts.hostname, PORTS[parts.scheme] if port is None else port
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not _TARGET.fullmatch(target) or not _TARGET.fullmatch(host):
            raise UsageError(f"{url!r} has characters that must be percent-encoded")
        where = (host, port)
        for rule in connect_to:
            found, there = _rule(rule)
            if found == where:
                where = there
                break
        secret = tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in headers)
        for name, value in secret:
            if not valid_name(name) or not valid_value(value):
                raise UsageError(f"a header {name.decode('latin-1')!r} with that value cannot be sent")
        if source is not None:
            source = _address(source)
        return cls(parts.scheme, host, port, target, *where, ca_file, insecure, client_cert, secret, source)

    @property
    def authority(self) -> str:
        """Host and port as they stand in `Host` and `:authority`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme and authority."""
        return f"{self.scheme}://{self.authority}"

    @property
    def tls(self) -> bool:
        """Whether TLS is spoken there."""
        return self.scheme == "https"

    def context(self, alpn: tuple[str, ...]) -> ssl.SSLContext:
        """The TLS settings; UsageError or EnvironmentProblem for files that do not do."""
        return _context(self.ca_file, self.ca_data, self.insecure, self.client_cert, alpn)


@lru_cache(maxsize=64)
def _context(
    ca_file: str | None, ca_data: str | None, insecure: bool, client_cert: str | None, alpn: tuple[str, ...]
) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file, cadata=ca_data)
        if client_cert is not None:
            context.load_cert_chain(client_cert)
    except ssl.SSLError as why:
        raise UsageError(f"{ca_file or client_cert} is no PEM file of the kind needed: {why}") from why
    except OSError as why:
        raise EnvironmentProblem(f"cannot read {ca_file or client_cert}: {why.strerror}") from why
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def _rule(rule: str) -> tuple[tuple[str, int], tuple[str, int]]:
    match = re.fullmatch(r"(\[[^\]]+\]|[^:]+):(\d{1,5}):(\[[^\]]+\]|[^:]+):(\d{1,5})", rule)
    if match is None:
        raise UsageError(f"{rule!r} is not HOST:PORT:HOST:PORT")
    host, port, there, to = match.groups()
    return (host.strip("[]").lower(), int(port)), (there.strip("[]"), int(to))


def _address(source: str) -> str:
    try:
        return str(ipaddress.ip_address(source))
    except ValueError as why:
        raise UsageError(f"{source!r} is no address of this machine to connect from") from why
