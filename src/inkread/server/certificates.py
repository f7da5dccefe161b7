"""A self-signed certificate for HTTPS, without which phones do not let a page use the camera."""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from inkread.system.files import write_whole, writing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cryptography.x509 import GeneralName

VALID_DAYS = 365
"""Browsers do not trust it anyway; Apple's reject certificates that are valid for longer than 825 days."""

LEAST_DAYS = 7
"""A certificate that expires earlier is replaced at the start."""


def certificate_in(folder: Path, names: Iterable[str], *, now: datetime | None = None) -> tuple[Path, Path]:
    """Returns a certificate and its key for the given host names and addresses, as PEM files in ``folder``.

    An earlier certificate for the same names is kept, so that browsers do not ask for permission again.

    Raises:
        OutputError: the files cannot be written.
    """
    now = now or datetime.now(UTC)
    wanted = sorted(set(names))
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not (key.exists() and _is_good(certificate, wanted, now)):
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        _create(certificate, key, wanted, now)
    return certificate, key


def _is_good(path: Path, wanted: list[str], now: datetime) -> bool:
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return False
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    has_names = sorted(str(each.value) for each in names) == wanted
    return has_names and found.not_valid_after_utc > now + timedelta(days=LEAST_DAYS)


def _create(certificate: Path, key: Path, names: list[str], now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    secret = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "inkread")])
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = x509.CertificateBuilder(issuer_name=subject, subject_name=subject)
    builder = builder.public_key(secret.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1))
    builder = builder.not_valid_after(now + timedelta(days=VALID_DAYS))
    builder = builder.add_extension(alternatives, critical=False).add_extension(constraints, critical=True)
    signed = builder.add_extension(usage, critical=False).sign(secret, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = secret.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with writing(key):
        key.unlink(missing_ok=True)
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(plain)  # only the user can read it
    write_whole(certificate, signed.public_bytes(pem))


def _general_name(name: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
