"""Signed messages: what is signed is verified, in this place only, and every change to it is noticed."""

from __future__ import annotations

import base64
import datetime
import json
import string
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from ocpp21 import framing, messages, signing
from ocpp21.errors import ErrorCode, LocalProtocolError, OcppError, RemoteProtocolError
from ocpp21.signing import KeySigner, KeyVerifier, SignatureError, Signing, is_signed

PAYLOAD = b'{"currentTime":"2026-01-01T00:00:00Z"}'

EC_KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS: dict[str, Any] = {"ES256": EC_KEY, "RS256": RSA_KEY, "RS384": RSA_KEY}


def certificate_of(key: Any) -> x509.Certificate:
    """A certificate signed by its own key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "station")])
    start = datetime.datetime(2026, 1, 1)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


EC_CERTIFICATE = certificate_of(EC_KEY)
RSA_CERTIFICATE = certificate_of(RSA_KEY)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(signed: bytes) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(decode(json.loads(signed)["protected"]))
    return header


def handmade(header: Any, *, key: Any = EC_KEY, algorithm: str = "ES256", payload: bytes = PAYLOAD) -> bytes:
    """A message with any header and a signature that is good."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    protected, text = encode(raw), encode(payload)
    signature = signing._sign(key, algorithm, f"{protected}.{text}".encode())
    return json.dumps({"protected": protected, "payload": text, "signature": encode(signature)}).encode()


def refusal(
    payload: bytes, action: str | None = "Heartbeat", message_type: int = 2, verifier: KeyVerifier | None = None
) -> SignatureError:
    with pytest.raises(SignatureError) as caught:
        (verifier or KeyVerifier([EC_KEY.public_key()])).verify(action, message_type, payload)
    assert isinstance(caught.value, RemoteProtocolError) and len(str(caught.value)) <= 255
    return caught.value


HEADER = {"alg": "ES256", "OCPPAction": "Heartbeat", "OCPPMessageTypedId": 2}


# Published examples (RFC 7515, appendices A.2 and A.3)

RFC_PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

RFC_RSA_KEY = rsa.RSAPublicNumbers(
    int.from_bytes(decode("AQAB")),
    int.from_bytes(
        decode(
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2"
            "lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTB"
            "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kz"
            "k2PAcDTW9gb54h4FRWyuXpoQ"
        )
    ),
).public_key()

RFC_EC_KEY = ec.EllipticCurvePublicNumbers(
    int.from_bytes(decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")),
    int.from_bytes(decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")),
    ec.SECP256R1(),
).public_key()

RFC_EXAMPLES: list[Any] = [
    pytest.param(
        RFC_RSA_KEY,
        "RS256",
        "eyJhbGciOiJSUzI1NiJ9",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr"
        "7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--x"
        "i12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_Ioyp"
        "GlUPQGe77Rw",
        id="A.2",
    ),
    pytest.param(
        RFC_EC_KEY,
        "ES256",
        "eyJhbGciOiJFUzI1NiJ9",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        id="A.3",
    ),
]


@pytest.mark.parametrize(("key", "algorithm", "protected", "signature"), RFC_EXAMPLES)
def test_published_examples(key: Any, algorithm: str, protected: str, signature: str) -> None:
    data = f"{protected}.{RFC_PAYLOAD}".encode()
    raw = signing._decode("signature", signature)
    assert signing._is_good(key, algorithm, raw, data)
    assert not signing._is_good(key, algorithm, raw, data + b"x")
    assert not signing._is_good(key, algorithm, raw[:-1], data)
    assert signing._encode(signing._decode("payload", RFC_PAYLOAD)) == RFC_PAYLOAD
    assert json.loads(signing._decode("protected", protected)) == {"alg": algorithm}


@pytest.mark.parametrize(("key", "algorithm", "protected", "signature"), RFC_EXAMPLES)
def test_published_examples_lack_what_ocpp_adds(key: Any, algorithm: str, protected: str, signature: str) -> None:
    payload = json.dumps({"protected": protected, "payload": RFC_PAYLOAD, "signature": signature}).encode()
    error = refusal(payload, verifier=KeyVerifier([key]))
    assert str(error) == "expected `Heartbeat` as OCPPAction, found none"


# Round trips


@pytest.mark.parametrize("message_type", [2, 3, 6])
@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "RS384"])
def test_what_is_signed_is_verified(algorithm: Any, message_type: int) -> None:
    key = KEYS[algorithm]
    certificate = certificate_of(key)
    for signer, verifier in [
        (KeySigner(key, algorithm=algorithm), KeyVerifier([key.public_key()])),
        (KeySigner(key, algorithm=algorithm), KeyVerifier([OTHER_EC_KEY.public_key(), certificate])),
        (KeySigner(key, certificate, algorithm=algorithm), KeyVerifier([certificate])),
        (KeySigner(key, certificate, algorithm=algorithm), KeyVerifier([key.public_key()])),
    ]:
        signed = signer.sign("Heartbeat", message_type, PAYLOAD)
        assert list(json.loads(signed)) == ["protected", "payload", "signature"]
        assert is_signed(signed) and is_signed(memoryview(signed))
        assert verifier.verify("Heartbeat", message_type, signed) == PAYLOAD
        assert verifier.verify(None, message_type, memoryview(signed)) == PAYLOAD


