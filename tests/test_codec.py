"""The codec: what it accepts decodes, what it sends is valid, and what it tolerates it tells."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ocpp21 import codec
from ocpp21.codec import Decoder, Deviation, decode, encode, validate, validate_many
from ocpp21.errors import ErrorCode, LocalProtocolError, PayloadError
from ocpp21.messages import (
    AuthorizeRequest,
    BootNotificationRequest,
    BootReasonEnumType,
    ChargingStationType,
    DataTransferRequest,
    GetVariableDataType,
    HeartbeatRequest,
    HeartbeatResponse,
    IdTokenType,
    MeasurandEnumType,
    MeterValuesRequest,
    MeterValueType,
    SampledValueType,
)
from ocpp21.wire import Datatype

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TOKEN = IdTokenType(id_token="04A2B3C4", type="ISO14443")
AUTHORIZE = b'{"idToken":{"idToken":"04A2B3C4","type":"ISO14443"}}'


def meter(**member: Any) -> bytes:
    value = json.dumps({"value": 1, **member})
    return b'{"evseId":1,"meterValue":[{"timestamp":"2026-01-05T12:00:00Z","sampledValue":[%s]}]}' % value.encode()


@pytest.mark.parametrize("message", [AuthorizeRequest, "AuthorizeRequest"])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, bytes.decode])
def test_decodes_what_encode_writes(message: Any, kind: Any) -> None:
    assert encode(AuthorizeRequest(id_token=TOKEN)) == AUTHORIZE
    validate(message, kind(AUTHORIZE))
    assert decode(message, kind(AUTHORIZE)) == AuthorizeRequest(id_token=TOKEN)


def test_datatypes_are_named_like_messages() -> None:
    assert decode(IdTokenType, encode(TOKEN)) == TOKEN
    assert decode("IdTokenType", encode(TOKEN)) == TOKEN
    assert decode("CustomDataType", b'{"vendorId":"a","b":[1]}') == {"vendorId": "a", "b": [1]}


@pytest.mark.parametrize(
    "message", ["Authorize", "", "MeasurandEnumType", "Datatype", "__doc__", int, Datatype, object]
)
def test_other_names_are_refused(message: Any) -> None:
    with pytest.raises(LocalProtocolError, match=r"^expected a message or datatype of OCPP 2\.1, found `"):
        validate(message, b"{}")


def test_a_class_of_the_same_name_is_not_taken_for_ours() -> None:
    with pytest.raises(LocalProtocolError, match="found `AuthorizeRequest`"):
        decode(type("AuthorizeRequest", (), {}), AUTHORIZE)  # type: ignore[call-overload]


def test_a_refusal_says_what_and_where() -> None:
    with pytest.raises(PayloadError) as caught:
        decode(MeterValuesRequest, meter(measurand="Energy.Import"))
    error = caught.value
    assert (
        error.description
        == str(error)
        == (
            "`/meterValue/0/sampledValue/0/measurand`: expected one of 56 values"
            " (did you mean `Energy.Active.Import.Register`?), found `Energy.Import`"
        )
    )
    assert (error.code, error.keyword) == (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "enum")
    assert error.details == {"pointer": "/meterValue/0/sampledValue/0/measurand", "keyword": "enum"}
    assert meter(measurand="Energy.Import")[error.offset :].startswith(b'"Energy.Import"')


def test_integers_in_any_spelling_decode_to_int() -> None:
    message = decode(MeterValuesRequest, meter().replace(b'"evseId":1', b'"evseId":1.0e1'))
    assert (message.evse_id, type(message.evse_id)) == (10, int)


# Sending


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2026-01-05T12:00:00Z"),
        (NOON.replace(microsecond=486000), "2026-01-05T12:00:00.486Z"),
        (NOON.replace(microsecond=486999), "2026-01-05T12:00:00.486Z"),
        (NOON.replace(microsecond=999), "2026-01-05T12:00:00Z"),
        (NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-01-05T12:00:00Z"),
        (NOON.replace(microsecond=5000).astimezone(timezone(timedelta(hours=-9))), "2026-01-05T12:00:00.005Z"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "2025-12-31T23:30:00Z"),
    ],
)
def test_date_times_leave_as_utc_with_at_most_three_digits(moment: datetime, text: str) -> None:
    assert encode(HeartbeatResponse(current_time=moment)) == b'{"currentTime":"%s"}' % text.encode()


def refused(message: Any, **options: Any) -> str:
    with pytest.raises(LocalProtocolError) as caught:
        encode(message, **options)
    assert caught.value.__cause__ is not None
    assert len(str(caught.value)) < 300
    return str(caught.value)


def test_naive_and_unreachable_date_times_are_refused() -> None:
    naive = HeartbeatResponse(current_time=datetime(2026, 1, 5))
    assert refused(naive).startswith("HeartbeatResponse `/currentTime`: expected an RFC 3339 date-time with offset")
    east = timezone(timedelta(hours=1))
    assert "expected an RFC 3339 date-time" in refused(HeartbeatResponse(current_time=datetime(1, 1, 1, tzinfo=east)))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_refused(number: float) -> None:
    value = MeterValueType(sampled_value=[SampledValueType(value=number)], timestamp=NOON)
    assert refused(value).startswith("MeterValueType `/sampledValue/0/value`: expected a number, found `null`")
    for data in (number, [number], (1, number), {"a": {"b": number}}):
        message = DataTransferRequest(vendor_id="com.acme", data=data)
        assert "expected a finite number, found" in refused(message)
        assert "finite" in refused(HeartbeatRequest(custom_data={"vendorId": "com.acme", "x": data}))


@pytest.mark.parametrize(
    ("message", "description"),
    [
        (BootNotificationRequest(charging_station=None, reason="PowerUp"), "expected an object, found `null`"),
        (MeterValuesRequest(evse_id=1, meter_value=[]), "`/meterValue`: expected 1 or more items, found none"),
        (MeterValuesRequest(evse_id=-1, meter_value=[]), "`/evseId`: expected a number of 0 or more, found `-1`"),
        (
            IdTokenType(id_token="a" * 256, type="Local"),
            "at most 255 characters, found a string of 256",
        ),
        (DataTransferRequest(vendor_id="\ud800"), "surrogates not allowed"),
        (DataTransferRequest(vendor_id="a", data=object()), "Encoding objects of type object is unsupported"),
        (HeartbeatRequest(custom_data={}), "`/customData`: expected the member `vendorId`, found none"),
    ],
)
def test_invalid_messages_do_not_leave(message: Any, description: str) -> None:
    assert description in refused(message)


def test_circles_are_refused() -> None:
    data: list[Any] = []
    data.append(data)
    assert "recursion" in refused(DataTransferRequest(vendor_id="a", data=data))


def test_data_of_any_form_survives() -> None:
    for data in (None, True, 0, -1.5, "é", [], {}, [None, {"a": [1]}], 2**70):
        message = DataTransferRequest(vendor_id="com.acme", data=data)
        assert decode(DataTransferRequest, encode(message)) == message
    absent = DataTransferRequest(vendor_id="com.acme")
    assert encode(absent) == b'{"vendorId":"com.acme"}'
    assert decode(DataTransferRequest, encode(absent)).data is msgspec.UNSET


def test_custom_data_survives() -> None:
    custom = {"vendorId": "com.acme", "a": None, "b": {"vendorId": 1}, "c": [1.0, 2]}
    message = HeartbeatRequest(custom_data=custom)
    assert decode(HeartbeatRequest, encode(message)).custom_data == custom


def test_decimals_and_enumeration_members_are_taken() -> None:
    value = SampledValueType(value=Decimal("2935.600"), measurand=MeasurandEnumType.SOC)  # type: ignore[arg-type]
    assert encode(value) == b'{"value":2935.600,"measurand":"SoC"}'
    station = ChargingStationType(model="m", vendor_name="v")
    message = BootNotificationRequest(charging_station=station, reason=BootReasonEnumType.POWER_UP)
    assert json.loads(encode(message))["reason"] == "PowerUp"


def test_the_rules_beyond_the_schemas_hold_when_sending_unless_told_otherwise() -> None:
    token = IdTokenType(id_token="no spaces", type="Local")
    assert "expected an identifier of letters, digits and" in refused(token)
    assert encode(token, conform=False) == b'{"idToken":"no spaces","type":"Local"}'
    validate(IdTokenType, encode(token, conform=False))
    with pytest.raises(PayloadError, match="expected an identifier"):
        validate(IdTokenType, encode(token, conform=False), conform=True)


# Many at once


def test_a_batch_has_a_verdict_for_each() -> None:
    verdicts = validate_many(["HeartbeatRequest", AuthorizeRequest, AuthorizeRequest], [b"{}", "{}", AUTHORIZE])
    assert verdicts[0] is None and verdicts[2] is None
    assert isinstance(verdicts[1], PayloadError) and verdicts[1].keyword == "required"
    assert validate_many([], []) == []
    token = b'{"idToken":"no spaces","type":"Local"}'
    assert validate_many([IdTokenType], [token]) == [None]
    assert isinstance(validate_many([IdTokenType], [token], conform=True)[0], PayloadError)
    with pytest.raises(ValueError, match="as many"):
        validate_many([AuthorizeRequest], [])


# Leniency

STRAY = b"""{"x": {"y": 1}, "idToken": {"idToken": "%s", "type": "Local", "additionalInfo": null},
 "iso15118CertificateHashData": [{"hashAlgorithm": "MD5", "issuerNameHash": "a", "issuerKeyHash": "b",
  "serialNumber": "c", "responderURL": "d", "customData": {"vendorId": "%s"}}]}""" % (b"a" * 300, b"v" * 300)


def test_lenient_mode_takes_and_tells() -> None:
    found: list[Deviation] = []
    message = decode(AuthorizeRequest, STRAY, lenient=True, report=found.append)
    assert message.id_token.id_token == "a" * 300
    hashes = (message.iso15118_certificate_hash_data or [])[0]
    assert (hashes.hash_algorithm, type(hashes.hash_algorithm)) == ("MD5", str)
    assert hashes.custom_data == {"vendorId": "v" * 300}
    assert [(deviation.rule, deviation.pointer) for deviation in found] == [
        ("unknown member", "/x"),
        ("too long", "/idToken/idToken"),
        ("null", "/idToken/additionalInfo"),
        ("unknown value", "/iso15118CertificateHashData/0/hashAlgorithm"),
        ("too long", "/iso15118CertificateHashData/0/customData/vendorId"),
    ]
    assert all(len(deviation.found) <= 42 for deviation in found)
    assert str(found[3]) == '`/iso15118CertificateHashData/0/hashAlgorithm`: unknown value, found `"MD5"`'
    assert STRAY[found[3].offset :].startswith(b'"MD5"')
    assert decode(AuthorizeRequest, STRAY, lenient=True) == message


def test_lenient_mode_puts_values_into_lists() -> None:
    payload = b'{"tariffIds":["%s","b"]}' % (b"t" * 100)
    assert decode("ClearTariffsRequest", payload, lenient=True).tariff_ids == ["t" * 100, "b"]
    payload = b'{"idTokenInfo":{"status":"Accepted"},"allowedEnergyTransfer":["DC","AC_four_phase"]}'
    assert decode("AuthorizeResponse", payload, lenient=True).allowed_energy_transfer == ["DC", "AC_four_phase"]


def test_lenient_mode_reads_local_times_and_quoted_numbers() -> None:
    found: list[Deviation] = []
    payload = meter().replace(b'"evseId":1', b'"evseId":"1.0"').replace(b":00Z", b":00").replace(b": 1}", b':"1.5"}')
    message = decode(MeterValuesRequest, payload, lenient=True, report=found.append)
    assert message.evse_id == 1
    assert message.meter_value[0].timestamp == NOON
    assert message.meter_value[0].sampled_value[0].value == 1.5
    assert [deviation.rule for deviation in found] == ["quoted number", "no offset", "quoted number"]


@pytest.mark.parametrize(
    "payload",
    [b"{", b'{"idToken":null}', b"{}", b'{"idToken":{"idToken":"%s","type":"a"}}' % (b"a" * 1021), b'{"x":"\xff"}'],
)
def test_lenient_mode_never_forgives(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        decode(AuthorizeRequest, payload, lenient=True)


def test_what_is_valid_has_no_deviations() -> None:
    found: list[Deviation] = []
    assert decode(AuthorizeRequest, AUTHORIZE, lenient=True, report=found.append) == AuthorizeRequest(id_token=TOKEN)
    validate(AuthorizeRequest, AUTHORIZE, lenient=True, report=found.append)
    assert found == []
    validate(AuthorizeRequest, STRAY, lenient=True, report=found.append)
    assert len(found) == 5


def test_lenient_mode_tells_no_secrets() -> None:
    found: list[Deviation] = []
    profile = b"""{"messageTimeout": 1, "ocppCsmsUrl": "wss://a", "ocppInterface": "Wired0", "ocppTransport": "JSON",
     "securityProfile": 2, "basicAuthPassword": "%s", "basicAuthPasword": "s3cret"}""" % (b"s3cret" * 20)
    validate("NetworkConnectionProfileType", profile, lenient=True, report=found.append)
    assert [deviation.found for deviation in found] == ["something not shown here", '`"basicAuthPasword"`']


def test_a_decoder_remembers_how_strict_it_is() -> None:
    found: list[Deviation] = []
    lenient = Decoder(lenient=True, report=found.append)
    assert lenient.decode(AuthorizeRequest, STRAY).id_token.type == "Local"
    lenient.validate("AuthorizeRequest", STRAY)
    assert len(found) == 10
    strict = Decoder(conform=True)
    with pytest.raises(PayloadError, match="expected an identifier"):
        strict.decode("IdTokenType", b'{"idToken":"no spaces","type":"Local"}')
    with pytest.raises(PayloadError):
        strict.validate(AuthorizeRequest, STRAY)


def test_decoders_are_built_once() -> None:
    assert codec.SCHEMAS[GetVariableDataType] is codec.SCHEMAS[GetVariableDataType]
