from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from server.test_command import PATIENCE, command

from inkread.cli.serve import network_address, qr_code
from inkread.server.certificates import certificate_in

NAMES = ("localhost", "127.0.0.1")


@pytest.fixture
def needs_cryptography():
    pytest.importorskip("cryptography", reason="needs the extra: pip install '.[phone]'")


def test_a_certificate_is_kept_until_it_expires_or_the_names_change(needs_cryptography, tmp_path):
    certificate, key = certificate_in(tmp_path / "tls", NAMES)
    first = certificate.read_bytes()
    assert certificate_in(tmp_path / "tls", reversed(NAMES)) == (certificate, key)
    assert certificate.read_bytes() == first
    certificate_in(tmp_path / "tls", NAMES, now=datetime.now(UTC) + timedelta(days=360))
    second = certificate.read_bytes()
    assert second != first
    certificate_in(tmp_path / "tls", [*NAMES, "192.168.1.5"])
    assert certificate.read_bytes() != second


@pytest.mark.skipif(os.name != "posix", reason="needs permissions as on POSIX")
def test_only_the_user_can_read_the_key(needs_cryptography, tmp_path):
    _, key = certificate_in(tmp_path / "tls", NAMES)
    assert key.stat().st_mode & 0o077 == 0


def test_a_damaged_certificate_is_replaced(needs_cryptography, tmp_path):
    (tmp_path / "certificate.pem").write_text("damaged")
    (tmp_path / "key.pem").write_text("damaged")
    certificate, key = certificate_in(tmp_path, NAMES)
    ssl.create_default_context().load_cert_chain(certificate, key)


def test_the_server_serves_https_with_its_own_certificate(needs_cryptography, tmp_path):
    options = ("--tls-self-signed", "--workers", "1", "--log-level", "error")
    with command(*options, XDG_DATA_HOME=str(tmp_path), HOME=str(tmp_path)) as (_process, line):
        base = next(word for word in line.split() if word.startswith("https://"))
        trust = ssl.create_default_context(cafile=tmp_path / "inkread/tls/certificate.pem")
        assert httpx.get(f"{base}/livez", verify=trust, timeout=PATIENCE).text == "ok\n"


def test_the_address_in_the_network_is_printed(tmp_path):
    address = network_address()
    if address is None:
        pytest.skip("needs a network")
    with command("--host", "0.0.0.0", "--workers", "1", "--log-level", "error") as (process, line):
        port = line.split("127.0.0.1:")[1].split()[0]
        assert process.stdout.readline() == f"in this network: http://{address}:{port}\n"
        assert "--tls-self-signed" in process.stdout.readline()


def test_a_qr_code_is_drawn_for_terminals():
    pytest.importorskip("segno", reason="needs the extra: pip install '.[phone]'")
    drawn = qr_code("https://192.168.1.5:8000")
    assert len(drawn.splitlines()) > 10
    assert set(drawn) <= set("█▀▄ \n")