def test_the_header_says_what_was_signed_and_by_whom() -> None:
    assert header_of(KeySigner(EC_KEY).sign("Heartbeat", 2, PAYLOAD)) == HEADER
    signed = KeySigner(RSA_KEY, RSA_CERTIFICATE, algorithm="RS384").sign("Reset", 3, PAYLOAD)
    thumbprint = encode(RSA_CERTIFICATE.fingerprint(hashes.SHA256()))
    assert header_of(signed) == {
        "alg": "RS384",
        "OCPPAction": "Reset",
        "OCPPMessageTypedId": 3,
        "x5t#S256": thumbprint,
    }


def test_an_rsa_key_signs_with_rs256_unless_told_otherwise() -> None:
    assert header_of(KeySigner(RSA_KEY).sign("Reset", 2, PAYLOAD))["alg"] == "RS256"


def test_members_of_the_header_that_are_not_known_are_ignored() -> None:
    signed = handmade({**HEADER, "kid": 1, "jwk": {"kty": "EC"}, "x5u": "https://example.com"})
    assert KeyVerifier([EC_KEY.public_key()]).verify("Heartbeat", 2, signed) == PAYLOAD


# Every change is noticed


def mutations(text: str) -> Iterator[str]:
    alphabet = string.ascii_letters + string.digits + "-_=+/ ."
    for index, char in enumerate(text):
        # for every place one other letter, chosen by the place, and all that is no base64url
        for other in (alphabet[(alphabet.index(char) + 1 + index % 62) % 64], "=", "+", "/", " ", ".", "é", "\n"):
            yield text[:index] + other + text[index + 1 :]
        yield text[:index] + text[index + 1 :]
        yield text[:index]
        yield text[:index] + char + text[index:]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "RS384"])
@pytest.mark.parametrize("member", ["protected", "payload", "signature"])
def test_every_change_of_a_character_is_refused(algorithm: Any, member: str) -> None:
    signed = json.loads(KeySigner(KEYS[algorithm], algorithm=algorithm).sign("Heartbeat", 2, PAYLOAD))
    verifier = KeyVerifier([KEYS[algorithm].public_key()])
    for text in mutations(signed[member]):
        if text == signed[member]:  # a letter that stands twice, one of them taken away or doubled
            continue
        error = refusal(json.dumps({**signed, member: text}).encode(), verifier=verifier)
        assert error.code in (ErrorCode.FORMAT_VIOLATION, ErrorCode.SECURITY_ERROR)


