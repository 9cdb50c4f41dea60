"""Who handles which message of the peer: a table by message class, from a mapping, an object, or a decorator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, cast

from ocpp21.errors import LocalProtocolError
from ocpp21.messages.registry import ACTION_OF, ACTIONS
from ocpp21.session import Side
from ocpp21.wire import Message, Request, Response, Send

__all__ = ["Handler", "Handlers", "Table", "check", "table"]

#: Takes a message and returns its answer, now or later; that of a SEND is not used. To refuse, it raises a CallError.
Handler: TypeAlias = Callable[[Any], Response | Awaitable[Response | None] | None]

#: What tells the handlers: a mapping by message class, or an object with methods ``on_<message>``.
Handlers: TypeAlias = Mapping[type[Request[Any]] | type[Send], Handler] | object

#: The messages that can be handled, by the name of the method.
_MESSAGES: Final = {action.handler: action.request for action in ACTIONS.values()}


def check(message: type[Message], side: Side, /) -> None:
    """See that a message can come to a side.

    Raises:
        LocalProtocolError: it is none that is handled, or the side itself is the one to send it.
    """
    action = ACTION_OF.get(message)
    if action is None or issubclass(message, Response):
        raise LocalProtocolError(f"expected the class of a request, found {message!r}")
    if action.initiator == side:
        raise LocalProtocolError(f"expected a request to the {side}, found {action.name}")


class Table(dict[type[Message], Handler]):
    """Handlers by message class, checked; many connections share one."""


def table(handlers: Handlers | None, side: Side, /) -> Table:
    """Make a table of handlers; a table stays as it is.

    Args:
        handlers: a mapping by message class, or an object whose methods ``on_<message>`` are the handlers.
        side: who we are.

    Raises:
        LocalProtocolError: a handler is misspelt, or its message never comes to this side.
    """
    if isinstance(handlers, Table):
        return handlers
    if handlers is None:
        return Table()
    found = Table(cast(Any, handlers) if isinstance(handlers, Mapping) else _methods(handlers))
    for message in found:
        check(message, side)
    return found


def _methods(owner: object) -> dict[type[Message], Handler]:
    names = [name for name in dir(type(owner)) if name.startswith("on_")]
    for name in names:
        if name not in _MESSAGES:
            raise LocalProtocolError(f"expected on_<message>, found {type(owner).__name__}.{name}")
    return {_MESSAGES[name]: getattr(owner, name) for name in names}
