"""The identity in the URL."""

from __future__ import annotations

import pytest

from ocpp21.errors import LocalProtocolError
from ocpp21.identity import InvalidPath, check_identity, connection_url, fold, identity_of

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


@pytest.mark.attack("A09")
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


@pytest.mark.attack("A19")
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "ws:// or wss://, found `file`"),
        ("http://h", "ws:// or wss://, found `http`"),
        ("javascript:alert(1)", "ws:// or wss://, found `javascript`"),
        ("csms.example.com", "ws:// or wss://, found ``"),
        ("", "ws:// or wss://, found ``"),
        ("ws://", "with a host"),
        ("wss:///ocpp", "with a host"),
        ("wss://csms:0/ocpp", "with a host"),
        ("ws://user:secret@h", "without user"),
        ("wss://secret@h/x", "without user"),
        ("ws://h/?secret", "without user, query and fragment"),
        ("ws://h/#secret", "without user, query and fragment"),
        ("wss://csms:99999/ocpp", "expected a URL, found another text"),
        ("wss://[::1/ocpp", "expected a URL, found another text"),
        ("w\ns://h", "expected a URL, found another text"),
        (" ws://h", "expected a URL, found another text"),
        ("ws://h/\x1b[31m", "expected a URL, found another text"),
        ("ws://csms\u3002example", "expected a URL, found another text"),
        ("wss://csms:1/" + "x" * 1988, "at most 2000 characters, found 2001"),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_what_is_no_endpoint_is_refused(url: str, why: str) -> None:
    with pytest.raises(LocalProtocolError, match="expected a URL") as caught:
        connection_url(url, "CS1")
    assert why in str(caught.value) and "secret" not in str(caught.value)


def test_the_scheme_is_spelt_in_one_way() -> None:
    """Whoever looks at it, to see whether there is TLS, looks for small letters."""
    assert connection_url("WSS://Csms", "CS1") == "wss://Csms/CS1"


def test_the_longest_endpoint() -> None:
    assert len(connection_url("wss://csms:1/" + "x" * 1987, "CS1")) == 2004


@pytest.mark.attack("A09")
def test_nobody_shares_the_key_of_another() -> None:
    """Letters that only look alike, or fold into ASCII elsewhere, are other identities."""
    assert fold("CS*k") == fold("cs*K") == "cs*k"
    assert (
        len({fold(name) for name in ("k", "\u212a", "\uff4b", "κ", "s", "\u017f", "ss", "ß", "i", "İ", "\u0131")}) == 11
    )