@pytest.mark.parametrize("member", ["protected", "payload", "signature"])
def test_bits_that_do_not_count_must_be_zero(member: str) -> None:
    # 64 bytes of signature leave four bits over; texts of the others are chosen so that they do, too
    signed = json.loads(handmade({**HEADER, "x": "y" * (len(json.dumps(HEADER)) % 3)}, payload=b"{} "[:2]))
    text = signed[member]
    if len(text) % 4 == 0:
        text = signed[member] = encode(decode(text) + b" ")
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    changed = text[:-1] + alphabet[alphabet.index(text[-1]) + 1]
    assert decode(changed) == decode(text)
    error = refusal(json.dumps({**signed, member: changed}).encode())
    assert str(error) == f"expected base64url without padding as {member}, found another text"


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"", "another"),
        (b"{}", "another"),
        (b"[]", "another"),
        (b"null", "another"),
        (b'"x"', "another"),
        (b"\xff", "another"),
        (b'{"protected":"","payload":"","signature":""', "another"),
        (b'{"protected":"","payload":""}', "another"),
        (b'{"protected":"","payload":"","signature":1}', "another"),
        (b'{"protected":"","payload":"","signature":"","header":{}}', "another"),
        (b'{"protected":"","payload":"","signature":"","signature":""}', "another"),
        (b'{"protected":"","payload":"","signatures":[]}', "another"),
        (b"[" * 100_000, "another"),
    ],
)
def test_what_is_not_in_flattened_form(payload: bytes, found: str) -> None:
    error = refusal(payload)
    assert error.code is ErrorCode.FORMAT_VIOLATION
    assert str(error) == f"expected an object with the members protected, payload and signature, found {found}"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"{}", False),
        (b"", False),
        (b"[]", False),
        (b"\xff", False),
        (b"[" * 100_000, False),
        (b'{"protected":"\xff","payload":"","signature":""}', False),
        (b'{"status":"Accepted"}', False),
        (b'{"protected":"","payload":"","signature":"","more":1}', False),
        (b'{"protected":"","payload":""}', False),
        (b'{"protected":{},"payload":"","signature":""}', False),
        (b'{"signature":"","payload":"","protected":""}', True),
    ],
)
def test_the_form_of_a_signed_payload_is_recognized(payload: bytes, expected: bool) -> None:
    assert is_signed(payload) is expected


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"x",
        b"[]",
        b"{}",
        b'{"alg":null}',
        b'{"alg":1}',
        b'{"alg":"ES256","alg":"ES256"}',
        b'{"alg":"ES256","alg":"none"}',
        b'{"alg":"ES256","OCPPAction":1}',
        b'{"alg":"ES256","OCPPMessageTypedId":"2"}',
        b'{"alg":"ES256","OCPPMessageTypedId":true}',
        b'{"alg":"ES256","x5t#S256":1}',
        b'{"alg":"ES256"}\xff',
        b'{"alg":"ES256"} x',
    ],
)
def test_headers_that_are_none(header: bytes) -> None:
    error = refusal(handmade(header))
    assert error.code is ErrorCode.FORMAT_VIOLATION
    assert str(error) == "expected a JSON object with the member alg as protected header, found another"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alg": "none"}, "expected ES256, RS256 or RS384 as alg, found `none`"),
        ({"alg": "None"}, "expected ES256, RS256 or RS384 as alg, found `None`"),
        ({"alg": "HS256"}, "expected ES256, RS256 or RS384 as alg, found `HS256`"),
        ({"alg": "ES384"}, "expected ES256, RS256 or RS384 as alg, found `ES384`"),
        ({"alg": "PS256"}, "expected ES256, RS256 or RS384 as alg, found `PS256`"),
        ({"alg": "\x1b[31m\n"}, "expected ES256, RS256 or RS384 as alg, found `\\x1b[31m\\n`"),
        ({"alg": "RS256"}, "expected a signature by a trusted key, found none"),
        ({"crit": []}, "expected no crit in the protected header, found one"),
        ({"crit": ["exp"], "exp": 1}, "expected no crit in the protected header, found one"),
        ({"crit": None}, "expected no crit in the protected header, found one"),
        ({"OCPPAction": "heartbeat"}, "expected `Heartbeat` as OCPPAction, found `heartbeat`"),
        ({"OCPPAction": "Heartbeat-Signed"}, "expected `Heartbeat` as OCPPAction, found `Heartbeat-Signed`"),
        ({"OCPPAction": "Reset"}, "expected `Heartbeat` as OCPPAction, found `Reset`"),
        ({"OCPPAction": None}, "expected `Heartbeat` as OCPPAction, found none"),
        ({"OCPPMessageTypedId": 3}, "expected 2 as OCPPMessageTypedId, found `3`"),
        ({"OCPPMessageTypedId": None}, "expected 2 as OCPPMessageTypedId, found `None`"),
    ],
)
def test_headers_that_are_refused_although_the_signature_is_good(change: dict[str, Any], message: str) -> None:
    error = refusal(handmade({**HEADER, **change}))
    assert (error.code, str(error)) == (ErrorCode.SECURITY_ERROR, message)


