"""Certificates: of a local authority, given, renewed while they are used, and unusable."""

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from oort.engine.gateway.certificates import AUTHORITY, Certificates, Files, local
from oort.model.errors import CertificateUnusable

NOW = datetime.now(UTC)


def made(folder: Path, *names: str, after: timedelta = timedelta(0)) -> Files:
    """A certificate of a local authority, made so long after now."""
    return local(folder, names=names, now=lambda: NOW + after)


def handshake(settings: ssl.SSLContext, trusted: Path, name: str, **limits: object) -> str:
    """Shake hands in memory; the version of TLS."""
    client = ssl.create_default_context(cafile=trusted)
    for key, value in limits.items():
        setattr(client, key, value)
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    there = settings.wrap_bio(ours, theirs, server_side=True)
    here = client.wrap_bio(theirs, ours, server_hostname=name)
    for _ in range(5):
        for side in (here, there):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return str(here.version())


def test_it_is_trusted_by_its_authority_under_its_names_only(tmp_path: Path) -> None:
    files = made(tmp_path, "shop.example", "10.0.0.7")
    settings, trusted = Certificates(files).context, tmp_path / AUTHORITY
    for name in ("localhost", "127.0.0.1", "::1", "shop.example", "10.0.0.7"):
        assert handshake(settings, trusted, name) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(settings, trusted, "evil.example")
    other = tmp_path / "other"
    other.mkdir()
    made(other)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(settings, other / AUTHORITY, "localhost")


def test_older_versions_of_tls_are_refused(tmp_path: Path) -> None:
    settings = Certificates(made(tmp_path)).context
    with pytest.raises(ssl.SSLError):
        handshake(
            settings, tmp_path / AUTHORITY, "localhost", maximum_version=ssl.TLSVersion.TLSv1_2
        )


def test_it_is_made_again_only_for_other_names_and_before_its_end(tmp_path: Path) -> None:
    files = made(tmp_path)
    first = files.certificate.read_bytes()
    assert made(tmp_path).certificate.read_bytes() == first
    assert made(tmp_path, after=timedelta(days=300)).certificate.read_bytes() == first
    assert made(tmp_path, "shop.example").certificate.read_bytes() != first
    second = files.certificate.read_bytes()
    made(tmp_path, "shop.example", after=timedelta(days=380))
    assert files.certificate.read_bytes() != second
    files.certificate.write_bytes(b"damaged")
    assert Certificates(made(tmp_path)).ends() > NOW
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 3  # no key of the authority


def test_a_renewed_certificate_is_taken_and_a_wrong_one_is_not(tmp_path: Path) -> None:
    files, trusted = made(tmp_path), tmp_path / AUTHORITY
    certificates = Certificates(files)
    assert certificates.renew() == ""
    key = files.key.read_bytes()
    files.key.write_bytes(b"damaged")
    assert certificates.renew().startswith("The earlier certificate stays in use.")
    assert certificates.renew() == ""  # said once
    assert handshake(certificates.context, trusted, "localhost") == "TLSv1.3"
    files.key.write_bytes(key)
    made(tmp_path, "shop.example")
    assert "was renewed; it ends on" in certificates.renew()
    assert handshake(certificates.context, trusted, "shop.example") == "TLSv1.3"
    os.unlink(files.key)
    assert certificates.renew() == ""  # a renewal is under way


def test_files_that_do_not_fit_are_a_sentence(tmp_path: Path) -> None:
    files = made(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    for certificate, key, says in (
        (files.certificate, made(other).key, "do not fit"),
        (files.key, files.key, "do not fit"),
        (files.certificate, tmp_path / "missing", "cannot be read"),
        (files.certificate, _with_password(tmp_path), "needs a password"),
    ):
        with pytest.raises(CertificateUnusable, match=says):
            Certificates(Files(certificate, key))
    with pytest.raises(CertificateUnusable, match="cannot be written"):
        made(tmp_path / "nowhere")


def _with_password(folder: Path) -> Path:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
    )

    key, file = ec.generate_private_key(ec.SECP256R1()), folder / "locked.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )
    return file
