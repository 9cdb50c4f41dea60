"""The attacks upon the sockets, by family, and which tests replay them: ``python -m pytest -m attack``.

A test carries the families that it replays as ``@pytest.mark.attack("A01", ...)``. Those of single frames, A30 to A49,
stand in the names of the cases of ``hostile.py``; A21, A27 and A29 are matters of blocks that are not there yet.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

FAMILIES = {
    "A01": "no password",
    "A02": "a wrong password",
    "A03": "the password of another station",
    "A04": "no client certificate, or one that is not good, or of another station",
    "A05": "guessing passwords in masses",
    "A06": "reading the right password off the time that a wrong one takes",
    "A07": "masses of connections from one source that finish no handshake",
    "A08": "finding out which identities there are",
    "A09": "identities that are spelt in odd ways",
    "A10": "a second connection of an identity, with good credentials",
    "A11": "the same while the first one is half-open",
    "A12": "two connections that throw one another out",
    "A13": "taking over while a call is outstanding",
    "A14": "the late end of a connection that was taken over",
    "A15": "the answer of a connection that was taken over",
    "A16": "answering what another connection was asked",
    "A17": "old TLS, weak suites, compression, no TLS at all, towards a CSMS",
    "A18": "the same and bad certificates, towards a Charging Station",
    "A19": "lowering the security profile, and URLs that lead elsewhere",
    "A20": "ending the transaction of another station",
    "A22": "transactions that end twice, start twice, or go on after their end",
    "A23": "seqNos that come again, are missing, fall, or are beyond all",
    "A24": "meters that go backwards, or show what no meter shows",
    "A25": "one token in two transactions",
    "A26": "reports that nobody has asked for, or that never end",
    "A28": "data of vendors that nobody knows",
    "A50": "WebSocket frames of every kind, good and bad",
    "A51": "odd lists of subprotocols",
    "A52": "odd lists of extensions",
    "A53": "headers that are too many, too long, folded, or there twice",
    "A54": "frames without a mask, floods of pings, data after the end",
    "A55": "handshakes and frames that come byte by byte",
    "A56": "a peer that never reads",
    "A57": "a browser that was led here from another site",
    "A58": "what is no upgrade",
    "A59": "secrets in logs",
}


def replayed(folder: Path) -> Iterator[tuple[str, str]]:
    """Each family that a test carries, and the name of the test."""
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.attack":
                        yield from ((ast.literal_eval(family), f"{path.name}::{node.name}") for family in mark.args)