def test_without_an_action_to_expect_the_header_must_still_have_one() -> None:
    header = {name: value for name, value in HEADER.items() if name != "OCPPAction"}
    assert str(refusal(handmade(header), None)) == "expected an action as OCPPAction, found none"


@pytest.mark.parametrize(("action", "message_type"), [("Reset", 2), ("Heartbeat", 3), ("Heartbeat", 6)])
def test_a_signature_is_good_in_one_place_only(action: str, message_type: int) -> None:
    signed = KeySigner(EC_KEY).sign("Heartbeat", 2, PAYLOAD)
    assert refusal(signed, action, message_type).code is ErrorCode.SECURITY_ERROR


def test_sizes_are_bounded() -> None:
    signed = json.loads(KeySigner(EC_KEY).sign("Heartbeat", 2, PAYLOAD))
    error = refusal(json.dumps({**signed, "protected": "A" * 4097}).encode())
    assert str(error) == "expected protected of at most 4096 characters, found 4097"
    error = refusal(json.dumps({**signed, "signature": "A" * 1367}).encode())
    assert (error.code, str(error)) == (
        ErrorCode.FORMAT_VIOLATION,
        "expected signature of at most 1366 characters, found 1367",
    )


# Keys


@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda raw: raw[:-1], id="too short"),
        pytest.param(lambda raw: raw + b"\0", id="too long"),
        pytest.param(lambda raw: bytes(64), id="zeros"),
        pytest.param(lambda raw: b"\xff" * 64, id="beyond the curve"),
        pytest.param(lambda raw: b"", id="empty"),
        pytest.param(lambda raw: raw[32:] + raw[:32], id="halves swapped"),
        pytest.param(
            lambda raw: signing_as_der(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])), id="as DER, like in X.509"
        ),
    ],
)
def test_a_signature_on_a_curve_is_64_bytes(mangle: Callable[[bytes], bytes]) -> None:
    signed = json.loads(KeySigner(EC_KEY).sign("Heartbeat", 2, PAYLOAD))
    signed["signature"] = encode(mangle(decode(signed["signature"])))
    error = refusal(json.dumps(signed).encode())
    assert (error.code, str(error)) == (
        ErrorCode.SECURITY_ERROR,
        "expected a signature by a trusted key, found none",
    )


