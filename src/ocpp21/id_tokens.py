"""IdTokens as both roles compare and sort them: by text and type, without regard to case (Part 2, C01)."""

from __future__ import annotations

from typing import Final

from ocpp21.messages import AuthorizationStatusEnumType, IdTokenInfoType, IdTokenType
from ocpp21.messages.values import IdTokenTypes

__all__ = ["ANYBODY", "is_accepted", "is_cacheable", "is_of", "same_text", "same_token", "token_key"]

#: Whoever needs no token: a start button, a station without authorization (C02.FR.01).
ANYBODY: Final = IdTokenType(id_token="", type=IdTokenTypes.NO_AUTHORIZATION)

# C02.FR.03, C05.FR.02; a payment is good for one use.
_NEVER_CACHED: Final = (IdTokenTypes.NO_AUTHORIZATION, IdTokenTypes.CENTRAL, IdTokenTypes.DIRECT_PAYMENT)


def same_text(one: str, other: str, /) -> bool:
    """Compare two identifierStrings, which know no case (Part 2, primitive datatypes)."""
    return one.casefold() == other.casefold()


def same_token(one: IdTokenType, other: IdTokenType, /) -> bool:
    """Whether two tokens are the same; additionalInfo plays no role (C01.FR.25)."""
    return token_key(one) == token_key(other)


def token_key(id_token: IdTokenType, /) -> str:
    """A text that is the same for the same tokens, and no others; types have no slash."""
    return f"{id_token.type.casefold()}/{id_token.id_token.casefold()}"


def is_of(id_token: IdTokenType, /, *types: str) -> bool:
    """Whether a token is of one of these types."""
    return any(same_text(id_token.type, type_) for type_ in types)


def is_cacheable(id_token: IdTokenType, /) -> bool:
    """Whether what is told of a token may be cached at all."""
    return not is_of(id_token, *_NEVER_CACHED)


def is_accepted(info: IdTokenInfoType, /) -> bool:
    """Whether a token may charge."""
    return info.status == AuthorizationStatusEnumType.ACCEPTED
