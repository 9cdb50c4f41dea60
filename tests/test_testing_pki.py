"""The test certificates: good ones as the standard wants them, and faulty ones with the fault that was asked for."""

from __future__ import annotations

import ipaddress
import ssl
import stat
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from ocpp21.testing import Credential, Pki

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki(now=NOW)


def subject(credential: Credential) -> tuple[str, str]:
    names = credential.certificate.subject
    (organization,) = names.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    (common_name,) = names.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(organization.value), str(common_name.value)


def is_valid_at(credential: Credential, moment: datetime) -> bool:
    certificate = credential.certificate
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def extension(credential: Credential, kind: Any) -> Any:
    return credential.certificate.extensions.get_extension_for_class(kind).value


def test_the_hierarchy(pki: Pki) -> None:
    root, sub_ca = pki.root.certificate, pki.sub_ca.certificate
    root.verify_directly_issued_by(root)
    sub_ca.verify_directly_issued_by(root)
    for credential in (pki.server(), pki.station()):
        credential.certificate.verify_directly_issued_by(sub_ca)
        assert credential.chain == (sub_ca,)
        assert not extension(credential, x509.BasicConstraints).ca
        assert extension(credential, x509.KeyUsage).digital_signature
    assert (pki.root.chain, pki.sub_ca.chain) == ((), ())
    assert extension(pki.root, x509.BasicConstraints).path_length == 1
    assert extension(pki.sub_ca, x509.BasicConstraints).path_length == 0
    assert extension(pki.sub_ca, x509.KeyUsage).key_cert_sign
    assert x509.load_pem_x509_certificate(pki.trust) == root


def test_names(pki: Pki) -> None:
    assert subject(pki.server("csms.example.com")) == ("Example CSO", "csms.example.com")
    assert subject(pki.station("SN-1", organization="Other")) == ("Other", "SN-1")
    assert subject(pki.server("*.example.com", organization="Other")) == ("Other", "*.example.com")
    with pytest.raises(x509.ExtensionNotFound):
        extension(pki.server(), x509.SubjectAlternativeName)
    names = extension(pki.server(alternative_names=["a.example", "127.0.0.1"]), x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.DNSName) == ["a.example"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]


def test_validity(pki: Pki) -> None:
    server, station = pki.server(), pki.station()
    assert is_valid_at(server, NOW) and is_valid_at(station, NOW)
    lifetime = server.certificate.not_valid_after_utc - server.certificate.not_valid_before_utc
    assert lifetime < timedelta(days=1)  # A00.FR.701
    for make in (pki.server, pki.station):
        expired, future = make(validity="expired"), make(validity="future")
        assert not is_valid_at(expired, NOW) and expired.certificate.not_valid_after_utc < NOW
        assert not is_valid_at(future, NOW) and future.certificate.not_valid_before_utc > NOW
        assert is_valid_at(expired, NOW - timedelta(days=1, seconds=1))
        assert is_valid_at(future, NOW + timedelta(days=1, seconds=1))


@pytest.mark.parametrize(("kind", "bits"), [("ec", 256), ("rsa", 2048), ("weak_ec", 192), ("weak_rsa", 1024)])
def test_keys(pki: Pki, kind: Any, bits: int) -> None:
    for credential in (pki.server(key=kind), pki.station(key=kind)):
        assert credential.key.key_size == bits
        assert credential.certificate.public_key() == credential.key.public_key()
        assert extension(credential, x509.KeyUsage).key_encipherment == kind.endswith("rsa")
    is_cached = pki.server(key=kind).key is pki.server(key=kind).key
    assert is_cached == kind.endswith("rsa")


def test_what_others_have_signed(pki: Pki) -> None:
    foreign, other = pki.foreign(), pki.foreign("Other")
    assert subject(foreign.root) == subject(pki.root)
    assert subject(other.station("SN-1")) == ("Other", "SN-1")
    for credential in (foreign.station(), other.station()):
        with pytest.raises((InvalidSignature, ValueError)):
            credential.certificate.verify_directly_issued_by(pki.sub_ca.certificate)
    alone = pki.self_signed("SN-1")
    alone.certificate.verify_directly_issued_by(alone.certificate)
    assert (subject(alone), alone.chain) == (("Example CSO", "SN-1"), ())


def test_pem_in_memory(pki: Pki) -> None:
    credential = pki.station()
    assert x509.load_pem_x509_certificates(credential.certificate_pem) == [
        credential.certificate,
        pki.sub_ca.certificate,
    ]
    key: Any = load_pem_private_key(credential.key_pem, None)
    assert key.public_key() == credential.key.public_key()
    assert "PRIVATE" not in repr(credential) and repr(credential) == "Credential('CN=SN-0001,O=Example CSO')"


def test_files(tmp_path: Path) -> None:
    directory = tmp_path / "pki"
    pki = Pki(directory)
    assert not directory.exists()
    credential = pki.server()
    certificate, key = credential.files
    assert (certificate.read_bytes(), key.read_bytes()) == (credential.certificate_pem, credential.key_pem)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 or sys.platform == "win32"
    written = certificate.stat().st_mtime_ns
    assert credential.files == (certificate, key) and certificate.stat().st_mtime_ns == written
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pki.foreign().server(key="rsa").files)
    context.load_verify_locations(pki.root.files[0])
    assert len({*directory.iterdir()}) == 6


def test_without_a_directory_there_are_no_files(pki: Pki) -> None:
    with pytest.raises(ValueError, match="expected a directory"):
        _ = pki.server().files


def test_it_is_fast_enough_for_every_test() -> None:
    """A hierarchy and a hundred certificates take about 50 ms."""
    begin = time.perf_counter()
    pki = Pki()
    for number in range(100):
        pki.station(f"SN-{number}")
    took = time.perf_counter() - begin
    print(took)
    assert took < 2


def test_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install ocpp21\[signing\]"):
        Pki()
