"""Signed messages: payloads as JSON Web Signatures (Part 4, chapter 7; RFC 7515, flattened JSON serialization).

A signed message has the action ``<Action>-Signed``, and in the place of its payload an object of three members that
holds the payload and a signature over it and over a header. The header names the action and the message type, so that
what was signed as one message cannot be passed off as another. The message id is not signed: that a message comes twice
is not for the signature to tell.

Who keeps keys elsewhere (a security module, a key service) writes a :class:`Signer` or :class:`Verifier` of their own.
:class:`KeySigner` and :class:`KeyVerifier` work with keys in memory and need the extra ``signing``.

Nothing here depends on a secret in time: verifying works on public data alone, and signing is left to OpenSSL, which
works in constant time.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

import msgspec

from ocpp21._speedups import validators
from ocpp21.errors import ErrorCode, LocalProtocolError, PayloadError, RemoteProtocolError
from ocpp21.framing import Frame, parse
from ocpp21.refusal import quote

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from cryptography.hazmat.primitives.hashes import HashAlgorithm
    from cryptography.x509 import Certificate

    PrivateKey: TypeAlias = EllipticCurvePrivateKey | RSAPrivateKey
    PublicKey: TypeAlias = EllipticCurvePublicKey | RSAPublicKey

__all__ = [
    "SUFFIX",
    "Algorithm",
    "KeySigner",
    "KeyVerifier",
    "Policy",
    "SignatureError",
    "Signer",
    "Signing",
    "Verifier",
    "is_signed",
]

#: What a signed message's action ends in (Part 4, chapter 7).
SUFFIX: Final = "-Signed"

#: The algorithms that the standard allows (Part 4, chapter 7).
Algorithm = Literal["ES256", "RS256", "RS384"]

Policy = Literal["off", "accept", "require"]

#: Longest protected header and longest signature, in characters; the latter of an RSA key of 8192 bits.
_MAX_HEADER: Final = 4096
_MAX_SIGNATURE: Final = 1366

#: Sizes of an RSA key in bits, at least 2048 (Part 2, A00.FR.502).
_RSA_BITS: Final = range(2048, 8193)

#: Bytes of each half of an ES256 signature (RFC 7518, 3.4).
_ES256_HALF: Final = 32

#: Keys that are tried for one message that does not say by which it was signed.
_MAX_TRIED: Final = 8


class SignatureError(RemoteProtocolError):
    """A message is not signed as it must be.

    Its ``code`` is ``FormatViolation`` for what is no JSON Web Signature in flattened form, else ``SecurityError``.
    """


class Signer(Protocol):
    """Signs payloads."""

    def sign(self, action: str, message_type: int, payload: bytes) -> bytes:
        """Sign a payload.

        Args:
            action: of the message, without the suffix; of a CALLRESULT, that of the CALL it answers.
            message_type: first element of the frame.
            payload: JSON text.

        Returns:
            What stands in the frame in its place: a JSON object in flattened form.
        """
        ...


class Verifier(Protocol):
    """Checks signatures."""

    def verify(self, action: str | None, message_type: int, payload: bytes | memoryview) -> bytes:
        """Check the signature of a payload, and that it was signed for this place.

        Args:
            action: the action that must have been signed, without the suffix. A CALLRESULT does not name one: whoever
                made the CALL gives the action of that CALL, or a valid answer to something else would pass. None takes
                any action; it is for those who only pass messages on and do not act on them.
            message_type: the message type that must have been signed.
            payload: what stands in the frame.

        Returns:
            The payload that was signed, not checked further.

        Raises:
            SignatureError: it is not signed, not for this place, or not by a trusted key.
        """
        ...


class Signing(msgspec.Struct, frozen=True):
    """What a session does about signatures.

    Attributes:
        policy: ``off`` knows no signed messages. ``accept`` takes messages with a good signature and messages without
            any, which protects nobody from one who strips signatures off; answers to signed requests are signed.
            ``require`` also refuses what is not signed, and signs all messages. Errors are never signed.
        signer: signs what is sent; None signs nothing.
        verifier: checks what is received; without it the policy must be ``off``.

    Raises:
        LocalProtocolError: the policy needs a verifier.
    """

    policy: Policy = "off"
    signer: Signer | None = None
    verifier: Verifier | None = None

    def __post_init__(self) -> None:
        if self.policy != "off" and self.verifier is None:
            raise LocalProtocolError(f"expected a verifier for the policy {quote(self.policy)}, found none")

    def action(self, frame: Frame, /) -> str:
        """The action of a CALL or SEND, without the suffix if signed messages are known."""
        return str(frame.action) if self.policy == "off" else str(frame.action).removesuffix(SUFFIX)

    def open(self, frame: Frame, action: str, /) -> bytes | None:
        """Check the signature of a CALL, CALLRESULT or SEND.

        Args:
            frame: as it came.
            action: its action without the suffix; of a CALLRESULT, that of the CALL it answers.

        Returns:
            The payload that was signed, not checked further; None when the frame is not signed and need not be.

        Raises:
            SignatureError: the signature is not good, or there is none; with the id to answer to.
        """
        if self.policy == "off" or self.verifier is None:
            return None
        payload = frame.payload or b""
        try:
            if is_signed(payload) if frame.action is None else frame.action.endswith(SUFFIX):
                return _verify(self.verifier, action, frame.message_type, payload)
            if self.policy == "require":
                raise _insecure("a signed message", "one that is not")
        except SignatureError as error:
            error.message_id = frame.message_id
            error.message_type = frame.message_type
            raise
        return None

    def seal(self, frame: bytes, action: str, /, *, in_return: bool = False) -> bytes:
        """Sign a CALL, CALLRESULT or SEND of ours, if that is due.

        Args:
            frame: as ``ocpp21.framing`` writes it.
            action: its action; of a CALLRESULT, that of the CALL it answers.
            in_return: it answers a CALL that was signed.

        Returns:
            The frame to be sent.
        """
        if self.signer is None or self.policy == "off" or not (in_return or self.policy == "require"):
            return frame
        head = parse(frame, max_size=None)
        payload = bytes(head.payload or b"")
        start = frame[: -len(payload) - 1]
        if head.action is not None:
            start = b"".join((start.removesuffix(b'",'), SUFFIX.encode("ascii"), b'",'))
        return b"".join((start, self.signer.sign(action, head.message_type, payload), b"]"))


class _Flattened(msgspec.Struct, forbid_unknown_fields=True):
    """The flattened form, without an unprotected header: nothing in that could be trusted (RFC 7515, 7.2.2)."""

    protected: str
    payload: str
    signature: str


class _Header(msgspec.Struct):
    """What is read of a protected header. Keys and certificates that it may hold are not: they prove nothing."""

    alg: str
    action: str | None = msgspec.field(name="OCPPAction", default=None)
    message_type: int | None = msgspec.field(name="OCPPMessageTypedId", default=None)
    thumbprint: str | None = msgspec.field(name="x5t#S256", default=None)
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_read_flattened = msgspec.json.Decoder(_Flattened).decode
_read_header = msgspec.json.Decoder(_Header).decode

_NO_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def is_signed(payload: bytes | memoryview, /) -> bool:
    """Say whether a payload has the form of a signed one: an object of the members protected, payload and signature.

    No message of the standard has this form. A CALLRESULT, which has no action, is known to be signed by it.
    """
    try:
        _read_flattened(payload)
    except _NO_JSON:
        return False
    return True


class KeySigner:
    """Signs with a private key in memory.

    Args:
        key: on the curve P-256, or RSA of 2048 to 8192 bits.
        certificate: that of the key; the header then says that it was signed by it.
        algorithm: ES256 for a key on P-256; RS256 (the default) or RS384 for an RSA key.

    Raises:
        LocalProtocolError: key, certificate and algorithm do not fit.
        ModuleNotFoundError: the extra ``signing`` is not installed.
    """

    def __init__(
        self, key: PrivateKey, certificate: Certificate | None = None, *, algorithm: Algorithm | None = None
    ) -> None:
        need_cryptography("signed messages")
        public_key = _public_key(key)
        algorithms = _algorithms(public_key)
        if algorithm is not None and algorithm not in algorithms:
            raise LocalProtocolError(f"expected {' or '.join(algorithms)} with this key, found {quote(str(algorithm))}")
        if certificate is not None and certificate.public_key() != public_key:
            raise LocalProtocolError("expected the certificate of the key, found that of another")
        self._key = key
        self._algorithm = algorithm or algorithms[0]
        self._thumbprint = None if certificate is None else _thumbprint(certificate)

    def sign(self, action: str, message_type: int, payload: bytes) -> bytes:
        """Sign a payload; see :meth:`Signer.sign`."""
        header = {"alg": self._algorithm, "OCPPAction": action, "OCPPMessageTypedId": message_type}
        if self._thumbprint is not None:
            header["x5t#S256"] = self._thumbprint
        protected, text = _encode(msgspec.json.encode(header)), _encode(payload)
        signature = _sign(self._key, self._algorithm, f"{protected}.{text}".encode("ascii"))
        return msgspec.json.encode(_Flattened(protected, text, _encode(signature)))


class KeyVerifier:
    """Checks signatures against public keys and certificates that are trusted as they are.

    Neither dates nor issuers of the certificates are looked at: whoever trusts a certificate decides for how long. The
    one of the TLS connection plays no part, since a Local Controller may stand in between.

    A header that names one of the certificates is checked against that one. Otherwise the bare public keys are tried;
    and where the header names none, the keys of the certificates too. At most 8 are.

    Args:
        trusted: public keys and certificates: on the curve P-256, or RSA of 2048 to 8192 bits.

    Raises:
        LocalProtocolError: a key is of another kind, or there are more than 8 bare keys.
        ModuleNotFoundError: the extra ``signing`` is not installed.
    """

    def __init__(self, trusted: Iterable[PublicKey | Certificate], /) -> None:
        need_cryptography("signed messages")
        from cryptography.x509 import Certificate

        self._bare: list[PublicKey] = []
        self._certified: dict[str, PublicKey] = {}
        for each in trusted:
            if isinstance(each, Certificate):
                self._certified[_thumbprint(each)] = _public_key(each)
            else:
                self._bare.append(_public_key(each))
        if len(self._bare) > _MAX_TRIED:
            raise LocalProtocolError(f"expected at most {_MAX_TRIED} keys without certificate, found {len(self._bare)}")

    def verify(self, action: str | None, message_type: int, payload: bytes | memoryview) -> bytes:
        """Check the signature of a payload, and that it was signed for this place; see :meth:`Verifier.verify`."""
        jws = _parse(payload)
        header = _parse_header(jws.protected)
        # As received, never encoded anew: only these bytes were signed.
        signed = f"{jws.protected}.{jws.payload}"
        content = _decode("payload", jws.payload)
        signature = _decode("signature", jws.signature)
        _check_header(header, action, message_type)
        # A key is tried with the algorithm of its own kind only, whatever the header says.
        keys = [key for key in self._candidates(header) if header.alg in _algorithms(key)]
        if not any(_is_good(key, header.alg, signature, signed.encode("ascii")) for key in keys):
            raise _insecure("a signature by a trusted key", "none")
        return content

    def _candidates(self, header: _Header) -> list[PublicKey]:
        if header.thumbprint is not None:
            named = self._certified.get(header.thumbprint)
            return self._bare if named is None else [named]
        if len(self._bare) + len(self._certified) > _MAX_TRIED:
            raise _insecure("x5t#S256 in the protected header, to find the key by", "none")
        return [*self._bare, *self._certified.values()]


# Reading


def _verify(verifier: Verifier, action: str, message_type: int, payload: bytes | memoryview) -> bytes:
    """Ask a verifier, which may be somebody else's: what goes wrong in it must not end the connection."""
    try:
        return verifier.verify(action, message_type, payload)
    except SignatureError:
        raise
    except Exception as error:
        raise _insecure("a signature that can be checked", f"{type(error).__name__} in the verifier") from error


