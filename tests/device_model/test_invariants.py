"""What holds whatever is asked: sets, gets and reports agree, and all that leaves is valid."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocpp21 import codec
from ocpp21.device_model import DeviceModel, EvseLayout
from ocpp21.messages import (
    AttributeEnumType,
    ComponentCriterionEnumType,
    ComponentType,
    ComponentVariableType,
    EVSEType,
    GetVariableDataType,
    GetVariablesResponse,
    MutabilityEnumType,
    ReportBaseEnumType,
    SetVariableDataType,
    SetVariablesResponse,
    VariableType,
)

ATTRIBUTES = st.sampled_from([None, *AttributeEnumType])


def station() -> DeviceModel:
    model = DeviceModel.minimal([EvseLayout(), EvseLayout(("cCCS2",), 150_000, 0)])
    for evse_id in (1, 2):
        power = model.evse(evse_id).power
        power.support(AttributeEnumType.TARGET, mutability=MutabilityEnumType.READ_WRITE)
    for variable in model:
        variable.honour()
    return model


PLACES = [variable.place for variable in station()]
TEXTS = st.sampled_from(["", "0", "1", "-1", "1.5", "true", "Any", "JSON", "HTTPS", "2026-01-31T12:00:00Z", "x" * 16])


@st.composite
def names(draw: st.DrawFn) -> tuple[ComponentType, VariableType]:
    """A variable that is there, spelt anyhow, or one that is not."""
    place = draw(st.sampled_from(PLACES))
    spell = draw(st.sampled_from([str, str.lower, str.upper, lambda text: f"{text}x"]))
    component = place.component_type
    if draw(st.integers(0, 9)) == 0:
        component = ComponentType(name=component.name, evse=EVSEType(id=draw(st.integers(0, 3))))
    return (
        ComponentType(name=spell(component.name), instance=component.instance, evse=component.evse),
        VariableType(name=spell(place.variable), instance=place.instance or None),
    )


@st.composite
def settings_of(draw: st.DrawFn) -> list[SetVariableDataType]:
    return [
        SetVariableDataType(
            component=component,
            variable=variable,
            attribute_type=draw(ATTRIBUTES),
            attribute_value=draw(st.one_of(TEXTS, st.text(max_size=20))),
        )
        for component, variable in draw(st.lists(names(), min_size=1, max_size=8))
    ]


RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@RELAXED
@given(settings_of())
def test_a_set_is_all_that_its_changes_say(asked: list[SetVariableDataType]) -> None:
    model, twin = station(), station()
    before = model.report()
    checked = model.check_set(asked)
    assert model.report() == before
    codec.encode(SetVariablesResponse(set_variable_result=checked.results))
    assert len(checked.results) == len(asked)
    done = [result.attribute_status.value for result in checked.results].count("Accepted")
    assert len(checked.changes) <= done
    model.apply(checked.changes)
    assert twin.set_variables(asked) == checked
    assert twin.report() == model.report()
    # A set again changes nothing, whatever else the elements were.
    last = {(change.place, change.attribute): change.new for change in checked.changes}
    for (place, attribute), new in last.items():
        again = SetVariableDataType(
            component=place.component_type,
            variable=place.variable_type,
            attribute_type=attribute,
            attribute_value=new,
        )
        result, changes = model.check_set([again])
        assert (result[0].attribute_status, changes) == ("Accepted", ())


@RELAXED
@given(settings_of())
def test_what_was_stored_is_what_was_set(asked: list[SetVariableDataType]) -> None:
    model, restored = station(), station()
    model.set_variables(asked)
    assert restored.load(model.persistent_values()) == []
    assert restored.persistent_values() == model.persistent_values()
    assert restored.report() == model.report()


@RELAXED
@given(settings_of(), st.lists(st.tuples(names(), ATTRIBUTES), min_size=1, max_size=8))
def test_a_get_tells_what_the_report_tells(
    asked: list[SetVariableDataType],
    wanted: list[tuple[tuple[ComponentType, VariableType], AttributeEnumType | None]],
) -> None:
    model = station()
    model.set_variables(asked)
    told = {
        (row.component, row.variable, attribute.type): attribute.value
        for row in model.base_report(ReportBaseEnumType.FULL_INVENTORY)
        for attribute in row.variable_attribute
    }
    data = [
        GetVariableDataType(component=component, variable=variable, attribute_type=attribute)
        for (component, variable), attribute in wanted
    ]
    results = model.get_variables(data)
    codec.encode(GetVariablesResponse(get_variable_result=results))
    spelt = {(str(c).lower(), str(v).lower(), a): value for (c, v, a), value in told.items()}
    for result in results:
        component = result.component
        if component.evse is not None and component.evse.id == 0:
            component = ComponentType(name=component.name, instance=component.instance)
        key = (str(component).lower(), str(result.variable).lower(), result.attribute_type)
        if result.attribute_status == "Accepted":
            assert result.attribute_value == spelt[key]
        else:
            assert result.attribute_value is None
            assert key not in spelt or result.attribute_status == "Rejected"


@RELAXED
@given(
    st.lists(st.sampled_from(list(ComponentCriterionEnumType)), max_size=4),
    st.lists(st.tuples(names(), st.booleans()), max_size=4),
)
def test_a_report_is_part_of_the_whole_and_filters_only_narrow(
    criteria: list[ComponentCriterionEnumType], pairs: list[tuple[tuple[ComponentType, VariableType], bool]]
) -> None:
    model = station()
    whole = model.base_report(ReportBaseEnumType.FULL_INVENTORY)
    wanted = [
        ComponentVariableType(component=component, variable=variable if with_variable else None)
        for (component, variable), with_variable in pairs
    ]
    both = model.report(criteria, wanted)
    for row in both:
        codec.encode(row)
    # In the order of the whole, each row once.
    assert both == [row for row in whole if row in both]
    assert both == [row for row in model.report(criteria) if row in model.report(None, wanted)]
    if wanted:
        first, rest = model.report(None, wanted[:1]), model.report(None, wanted[1:]) if wanted[1:] else []
        assert model.report(None, wanted) == [row for row in whole if row in first or row in rest]
