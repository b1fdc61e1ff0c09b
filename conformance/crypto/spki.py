"""RSA keys in DER: the SubjectPublicKeyInfo of id-RSASSA-PSS that blind signatures need, and what is near to it.

RFC 9578, 6.5, wants one form; `decode` takes no other. `read` takes apart any RSA key in DER and says what its
parameters are, and `encode` writes any such parameters: what a careless issuer publishes. DER itself is the matter of
cryptography's asn1 module, which refuses what is not canonical.

Documents: RFC 5280, 4.1.2.7; RFC 4055, 3.1 (RSASSA-PSS-params) and RFC 8017, A.1.1 (RSAPublicKey).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.x509 import ObjectIdentifier

from conformance.crypto.blindrsa import PrivateKey, PublicKey
from conformance.wire import DecodeError

RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSASSA_PSS = "1.2.840.113549.1.1.10"
MGF1 = "1.2.840.113549.1.1.8"
SHA1 = "1.3.14.3.2.26"
SHA256 = "2.16.840.1.101.3.4.2.1"
SHA384 = "2.16.840.1.101.3.4.2.2"


@dataclass(frozen=True, slots=True)
class Hash:
    """A hash algorithm by its object identifier; `null` if a NULL stands where parameters might, which is allowed."""

    oid: str
    null: bool = False


@dataclass(frozen=True, slots=True)
class PSS:
    """RSASSA-PSS-params as they stand: None for a field that is left to its default (SHA-1, MGF1 of SHA-1, 20, 1)."""

    hash: Hash | None = Hash(SHA384)
    mgf: str | None = MGF1
    mgf_hash: Hash | None = Hash(SHA384)  # None also where the mask generation function has no parameters
    salt_length: int | None = 48
    trailer: int | None = None


@dataclass(frozen=True, slots=True)
class Algorithm:
    """The algorithm of a key: its object identifier and its parameters, or NULL (`null`), or nothing at all (None)."""

    oid: str = RSASSA_PSS
    parameters: PSS | None = PSS()
    null: bool = False


PSS_SHA384 = Algorithm()  # the one form of RFC 9578, 6.5
RSA = Algorithm(RSA_ENCRYPTION, None, null=True)  # what X.509 keys of RSA mostly are, and these must not be
PSS_ANY = Algorithm(RSASSA_PSS, None)  # for whatever hash and salt


def encode(public: PublicKey, algorithm: Algorithm = PSS_SHA384) -> bytes:
    """The SubjectPublicKeyInfo of a key with that algorithm, in DER."""
    parameters = _written(algorithm.parameters) if algorithm.parameters else asn1.Null() if algorithm.null else None
    key = asn1.encode_der(_RSAPublicKey(n=public.n, e=public.e))
    info = _SubjectPublicKeyInfo(
        algorithm=_Algorithm(oid=ObjectIdentifier(algorithm.oid), parameters=parameters), key=asn1.BitString(key, 0)
    )
    return asn1.encode_der(info)


def read(octets: bytes, path: str = "spki", base: int = 0) -> tuple[PublicKey, Algorithm]:
    """An RSA key and its algorithm, whatever that is; DecodeError unless the octets are one such key in DER."""
    try:
        info = asn1.decode_der(_SubjectPublicKeyInfo, octets)
        key = asn1.decode_der(_RSAPublicKey, info.key.as_bytes())
    except ValueError as error:
        raise DecodeError(path, base, f"no RSA key in DER: {error}") from error
    if key.n <= 0 or key.e <= 0 or info.key.padding_bits():
        raise DecodeError(path, base, "the numbers are not those of an RSA key")
    parameters = info.algorithm.parameters
    pss = _told(parameters) if isinstance(parameters, _Parameters) else None
    algorithm = Algorithm(info.algorithm.oid.dotted_string, pss, isinstance(parameters, asn1.Null))
    return PublicKey(key.n, key.e), algorithm


def decode(octets: bytes, path: str = "spki", base: int = 0, *, length: int | None = None) -> PublicKey:
    """The key in the form of RFC 9578, 6.5; DecodeError for any other algorithm or parameters, and for an even number.

    `length` is that of the modulus in octets, if only one will do (Nk). A NULL after a hash algorithm is no matter: all
    must take both (RFC 4055, 2.1).
    """
    public, algorithm = read(octets, path, base)
    if algorithm.oid != RSASSA_PSS:
        raise DecodeError(path, base, f"the algorithm {algorithm.oid} is not id-RSASSA-PSS")
    if algorithm.parameters is None:
        raise DecodeError(path, base, "no RSASSA-PSS-params")
    if _without_null(algorithm.parameters) != PSS():
        raise DecodeError(path, base, "the parameters are not those of SHA-384 with 48 octets of salt")
    if length is not None and public.length != length:
        raise DecodeError(path, base, f"a modulus of {public.length} octets, not {length}")
    if not public.n & public.e & 1 or public.e == 1:
        raise DecodeError(path, base, "an even modulus or an exponent that does nothing")
    return public


def private_from(octets: bytes, path: str = "key") -> PrivateKey:
    """The private key in PEM or DER, of PKCS #8 or PKCS #1; DecodeError unless it is an RSA key without a password."""
    load = load_pem_private_key if octets.startswith(b"-----") else load_der_private_key
    try:
        key = load(octets, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise DecodeError(path, 0, f"no private key: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise DecodeError(path, 0, "no RSA key")
    numbers = key.private_numbers()
    return PrivateKey(numbers.public_numbers.n, numbers.public_numbers.e, numbers.d, numbers.p, numbers.q)


def private_to_pem(private: PrivateKey) -> bytes:
    """The private key in PEM, of PKCS #8, with the algorithm rsaEncryption: the form that all libraries read."""
    numbers = rsa.RSAPrivateNumbers(
        private.p,
        private.q,
        private.d,
        rsa.rsa_crt_dmp1(private.d, private.p),
        rsa.rsa_crt_dmq1(private.d, private.q),
        rsa.rsa_crt_iqmp(private.p, private.q),
        rsa.RSAPublicNumbers(private.e, private.n),
    )
    return numbers.private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


# --- The structures --------------------------------------------------------------------------------------------------


@asn1.sequence
class _Hash:
    oid: ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _Mgf:
    oid: ObjectIdentifier
    parameters: _Hash | None


@asn1.sequence
class _Parameters:
    hash: Annotated[_Hash | None, asn1.Explicit(0)]
    mgf: Annotated[_Mgf | None, asn1.Explicit(1)]
    salt_length: Annotated[int | None, asn1.Explicit(2)]
    trailer: Annotated[int | None, asn1.Explicit(3)]


@asn1.sequence
class _Algorithm:
    oid: ObjectIdentifier
    parameters: _Parameters | asn1.Null | None


@asn1.sequence
class _SubjectPublicKeyInfo:
    algorithm: _Algorithm
    key: asn1.BitString


@asn1.sequence
class _RSAPublicKey:
    n: int
    e: int


def _written(parameters: PSS) -> _Parameters:
    mgf = None
    if parameters.mgf is not None:
        mgf = _Mgf(oid=ObjectIdentifier(parameters.mgf), parameters=_written_hash(parameters.mgf_hash))
    return _Parameters(
        hash=_written_hash(parameters.hash),
        mgf=mgf,
        salt_length=parameters.salt_length,
        trailer=parameters.trailer,
    )


def _written_hash(algorithm: Hash | None) -> _Hash | None:
    if algorithm is None:
        return None
    return _Hash(oid=ObjectIdentifier(algorithm.oid), parameters=asn1.Null() if algorithm.null else None)


def _told(parameters: _Parameters) -> PSS:
    mgf = parameters.mgf
    return PSS(
        _told_hash(parameters.hash),
        None if mgf is None else mgf.oid.dotted_string,
        None if mgf is None else _told_hash(mgf.parameters),
        parameters.salt_length,
        parameters.trailer,
    )


def _told_hash(algorithm: _Hash | None) -> Hash | None:
    return None if algorithm is None else Hash(algorithm.oid.dotted_string, algorithm.parameters is not None)


def _without_null(parameters: PSS) -> PSS:
    hashes = [None if each is None else Hash(each.oid) for each in (parameters.hash, parameters.mgf_hash)]
    return PSS(hashes[0], parameters.mgf, hashes[1], parameters.salt_length, parameters.trailer)