def _parse(payload: bytes | memoryview) -> _Flattened:
    try:
        validators.check_json(payload)  # the decoder would take the last of members that stand twice
        jws = _read_flattened(payload)
    except (PayloadError, *_NO_JSON) as error:
        raise _malformed("an object with the members protected, payload and signature", "another") from error
    for name, text, limit in (("protected", jws.protected, _MAX_HEADER), ("signature", jws.signature, _MAX_SIGNATURE)):
        if len(text) > limit:
            raise _malformed(f"{name} of at most {limit} characters", str(len(text)))
    return jws


def _parse_header(protected: str) -> _Header:
    raw = _decode("protected", protected)
    try:
        validators.check_json(raw)
        return _read_header(raw)
    except (PayloadError, *_NO_JSON) as error:
        raise _malformed("a JSON object with the member alg as protected header", "another") from error


def _check_header(header: _Header, action: str | None, message_type: int) -> None:
    if header.alg not in ("ES256", "RS256", "RS384"):
        raise _insecure("ES256, RS256 or RS384 as alg", quote(header.alg))
    if header.crit is not msgspec.UNSET:  # extensions that must be understood; we know none (RFC 7515, 4.1.11)
        raise _insecure("no crit in the protected header", "one")
    if header.action is None or (action is not None and header.action != action):
        wanted = "an action" if action is None else quote(action)
        raise _insecure(f"{wanted} as OCPPAction", "none" if header.action is None else quote(header.action))
    if header.message_type != message_type:
        raise _insecure(f"{message_type} as OCPPMessageTypedId", quote(str(header.message_type)))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(name: str, text: str) -> bytes:
    """Read base64url in its one canonical form: no padding, no other characters, no bits that do not count."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        data = b""
    if _encode(data) != text:
        raise _malformed(f"base64url without padding as {name}", "another text")
    return data


def _malformed(expected: str, found: str) -> SignatureError:
    return SignatureError(f"expected {expected}, found {found}", code=ErrorCode.FORMAT_VIOLATION)


def _insecure(expected: str, found: str) -> SignatureError:
    return SignatureError(f"expected {expected}, found {found}", code=ErrorCode.SECURITY_ERROR)


# Keys


def need_cryptography(what: str) -> None:
    """See that the extra is installed, before anything of it is used.

    Args:
        what: is not to be had without it.

    Raises:
        ModuleNotFoundError: it is not.
    """
    try:
        import cryptography  # noqa: F401, only whether it is there
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{what} need cryptography: pip install ocpp21[signing]", name="cryptography"
        ) from error


def _public_key(holder: Any) -> PublicKey:
    """The public key of a private key or certificate, or the key itself, if the standard allows its kind."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key = holder.public_key() if hasattr(holder, "public_key") else holder
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    if isinstance(key, RSAPublicKey) and key.key_size in _RSA_BITS:
        return key
    raise LocalProtocolError(f"expected a key on P-256, or RSA of 2048 to 8192 bits, found {type(key).__name__}")


def _algorithms(key: PublicKey) -> tuple[Algorithm, ...]:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    return ("RS256", "RS384") if isinstance(key, RSAPublicKey) else ("ES256",)


def _hash(algorithm: str) -> HashAlgorithm:
    from cryptography.hazmat.primitives.hashes import SHA256, SHA384

    return SHA384() if algorithm == "RS384" else SHA256()


def _thumbprint(certificate: Certificate) -> str:
    return _encode(certificate.fingerprint(_hash("RS256")))


def _sign(key: PrivateKey, algorithm: str, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), _hash(algorithm))
    halves = utils.decode_dss_signature(key.sign(data, ec.ECDSA(_hash(algorithm))))
    return b"".join(half.to_bytes(_ES256_HALF, "big") for half in halves)


def _is_good(key: PublicKey, algorithm: str, signature: bytes, data: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), _hash(algorithm))
        elif len(signature) == 2 * _ES256_HALF:
            halves = [int.from_bytes(half, "big") for half in (signature[:_ES256_HALF], signature[_ES256_HALF:])]
            key.verify(utils.encode_dss_signature(*halves), data, ec.ECDSA(_hash(algorithm)))
        else:
            return False
    except InvalidSignature:
        return False
    return True
