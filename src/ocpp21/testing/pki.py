"""A public key infrastructure for tests: real certificates as Part 2, A00 wants them, and those it refuses.

::

    pki = Pki(tmp_path)
    csms = [pki.server("csms.example.com").files, pki.server("csms.example.com", key="rsa").files]
    station = pki.station("SN-0815").files
    late = pki.station("SN-0815", validity="expired").files
    stranger = pki.foreign().station("SN-0815").files

The hierarchy is the CSO's: a root, a sub-CA under it, and the certificates of CSMS and Charging Stations under that.
What is made is as the standard wants it, unless an argument asks for a fault; one call has the fault that it names and
no other. Nothing is written before the files are asked for.

It needs the extra ``signing``.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ocpp21.signing import need_cryptography

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate, GeneralName, KeyUsage, Name

    PrivateKey: TypeAlias = EllipticCurvePrivateKey | RSAPrivateKey

__all__ = ["Credential", "KeyKind", "Pki", "Validity"]

#: ``ec`` is on P-256, ``rsa`` of 2048 bits. The weak ones, on P-192 and of 1024 bits, are below what A00.FR.502 and
#: A00.FR.503 ask for.
KeyKind = Literal["ec", "rsa", "weak_ec", "weak_rsa"]

#: When a certificate is valid: now, until yesterday, or from tomorrow.
Validity = Literal["current", "expired", "future"]

_DAY: Final = timedelta(days=1)

#: How long CA and station certificates are valid; those of a CSMS less than a day (A00.FR.701).
_LONG: Final = timedelta(days=30)
_SHORT: Final = timedelta(hours=20)


class Credential:
    """A certificate, its key, and the certificates between it and the root.

    Attributes:
        certificate: the certificate.
        key: its private key.
        chain: the sub-CAs that follow it, nearest first; the root is left out.
    """

    def __init__(
        self,
        certificate: Certificate,
        key: PrivateKey,
        /,
        *,
        chain: tuple[Certificate, ...] = (),
        directory: Path | None = None,
    ) -> None:
        self.certificate: Final = certificate
        self.key: Final = key
        self.chain: Final = chain
        self._directory = directory

    def __repr__(self) -> str:
        """The subject alone: a key is not for eyes."""
        return f"Credential({self.certificate.subject.rfc4514_string()!r})"

    @property
    def certificate_pem(self) -> bytes:
        """The certificate, and behind it its chain, as PEM."""
        return b"".join(_pem(certificate) for certificate in (self.certificate, *self.chain))

    @property
    def key_pem(self) -> bytes:
        """The private key as PEM (PKCS #8), not encrypted."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def files(self) -> tuple[Path, Path]:
        """Paths of certificate and key, written at the first time; the key is for its owner alone.

        Raises:
            ValueError: the infrastructure was made without a directory.
        """
        if self._directory is None:
            raise ValueError("expected a directory to write to, found none: Pki(directory)")
        stem = self._directory / f"{self.certificate.serial_number:x}"
        certificate, key = stem.with_suffix(".pem"), stem.with_suffix(".key")
        if not key.exists():
            self._directory.mkdir(parents=True, exist_ok=True)
            certificate.write_bytes(self.certificate_pem)
            with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(self.key_pem)
        return certificate, key


class Pki:
    """The hierarchy of one CSO, new at every call.

    Args:
        directory: where files are written; without it, everything stays in memory.
        organization: the name of the CSO, subject O of all its certificates (A00.FR.509).
        now: the time that validity is reckoned from; the present by default.

    Attributes:
        organization: the name of the CSO.
        root: self-signed; what the CSO's CSMS and stations trust.
        sub_ca: issues the certificates of CSMS and stations.

    Raises:
        ModuleNotFoundError: the extra ``signing`` is not installed.
    """

    def __init__(
        self, directory: Path | None = None, /, *, organization: str = "Example CSO", now: datetime | None = None
    ) -> None:
        need_cryptography("test certificates")
        self.organization: Final = organization
        self._directory = directory
        self._now = now or datetime.now(UTC)
        self.root: Final = self._issue(f"{organization} Root", None, authority_depth=1)
        self.sub_ca: Final = self._issue(f"{organization} Sub-CA 2", self.root, authority_depth=0)

    @property
    def trust(self) -> bytes:
        """The root certificate as PEM."""
        return self.root.certificate_pem

    def server(
        self,
        name: str = "csms.example.com",
        /,
        *,
        key: KeyKind = "ec",
        validity: Validity = "current",
        organization: str | None = None,
        alternative_names: Iterable[str] = (),
    ) -> Credential:
        """Issue the certificate of a CSMS, valid for less than a day (A00.FR.510, A00.FR.701).

        Args:
            name: subject CN: the name that stations connect to, or ``*.example.com`` for a wildcard.
            key: kind of its key.
            validity: when it is valid.
            organization: subject O; the CSO's by default.
            alternative_names: names and addresses for a subjectAltName; there is none by default (A00.FR.511, note).
        """
        return self._issue(
            name,
            self.sub_ca,
            key=key,
            validity=validity,
            lasting=_SHORT,
            organization=organization,
            alternative_names=alternative_names,
        )

    def station(
        self,
        serial_number: str = "SN-0001",
        /,
        *,
        key: KeyKind = "ec",
        validity: Validity = "current",
        organization: str | None = None,
    ) -> Credential:
        """Issue the client certificate of a Charging Station (A00.FR.511).

        Args:
            serial_number: subject CN.
            key: kind of its key.
            validity: when it is valid.
            organization: subject O; the CSO's by default.
        """
        return self._issue(serial_number, self.sub_ca, key=key, validity=validity, organization=organization)

    def self_signed(self, name: str, /) -> Credential:
        """Issue a certificate of a subject like ours that nobody has signed but itself."""
        return self._issue(name, None)

    def foreign(self, organization: str | None = None, /) -> Pki:
        """Make a hierarchy under another root, writing to the same directory.

        Args:
            organization: its name; by default the same as ours, so that only the keys tell them apart.
        """
        return Pki(self._directory, organization=organization or self.organization, now=self._now)

    def _issue(
        self,
        name: str,
        issuer: Credential | None,
        *,
        key: KeyKind = "ec",
        validity: Validity = "current",
        lasting: timedelta = _LONG,
        organization: str | None = None,
        alternative_names: Iterable[str] = (),
        authority_depth: int | None = None,
    ) -> Credential:
        """Sign a certificate; its own issuer without one, and a CA above so many others with a depth."""
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256

        own_key = _new_key(key)
        subject = _name(organization or self.organization, name)
        signing_key = own_key if issuer is None else issuer.key
        start, end = self._period(validity, lasting)
        identifier = x509.SubjectKeyIdentifier.from_public_key
        builder = (
            x509.CertificateBuilder()
            .serial_number(x509.random_serial_number())
            .subject_name(subject)
            .issuer_name(subject if issuer is None else issuer.certificate.subject)
            .public_key(own_key.public_key())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(authority_depth is not None, authority_depth), critical=True)
            .add_extension(_usage(key, is_authority=authority_depth is not None), critical=True)
            .add_extension(identifier(own_key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
        )
        if names := [_general_name(each) for each in alternative_names]:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        # Of the sub-CA, the chain is empty; of what it has signed, it is the sub-CA.
        chain = () if issuer is None or authority_depth is not None else (issuer.certificate, *issuer.chain)
        certificate = builder.sign(signing_key, SHA256())
        return Credential(certificate, own_key, chain=chain, directory=self._directory)

    def _period(self, validity: Validity, lasting: timedelta) -> tuple[datetime, datetime]:
        match validity:
            case "expired":
                return self._now - _DAY - lasting, self._now - _DAY
            case "future":
                return self._now + _DAY, self._now + _DAY + lasting
            case _:
                return self._now - timedelta(hours=1), self._now + lasting


def _new_key(kind: KeyKind) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    match kind:
        case "rsa":
            return _rsa_key(2048)
        case "weak_rsa":
            return _rsa_key(1024)
        case "weak_ec":
            return ec.generate_private_key(ec.SECP192R1())
        case _:
            return ec.generate_private_key(ec.SECP256R1())


@cache
def _rsa_key(bits: int) -> RSAPrivateKey:
    """One key of each size for the whole process: to make one takes longer than all else together."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _name(organization: str, common_name: str) -> Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _general_name(name: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(key: KeyKind, *, is_authority: bool) -> KeyUsage:
    """Key usage (A00.FR.512): sign certificates, or sign; an RSA key also decrypts for suites without ECDHE."""
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=not is_authority and key.endswith("rsa"),
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)
