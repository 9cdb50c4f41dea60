"""The identity in the URL."""

from __future__ import annotations

import pytest

from ocpp21.asyncio.identity import InvalidPath, check_identity, connection_url, fold, identity_of
from ocpp21.errors import LocalProtocolError

GOOD = ["CS1", "cs1", "RDAM|123", "a" * 48, "*-_=+|@.", "a..b", "@"]

#: A09, as targets of requests.
TRICKS = [
    *(
        "/ocpp/CS%2F1",
        "/ocpp/CS%00",
        "/ocpp/%2e%2e",
        "/ocpp/..",
        "/ocpp/.",
        "/ocpp/CS1%20",
        "/ocpp/CS%0d%0a",
        "/ocpp/%",
    ),
    *("/ocpp/%zz", "/ocpp/CS%4", "/ocpp/" + "a" * 49, "/ocpp/a:b", "/ocpp/a%3ab", "/ocpp/", "/", "//", "", "CS1", "*"),
    *("/ocpp/CS1?x=/CS2", "/ocpp?x=/CS2/?", "/ocpp/CS1?", "http://host/ocpp/CS1", "/ocpp/%2541", "/ocpp/CS1%2520"),
    *("/ocpp/%EF%BC%A3S1", "/ocpp/%C3%A9", "/ocpp/%FF", "/ocpp/CS1#x", "/ocpp/CS1;v=1", "/ocpp/CS\x001", "/ocpp/CS 1"),
    *("/ocpp/CS%E2%84%AA", "/ocpp/\u212a", "/ocpp/%25", "/ocpp/%5c"),
]


@pytest.mark.parametrize("identity", GOOD)
def test_what_goes_into_a_url_comes_out_again(identity: str) -> None:
    url = connection_url("ws://csms.example/ocppj/", identity)
    target = url.removeprefix("ws://csms.example")
    assert identity_of(target) == identity_of(target, path="/ocppj") == identity


def test_a_url_is_encoded() -> None:
    assert connection_url("wss://csms.example/ocppj", "RDAM|123") == "wss://csms.example/ocppj/RDAM%7C123"


def test_an_identity_may_come_unencoded() -> None:
    assert identity_of("/ocppj/RDAM|123") == "RDAM|123"


@pytest.mark.parametrize("target", TRICKS, ids=ascii)
def test_tricks_are_refused(target: str) -> None:
    with pytest.raises(InvalidPath):
        identity_of(target)


@pytest.mark.parametrize("target", ["/CS1", "/other/CS1", "/ocpp/x/CS1", "/OCPP/CS1", "//ocpp/CS1"])
def test_another_endpoint_is_refused(target: str) -> None:
    assert identity_of(target) == "CS1"
    with pytest.raises(InvalidPath):
        identity_of(target, path="/ocpp/")


@pytest.mark.parametrize("identity", ["", "a" * 49, "a:b", "a b", "a/b", "é", "..", "CS1\n"])
def test_what_is_no_identity_is_refused(identity: str) -> None:
    with pytest.raises(LocalProtocolError, match="expected 1 to 48"):
        check_identity(identity)


@pytest.mark.parametrize(
    "url", ["http://h", "ws://", "h", "ws://u:p@h", "wss://u@h/x", "ws://h/?q", "ws://h/#f", "file:///etc", ""]
)
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(LocalProtocolError, match="expected a URL") as caught:
        connection_url(url, "CS1")
    assert "u:p" not in str(caught.value)


def test_nobody_shares_the_key_of_another() -> None:
    """Letters that only look alike, or fold into ASCII elsewhere, are other identities."""
    assert fold("CS*k") == fold("cs*K") == "cs*k"
    assert (
        len({fold(name) for name in ("k", "\u212a", "\uff4b", "κ", "s", "\u017f", "ss", "ß", "i", "İ", "\u0131")}) == 11
    )
