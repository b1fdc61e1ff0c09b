"""A certificate of our own for servers on loopback, made when it is needed."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioquic.quic.configuration import QuicConfiguration
    from cryptography import x509

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate chain and its private key, both PEM. Who trusts it as an authority trusts the server."""

    chain: bytes
    key: bytes

    @classmethod
    def self_signed(cls, names: Sequence[str] = LOOPBACK, days: int = 30) -> Certificate:
        """A new one for host names and addresses, signed by its own key (P-256)."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))  # clocks differ
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        plain = serialization.NoEncryption()
        return cls(made.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))

    def context(self, alpn: Sequence[str] = ("h2", "http/1.1")) -> ssl.SSLContext:
        """The settings of a server on TCP."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:  # the ssl module reads only files
            chain, key = self.files(Path(folder))
            context.load_cert_chain(chain, key)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def configure(self, configuration: QuicConfiguration) -> None:
        """Use it in a server on QUIC."""
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization

        configuration.certificate, *configuration.certificate_chain = x509.load_pem_x509_certificates(self.chain)
        configuration.private_key = serialization.load_pem_private_key(self.key, None)

    def files(self, folder: Path) -> tuple[Path, Path]:
        """Write both into a folder: the chain's file, which `--ca-file` takes too, and the key's."""
        chain, key = folder / "certificate.pem", folder / "key.pem"
        chain.write_bytes(self.chain)
        key.touch(0o600)
        key.write_bytes(self.key)
        return chain, key


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
