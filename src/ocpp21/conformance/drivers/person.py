"""A person at a terminal, who is asked one thing at a time and may take their time.

Several systems under test may want something done at once, and a case may end while somebody is still being asked for
it. So all questions go through one thread; an answer to what nobody waits for any more is for nothing else.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ocpp21.conformance.drivers import CannotDo
from ocpp21.errors import printable

__all__ = ["Person"]

#: Shows a text and waits for a line; raises :exc:`EOFError` when none will ever come.
Ask = Callable[[str], str]

#: Longest answer, in bytes: who leaves a heavy thing on the keyboard has not answered.
_MAX_LINE: Final = 4096

_HOW: Final = "[Enter when done, n when it cannot be done]"


class Person:
    """Somebody who is asked for something to be done.

    Args:
        ask: shows a text and waits for the answer; on standard output and input by default.
    """

    def __init__(self, ask: Ask | None = None, /) -> None:
        self._ask: Final = ask or _Terminal().ask
        self._questions: Final[queue.SimpleQueue[_Question]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def do(self, text: str, /) -> None:
        """Have something done.

        Raises:
            CannotDo: the answer is no, or there is nobody to answer.
        """
        if self._thread is None:  # a daemon: a program must be able to end while nobody answers
            self._thread = threading.Thread(target=self._serve, daemon=True)
            self._thread.start()
        question = _Question(f"{printable(text)} {_HOW} ")
        self._questions.put(question)
        try:
            answer = await question.answer
        except EOFError:
            raise CannotDo(f"nobody is there to {text}") from None
        except asyncio.CancelledError:
            if question.is_shown:
                print("\nthat is no longer needed; if the run goes on, press Enter", flush=True)
            raise
        if answer.strip().lower().startswith("n"):
            raise CannotDo(f"the person cannot {text}")

    def _serve(self) -> None:
        while True:
            question = self._questions.get()
            if question.answer.done():
                continue
            question.is_shown = True
            try:
                question.settle(self._ask(question.text))
            except Exception:  # whatever has become of the terminal, the case must not wait for it
                question.settle(EOFError())


class _Question:
    def __init__(self, text: str) -> None:
        self.text: Final = text
        self.is_shown = False
        self._loop: Final = asyncio.get_running_loop()
        self.answer: Final[asyncio.Future[str]] = self._loop.create_future()

    def settle(self, answer: str | EOFError) -> None:
        with suppress(RuntimeError):  # the loop may have been closed meanwhile
            self._loop.call_soon_threadsafe(self._settle, answer)

    def _settle(self, answer: str | EOFError) -> None:
        if self.answer.done():
            return
        if isinstance(answer, str):
            self.answer.set_result(answer)
        else:
            self.answer.set_exception(answer)


class _Terminal:
    """Standard output and input.

    It reads the descriptor: the lock of a stream would keep the program from ending while somebody is asked.
    """

    def __init__(self) -> None:
        self._rest = b""

    def ask(self, text: str) -> str:
        """Show a text, and wait for a line."""
        sys.stdout.write(text)
        sys.stdout.flush()
        while b"\n" not in self._rest:
            try:
                data = os.read(sys.stdin.fileno(), _MAX_LINE)
            except (OSError, ValueError, AttributeError) as error:  # closed, or none at all
                raise EOFError from error
            if not data or len(self._rest) > _MAX_LINE:
                raise EOFError
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace")
