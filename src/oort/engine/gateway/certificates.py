"""Certificates of the gateway: given by the operator, or of a local authority made here.

TLS 1.3 only. A renewed certificate is used for new connections, without a restart.
"""

import ipaddress
import os
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from oort.engine.state import durable
from oort.model.errors import CertificateUnusable

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

AUTHORITY, SERVER, SERVER_KEY = "tls-authority.pem", "tls.pem", "tls-key.pem"
_LIFETIME = timedelta(days=397)  # browsers accept no longer one
_RENEWED = timedelta(days=30)  # before the end
_SKEW = timedelta(hours=1)  # clocks of clients may be behind


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a certificate with its chain, and of its key."""

    certificate: Path
    key: Path

    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Return a value that changes when a file is replaced; empty while one is missing."""
        try:
            statuses = [os.stat(file) for file in (self.certificate, self.key)]
        except OSError:
            return ()
        return tuple((status.st_ino, status.st_mtime_ns) for status in statuses)


class Certificates:
    """The TLS settings with the certificate of the files. CertificateUnusable if they do not fit."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._stamp = files.stamp()
        # Its own context: a certificate that does not fit must not take the place of one that does.
        _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), files)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.set_alpn_protocols(["http/1.1"])
        _load(self.context, files)

    def renew(self) -> str:
        """Take a replaced certificate. Return a sentence about that, or an empty text."""
        stamp = self._files.stamp()
        if stamp in ((), self._stamp):
            return ""
        self._stamp = stamp
        try:
            _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self._files)
            _load(self.context, self._files)
        except CertificateUnusable as error:  # the other file may follow in a moment
            return f"The earlier certificate stays in use. {error}"
        return f"The certificate in {self._files.certificate} was renewed; it ends on {self.ends():%Y-%m-%d}."

    def ends(self) -> datetime:
        """Return the end of the certificate."""
        return _first(self._files.certificate).not_valid_after_utc


def local(folder: Path, *, names: Iterable[str], now: Callable[[], datetime]) -> Files:
    """Return a certificate for this machine and the names, by an authority of its own.

    Both are made again if the names change or the end is near. The key of the authority is not
    kept, so nobody can make further certificates with it.
    """
    wanted = frozenset({"localhost", "127.0.0.1", "::1", *names})
    files = Files(folder / SERVER, folder / SERVER_KEY)
    if not _serves(files.certificate, wanted, now()):
        _make(folder, wanted, now())
    return files


def _load(context: ssl.SSLContext, files: Files) -> None:
    def password() -> str:
        raise CertificateUnusable(
            f"The key in {files.key} needs a password.",
            "Remove the password, and protect the file.",
        )

    try:
        context.load_cert_chain(files.certificate, files.key, password=password)
    except ssl.SSLError as error:
        raise CertificateUnusable(
            f"{files.certificate} and {files.key} do not fit: {error.reason or error}.",
            "Name a certificate with its chain, then its key, both as PEM.",
        ) from error
    except OSError as error:
        raise CertificateUnusable(
            f"{files.certificate} or {files.key} cannot be read: {error.strerror}.",
            "Check the paths and the owner.",
        ) from error


def _first(file: Path) -> "x509.Certificate":
    from cryptography import x509

    return x509.load_pem_x509_certificates(file.read_bytes())[0]


def _serves(file: Path, names: frozenset[str], now: datetime) -> bool:
    from cryptography import x509

    try:
        certificate = _first(file)
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    return frozenset(str(name.value) for name in held) == names and (
        now < certificate.not_valid_after_utc - _RENEWED
    )


def _make(folder: Path, names: frozenset[str], now: datetime) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key_of_authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _authority(key_of_authority, now)
    certificate = _certificate(key, names, authority, key_of_authority, now)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = certificate.public_bytes(Encoding.PEM)
    try:
        durable.replace(folder / SERVER_KEY, pem)
        durable.replace(folder / AUTHORITY, authority.public_bytes(Encoding.PEM))
        durable.replace(folder / SERVER, chain)
    except OSError as error:
        raise CertificateUnusable(
            f"{folder} cannot be written: {error.strerror}.", "Check its owner."
        ) from error


def _builder(
    subject: "x509.Name", issuer: "x509.Name", key: "EllipticCurvePrivateKey", now: datetime
) -> "x509.CertificateBuilder":
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFETIME)
    )


def _named(text: str) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _authority(key: "EllipticCurvePrivateKey", now: datetime) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    name = _named(f"Oort on this machine, {now:%Y-%m-%d}")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        _builder(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, SHA256())
    )


def _certificate(
    key: "EllipticCurvePrivateKey",
    names: frozenset[str],
    authority: "x509.Certificate",
    key_of_authority: "EllipticCurvePrivateKey",
    now: datetime,
) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID

    alternatives = x509.SubjectAlternativeName([_name(name) for name in sorted(names)])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key_of_authority.public_key())
    return (
        _builder(_named("localhost"), authority.subject, key, now)
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer, critical=False)
        .sign(key_of_authority, SHA256())
    )


def _usage(*, signs: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _name(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