def signing_as_der(r: int, s: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return encode_dss_signature(r, s)


def test_other_keys_are_refused() -> None:
    signed = KeySigner(OTHER_EC_KEY).sign("Heartbeat", 2, PAYLOAD)
    for verifier in (KeyVerifier([EC_KEY.public_key(), RSA_KEY.public_key()]), KeyVerifier([])):
        assert str(refusal(signed, verifier=verifier)) == "expected a signature by a trusted key, found none"


@pytest.mark.parametrize(("algorithm", "claimed"), [("RS256", "RS384"), ("RS384", "RS256"), ("RS256", "ES256")])
def test_the_algorithm_must_be_that_of_the_signature(algorithm: str, claimed: str) -> None:
    signed = handmade({**HEADER, "alg": claimed}, key=RSA_KEY, algorithm=algorithm)
    error = refusal(signed, verifier=KeyVerifier([RSA_KEY.public_key(), EC_KEY.public_key()]))
    assert str(error) == "expected a signature by a trusted key, found none"


def test_a_named_certificate_is_the_only_one_tried() -> None:
    signed = handmade({**HEADER, "x5t#S256": encode(RSA_CERTIFICATE.fingerprint(hashes.SHA256()))})
    assert KeyVerifier([EC_KEY.public_key()]).verify("Heartbeat", 2, signed) == PAYLOAD
    error = refusal(signed, verifier=KeyVerifier([EC_KEY.public_key(), EC_CERTIFICATE, RSA_CERTIFICATE]))
    assert str(error) == "expected a signature by a trusted key, found none"


def test_an_unknown_certificate_is_not_replaced_by_a_known_one() -> None:
    signed = handmade({**HEADER, "x5t#S256": encode(bytes(32))})
    error = refusal(signed, verifier=KeyVerifier([EC_CERTIFICATE]))
    assert str(error) == "expected a signature by a trusted key, found none"


def test_few_keys_are_tried_and_any_number_can_be_named() -> None:
    certificates = [certificate_of(ec.generate_private_key(ec.SECP256R1())) for _ in range(8)]
    verifier = KeyVerifier([EC_CERTIFICATE, *certificates])
    assert verifier.verify("Heartbeat", 2, KeySigner(EC_KEY, EC_CERTIFICATE).sign("Heartbeat", 2, PAYLOAD)) == PAYLOAD
    error = refusal(KeySigner(EC_KEY).sign("Heartbeat", 2, PAYLOAD), verifier=verifier)
    assert str(error) == "expected x5t#S256 in the protected header, to find the key by, found none"
    with pytest.raises(LocalProtocolError, match="expected at most 8 keys without certificate, found 9"):
        KeyVerifier([EC_KEY.public_key()] * 9)
    assert KeyVerifier([EC_KEY.public_key()] * 8).verify(
        "Heartbeat", 2, KeySigner(EC_KEY).sign("Heartbeat", 2, PAYLOAD)
    )


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(ec.generate_private_key(ec.SECP384R1()), id="P-384"),
        pytest.param(ec.generate_private_key(ec.SECP256K1()), id="secp256k1"),
        pytest.param(ed25519.Ed25519PrivateKey.generate(), id="Ed25519"),
        pytest.param(rsa.generate_private_key(public_exponent=65537, key_size=1024), id="RSA of 1024 bits"),
    ],
)
def test_other_kinds_of_keys_are_refused(key: Any) -> None:
    for refused in (lambda: KeySigner(key), lambda: KeyVerifier([key.public_key()])):
        with pytest.raises(LocalProtocolError, match="expected a key on P-256, or RSA of 2048 to 8192 bits, found "):
            refused()


def test_what_does_not_fit_the_key_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="expected RS256 or RS384 with this key, found `ES256`"):
        KeySigner(RSA_KEY, algorithm="ES256")
    with pytest.raises(LocalProtocolError, match="expected ES256 with this key, found `RS384`"):
        KeySigner(EC_KEY, algorithm="RS384")
    with pytest.raises(LocalProtocolError, match="expected the certificate of the key, found that of another"):
        KeySigner(EC_KEY, RSA_CERTIFICATE)


# The policy, and the extra


@pytest.mark.parametrize("policy", ["accept", "require"])
def test_a_policy_needs_a_verifier(policy: Any) -> None:
    verifier = KeyVerifier([EC_KEY.public_key()])
    assert Signing(policy, verifier=verifier).verifier is verifier
    with pytest.raises(LocalProtocolError, match=f"expected a verifier for the policy `{policy}`, found none"):
        Signing(policy, signer=KeySigner(EC_KEY))
    assert issubclass(LocalProtocolError, OcppError)


