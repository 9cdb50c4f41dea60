"""Python names of the names on the wire."""

from __future__ import annotations

import keyword
from collections import defaultdict
from pathlib import Path

import published
import pytest

from codegen import names
from codegen.values import read

ROOT = Path(__file__).parents[2]

SNAKE = {
    "evseId": "evse_id",
    "id": "id",
    "limit_L2": "limit_l2",
    "setpointReactive_L3": "setpoint_reactive_l3",
    "CHAdeMOProtocolNumber": "chademo_protocol_number",
    "AllowCSMSTLSWildcards": "allow_csms_tls_wildcards",
    "PnCEnabled": "pnc_enabled",
    "soC": "soc",
    "targetSoC": "target_soc",
    "limitAtSoC": "limit_at_soc",
    "soH": "soh",
    "evMaxV2XEnergyRequest": "ev_max_v2x_energy_request",
    "prioritizedEMAIDs": "prioritized_emaids",
    "eMAID": "emaid",
    "iso15118CertificateHashData": "iso15118_certificate_hash_data",
    "ISO15118Certificate": "iso15118_certificate",
    "responderURL": "responder_url",
    "taxRuleID": "tax_rule_id",
    "priceScheduleId": "price_schedule_id",
    "priceScheduleID": "price_schedule_id",
    "fixedPF": "fixed_pf",
    "evSupportedDERControl": "ev_supported_der_control",
    "maxEnergyIdleTIme": "max_energy_idle_time",
    "useLocalListOnly": "use_local_list_only",
    "class": "class_",
    "None": "none",
    "L1-N": "l1_n",
}

MEMBERS = {
    "Energy.Active.Import.Register": "ENERGY_ACTIVE_IMPORT_REGISTER",
    "L1-N": "L1_N",
    "ISO15118-20": "ISO15118_20",
    "None": "NONE",
    "class": "CLASS_",
    "2.1": "VALUE_2_1",
    "RSASSA-PSS": "RSASSA_PSS",
}


@pytest.mark.parametrize(("wire", "name"), SNAKE.items())
def test_snake(wire: str, name: str) -> None:
    assert names.snake(wire) == name


@pytest.mark.parametrize(("value", "name"), MEMBERS.items())
def test_member(value: str, name: str) -> None:
    assert names.member(value) == name


def test_every_published_name_gets_a_good_one() -> None:
    homes = [*published.SCHEMAS.values(), *published.DEFINITIONS.values()]
    wires = {wire for home in homes for wire in home.get("properties", {})}
    assert len(wires) == 555
    snakes = defaultdict(set)
    for wire in wires:
        snakes[names.snake(wire)].add(wire)
    assert all(name.isidentifier() and name == name.lower() and not keyword.iskeyword(name) for name in snakes)
    shared = [wires for _, wires in sorted(snakes.items()) if len(wires) > 1]
    assert shared == [{"priceScheduleId", "priceScheduleID"}, {"soC", "soc"}]


def test_every_published_value_gets_a_name_of_its_own() -> None:
    for definition in published.DEFINITIONS.values():
        members = [names.member(value) for value in definition.get("enum", ())]
        assert len(set(members)) == len(members)
        assert all(member.isidentifier() and member == member.upper() for member in members)


def test_the_words_that_are_read_in_another_way_all_occur() -> None:
    homes = [*published.SCHEMAS.values(), *published.DEFINITIONS.values()]
    texts = {text for home in homes for text in [*home.get("properties", {}), *home.get("enum", ())]}
    texts |= {value.literal for item in read(ROOT / "codegen" / "values.toml") for value in item.values}
    texts.add((ROOT / "codegen" / "device-model.csv").read_text(encoding="utf-8"))
    assert [word for word in names.WORDS if not any(word in text for text in texts)] == []
