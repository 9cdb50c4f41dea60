"""Chains of contract certificates (C07): what is valid, what OCSP is asked with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from ocpp21.certificate_chains import ChainStatus, check_chain, ocsp_request_data
from ocpp21.testing.pki import Pki

if TYPE_CHECKING:
    from ocpp21.testing.pki import Credential

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
EMAID = "DE-8AA-1A2B3C4D5-9"


@cache
def pki() -> Pki:
    return Pki(now=NOW)


def pem(*credentials: Credential) -> str:
    return b"".join(each.certificate.public_bytes(Encoding.PEM) for each in credentials).decode()


@pytest.mark.use_case("C07")
@pytest.mark.parametrize(
    ("validity", "status"),
    [("current", ChainStatus.VALID), ("expired", ChainStatus.EXPIRED), ("future", ChainStatus.INVALID)],
)
def test_dates(validity: str, status: ChainStatus) -> None:
    leaf = pki().station(EMAID, validity=validity)  # type: ignore[arg-type]
    assert check_chain(leaf.certificate_pem.decode(), [pki().trust], NOW) is status


@pytest.mark.use_case("C07")
def test_who_has_signed() -> None:
    ours, theirs = pki(), pki().foreign()
    leaf = ours.station(EMAID)
    chain = leaf.certificate_pem.decode()
    assert check_chain(chain, [ours.trust], NOW) is ChainStatus.VALID
    assert check_chain(chain, [theirs.trust, ours.trust], NOW) is ChainStatus.VALID  # the names are the same
    assert check_chain(chain, [], NOW) is ChainStatus.NO_ROOT
    assert check_chain(pem(leaf), [ours.trust], NOW) is ChainStatus.NO_ROOT  # the sub-CA is missing
    assert check_chain(chain, [theirs.trust], NOW) is ChainStatus.INVALID
    assert check_chain(pem(leaf, theirs.sub_ca), [theirs.trust], NOW) is ChainStatus.INVALID
    assert check_chain(pem(leaf, ours.station("not a CA")), [ours.trust], NOW) is ChainStatus.INVALID
    assert check_chain(pem(leaf, *[ours.sub_ca] * 4), [ours.trust], NOW) is ChainStatus.INVALID
    assert check_chain("", [ours.trust], NOW) is ChainStatus.INVALID
    assert check_chain("no certificate", [ours.trust], NOW) is ChainStatus.INVALID
    fake = ours.self_signed("self")
    assert check_chain(pem(fake), [pem(fake).encode()], NOW) is ChainStatus.INVALID  # no CA


@pytest.mark.use_case("C07")
@pytest.mark.parametrize(
    ("emaid", "status"),
    [
        (EMAID, ChainStatus.VALID),
        ("de8aa1a2b3c4d59", ChainStatus.VALID),
        ("DE8AA1A2B3C4D58", ChainStatus.INVALID),
    ],
)
def test_whose_contract(emaid: str, status: ChainStatus) -> None:
    chain = pki().station(EMAID).certificate_pem.decode()
    assert check_chain(chain, [pki().trust], NOW, emaid=emaid) is status


@pytest.mark.use_case("C07")
def test_what_ocsp_is_asked_with() -> None:
    leaf = pki().station(EMAID)
    first, second = ocsp_request_data(leaf.certificate_pem.decode(), [pki().trust])
    for data, one, issuer in ((first, leaf, pki().sub_ca), (second, pki().sub_ca, pki().root)):
        digest = Hash(SHA256())
        digest.update(issuer.certificate.subject.public_bytes())
        assert data.issuer_name_hash == digest.finalize().hex()
        assert int(data.serial_number, 16) == one.certificate.serial_number and not data.serial_number.startswith("0")
        digest = Hash(SHA256())
        digest.update(issuer.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        assert data.issuer_key_hash == digest.finalize().hex()
        assert data.hash_algorithm == "SHA256" and data.responder_url == ""
    assert ocsp_request_data(leaf.certificate_pem.decode(), []) == [first]
    assert ocsp_request_data("nothing", [pki().trust]) == []


def issue(name: str, key: EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> x509.Certificate:
    """A certificate that signs itself, with these extensions."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(0xA0)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, SHA256())


@pytest.mark.use_case("C07")
def test_where_ocsp_is_asked() -> None:
    key, url = generate_private_key(SECP256R1()), "http://ocsp.example.com"
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://ca")
            ),
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url)),
        ]
    )
    root = issue("root", key, access, x509.BasicConstraints(ca=True, path_length=None))
    bare = root.public_bytes(Encoding.PEM)
    (data,) = ocsp_request_data(bare.decode(), [bare])
    assert (data.responder_url, data.serial_number) == (url, "a0")
    assert check_chain(bare.decode(), [bare], NOW) is ChainStatus.VALID
    simple = issue("simple", key).public_bytes(Encoding.PEM)
    assert check_chain(simple.decode(), [simple], NOW) is ChainStatus.INVALID  # it says nothing of being a CA
