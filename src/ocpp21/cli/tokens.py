"""Which IdTokens a CSMS accepts: options, and files with one to a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ocpp21 import codec
from ocpp21.cli.credentials import Unusable
from ocpp21.errors import OcppError
from ocpp21.messages import AuthorizeRequest, IdTokenType
from ocpp21.messages.values import IdTokenTypes

__all__ = ["read_tokens", "token_of"]

#: Most bytes of a file with IdTokens: some hundred thousand of them.
_MAX_SIZE: Final = 8 * 1024 * 1024


def token_of(text: str, /) -> IdTokenType:
    """Read an IdToken: ``04A2B3C4``, or ``04A2B3C4 Central`` with its type; ``ISO14443`` by default.

    Raises:
        Unusable: it is none.
    """
    words = text.split()
    if not 1 <= len(words) <= 2:
        raise Unusable(f"expected an IdToken and at most its type, found {len(words)} words")
    token = IdTokenType(id_token=words[0], type=words[1] if len(words) > 1 else IdTokenTypes.ISO14443)
    try:
        codec.encode(AuthorizeRequest(id_token=token))
    except OcppError as error:
        raise Unusable(f"expected an IdToken: {error}") from error
    return token


def read_tokens(options: Iterable[str], file: Path | None, /) -> list[IdTokenType]:
    """Read all that are named by options and in a file; of a line, what follows a ``#`` is a comment.

    Raises:
        Unusable: one is none, or the file cannot be read; the text says where.
    """
    return [*map(token_of, options), *(_lines(file) if file is not None else ())]


def _lines(file: Path) -> Iterator[IdTokenType]:
    try:
        with open(file, "rb") as stream:
            text = stream.read(_MAX_SIZE + 1).decode()
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{file}: expected UTF-8") from error
    if len(text) > _MAX_SIZE:
        raise Unusable(f"{file}: expected at most {_MAX_SIZE} bytes")
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if content:
            try:
                yield token_of(content)
            except Unusable as error:
                raise Unusable(f"{file}:{number}: {error}") from error
