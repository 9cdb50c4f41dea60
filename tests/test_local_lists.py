"""Updates of Local Authorization Lists: a difference makes one list the other, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp21.id_tokens import token_key
from ocpp21.local_lists import ListRefused, difference, updated
from ocpp21.messages import (
    AuthorizationData,
    AuthorizationStatusEnumType,
    IdTokenInfoType,
    IdTokenType,
    UpdateEnumType,
)

FULL, DIFFERENTIAL = UpdateEnumType.FULL, UpdateEnumType.DIFFERENTIAL

INFOS = st.sampled_from(list(AuthorizationStatusEnumType)).map(lambda status: IdTokenInfoType(status=status))
TOKENS = st.builds(
    lambda text, kind: IdTokenType(id_token=text, type=kind),
    st.text("abAB/", min_size=1, max_size=2),
    st.sampled_from(["ISO14443", "iso14443", "eMAID"]),
)
ENTRIES = st.builds(lambda token, info: AuthorizationData(id_token=token, id_token_info=info), TOKENS, INFOS)
CHANGES = st.builds(
    lambda token, info: AuthorizationData(id_token=token, id_token_info=info), TOKENS, st.none() | INFOS
)


def once(entries: list[AuthorizationData]) -> list[AuthorizationData]:
    """Each token once."""
    return list({token_key(entry.id_token): entry for entry in entries}.values())


LISTS = st.lists(ENTRIES, max_size=12).map(once)


@pytest.mark.use_case("D01")
@given(before=LISTS, after=LISTS)
def test_differential_is_full(before: list[AuthorizationData], after: list[AuthorizationData]) -> None:
    start, goal = updated({}, FULL, before), updated({}, FULL, after)
    changes = difference(start, goal)
    assert updated(start, DIFFERENTIAL, changes) == updated(start, FULL, after) == goal
    assert not difference(goal, goal) and len(changes) <= len(before) + len(after)


@pytest.mark.use_case("D01")
@given(before=LISTS, parts=st.lists(st.lists(CHANGES, max_size=5).map(once), max_size=5))
def test_many_parts_are_one_after_the_other(
    before: list[AuthorizationData], parts: list[list[AuthorizationData]]
) -> None:
    naive = {token_key(entry.id_token): entry for entry in before}
    entries = updated({}, FULL, before)
    for part in parts:
        for change in part:
            naive.pop(token_key(change.id_token), None)
            if change.id_token_info is not None:
                naive[token_key(change.id_token)] = change
        entries = updated(entries, DIFFERENTIAL, part)
        assert entries == naive  # D01.FR.16, D01.FR.17


@pytest.mark.use_case("D01")
@pytest.mark.parametrize("update_type", [FULL, DIFFERENTIAL])
def test_what_is_forbidden(update_type: UpdateEnumType) -> None:
    info = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)
    upper, lower = (
        AuthorizationData(id_token=IdTokenType(id_token=text, type="ISO14443"), id_token_info=info) for text in "Aa"
    )
    with pytest.raises(ListRefused, match="once") as caught:
        updated({}, update_type, [upper, lower])  # D01.FR.06
    assert caught.value.reason_code == "InvalidValue"
    bare = AuthorizationData(id_token=upper.id_token)
    if update_type is FULL:
        with pytest.raises(ListRefused, match="idTokenInfo"):
            updated({}, FULL, [bare])
    else:
        assert updated({"iso14443/a": upper}, DIFFERENTIAL, [bare]) == {}
