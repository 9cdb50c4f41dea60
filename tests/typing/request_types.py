"""What a type checker makes of requests and responses; checked by ../test_typing.py, never run.

A comment behind ``reveal_type`` gives the type that must be revealed there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar, reveal_type

from ocpp21 import codec
from ocpp21.messages import (
    ACTIONS,
    AuthorizeRequest,
    AuthorizeResponse,
    BootNotificationRequest,
    DataTransferRequest,
    IdTokenType,
    NotifyPeriodicEventStream,
    ResetRequest,
    TransactionEventRequest,
)
from ocpp21.wire import Request, Response, Send

R = TypeVar("R", bound=Response)


def call(request: Request[R]) -> R:
    raise NotImplementedError


def send(message: Send) -> None:
    raise NotImplementedError


def authorize(token: IdTokenType) -> AuthorizeResponse:
    response = call(AuthorizeRequest(id_token=token))
    reveal_type(response)  # AuthorizeResponse
    reveal_type(response.id_token_info.status)  # AuthorizationStatusEnumType
    return response


def answers(boot: BootNotificationRequest, reset: ResetRequest, stream: NotifyPeriodicEventStream) -> None:
    reveal_type(call(boot))  # BootNotificationResponse
    reveal_type(call(boot).current_time)  # datetime
    reveal_type(call(reset).status_info)  # StatusInfoType | None
    reveal_type(send(stream))  # None


def fields(event: TransactionEventRequest, transfer: DataTransferRequest) -> None:
    reveal_type(event.seq_no)  # int
    reveal_type(event.timestamp)  # datetime
    reveal_type(event.meter_value)  # list[MeterValueType] | None
    reveal_type(event.custom_data)  # dict[str, Any] | None
    reveal_type(transfer.message_id)  # str | None


def decoded(payload: bytes, action: str) -> Any:
    reveal_type(codec.decode(ResetRequest, payload))  # ResetRequest
    reveal_type(codec.decode("ResetRequest", payload))  # Any
    reveal_type(ACTIONS[action].request)  # type[Request[Any]] | type[Send]


def refused(token: IdTokenType, stream: NotifyPeriodicEventStream, now: datetime) -> None:
    call(stream)  # error
    send(AuthorizeRequest(id_token=token))  # error
    AuthorizeRequest()  # error
    AuthorizeRequest(token)  # error
    AuthorizeRequest(id_token=now)  # error
    AuthorizeRequest(id_token=token, idToken=token)  # error
    AuthorizeRequest(id_token=token).id_token = token  # error