def test_signing_is_off_by_default() -> None:
    assert (Signing().policy, Signing().signer, Signing().verifier) == ("off", None, None)


# Frames


def signing_of(policy: Any, *, signs: bool = True) -> Signing:
    return Signing(policy, KeySigner(EC_KEY) if signs else None, KeyVerifier([EC_KEY.public_key()]))


CALL = framing.call("1", messages.HeartbeatRequest())
RESULT = b'[3,"1",%s]' % PAYLOAD
SEND = b'[6,"1","NotifyPeriodicEventStream",{"id":1}]'


@pytest.mark.parametrize(
    ("frame", "action"), [(CALL, "Heartbeat"), (RESULT, "Heartbeat"), (SEND, "NotifyPeriodicEventStream")]
)
def test_frames_are_sealed_and_opened(frame: bytes, action: str) -> None:
    strict = signing_of("require")
    sealed = strict.seal(frame, action)
    plain, head = framing.parse(frame), framing.parse(sealed)
    assert (head.message_type, head.message_id) == (plain.message_type, "1")
    assert head.action == (None if plain.action is None else f"{action}-Signed")
    assert head.action is None or strict.action(head) == action
    assert head.payload is not None and is_signed(head.payload)
    for policy in ("accept", "require"):
        assert signing_of(policy).open(head, action) == plain.payload
    assert Signing().open(head, action) is None
    assert head.action is None or Signing().action(head) == head.action


@pytest.mark.parametrize(
    ("policy", "signs", "in_return", "expected"),
    [
        ("off", True, True, False),
        ("accept", True, False, False),
        ("accept", True, True, True),
        ("accept", False, True, False),
        ("require", True, False, True),
        ("require", True, True, True),
        ("require", False, True, False),
    ],
)
def test_what_is_sealed(policy: Any, signs: bool, in_return: bool, expected: bool) -> None:
    sealed = signing_of(policy, signs=signs).seal(RESULT, "Heartbeat", in_return=in_return)
    assert (sealed != RESULT) is expected


@pytest.mark.parametrize("frame", [CALL, RESULT, SEND])
def test_what_is_not_signed_is_refused_only_where_that_is_required(frame: bytes) -> None:
    head = framing.parse(frame)
    assert signing_of("accept").open(head, "Heartbeat") is None
    with pytest.raises(SignatureError, match="expected a signed message, found one that is not") as caught:
        signing_of("require").open(head, "Heartbeat")
    error = caught.value
    assert (error.code, error.message_id, error.message_type) == (ErrorCode.SECURITY_ERROR, "1", head.message_type)


@pytest.mark.parametrize("policy", ["accept", "require"])
def test_a_bad_signature_is_refused_with_the_id_to_answer_to(policy: Any) -> None:
    for text, code in [
        (b'[2,"7","Heartbeat-Signed",{}]', ErrorCode.FORMAT_VIOLATION),
        (b'[2,"7","Heartbeat-Signed",null]', ErrorCode.FORMAT_VIOLATION),
        (b'[2,"7","Heartbeat-Signed",%s]' % KeySigner(RSA_KEY).sign("Heartbeat", 2, b"{}"), ErrorCode.SECURITY_ERROR),
    ]:
        with pytest.raises(SignatureError) as caught:
            signing_of(policy).open(framing.parse(text), "Heartbeat")
        assert (caught.value.code, caught.value.message_id, caught.value.message_type) == (code, "7", 2)


def test_without_cryptography_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    for needs in (lambda: KeySigner(EC_KEY), lambda: KeyVerifier([])):
        with pytest.raises(ModuleNotFoundError, match=r"^signed messages need cryptography: pip install ocpp21\[sign"):
            needs()
    assert not is_signed(b"{}")
