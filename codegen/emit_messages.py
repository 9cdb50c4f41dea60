"""Model -> ``src/ocpp21/messages``: Structs and enumerations through datamodel-code-generator, the rest by template.

The tool gets one document of enumerations, one of datatypes and one per functional block, made from the model, and
writes one module each. An optional field is handed over as a required one that may be null, because the tool would
write ``UNSET`` for it otherwise; the template gives the default back. Nothing is done to the text that it writes but
formatting.
"""

from __future__ import annotations

import json
import tempfile
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
from datamodel_code_generator import InputFileType, generate
from datamodel_code_generator.enums import DataModelType
from datamodel_code_generator.format import DatetimeClassType, PythonVersion

from codegen.formatting import LINE_LENGTH, format_folder
from codegen.model import Action, Array, Enumeration, Field, Model, Object, Reference, Scalar, Type
from codegen.names import snake
from codegen.values import ValueList

TEMPLATES = Path(__file__).parent / "templates"
PACKAGE = Path("src/ocpp21/messages")

_INITIATORS = {"CS": "the Charging Station", "CSMS": "the CSMS", "BOTH": "either side"}

Module = list[Object] | list[Enumeration]


def emit(model: Model, values: Iterable[ValueList], header: str) -> dict[Path, str]:
    """Write the package ``ocpp21.messages``.

    Returns:
        Formatted source by path from the root of the checkout.
    """
    modules = _modules(model)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        out = root / "out"
        _write_structs(model, modules, root / "in", out, header)
        _write_tables(model, modules, list(values), out, header)
        format_folder(out)
        return {PACKAGE / path.name: path.read_text(encoding="utf-8") for path in sorted(out.glob("*.py"))}


def _modules(model: Model) -> dict[str, Module]:
    """What stands in which module; the one open datatype is no class but an alias of the base module."""
    blocks: dict[str, Module] = {
        block.module: [message for action in model.actions if action.block == block for message in action.messages]
        for block in model.blocks
    }
    datatypes = [datatype for datatype in model.datatypes if not datatype.is_open]
    return {"enumerations": list(model.enumerations), "datatypes": datatypes, **blocks}


def _write_structs(model: Model, modules: Mapping[str, Module], source: Path, out: Path, header: str) -> None:
    homes = {item.name: module for module, items in modules.items() for item in items}
    source.mkdir()
    for module, items in modules.items():
        definitions = {item.name: _definition(item, homes) for item in items}
        if module == "datatypes":
            definitions |= _item_aliases(model)
        (source / f"{module}.json").write_text(json.dumps({"definitions": definitions}), encoding="utf-8")
    generate(
        source,
        input_file_type=InputFileType.JsonSchema,
        output=out,
        output_model_type=DataModelType.MsgspecStruct,
        target_python_version=PythonVersion.PY_311,
        custom_template_dir=TEMPLATES / "structs",
        custom_file_header=header,
        disable_timestamp=True,
        keep_model_order=True,
        base_class="ocpp21.wire.Datatype",
        base_class_map=dict(_base_classes(model)),
        extra_template_data=_class_facts(model),
        aliases={field.wire: field.name for item in model.objects.values() for field in item.fields},
        output_datetime_class=DatetimeClassType.Datetime,
        use_annotated=True,
        field_constraints=True,
        strict_nullable=True,
        use_double_quotes=True,
        use_exact_imports=True,
        use_type_checking_imports=False,
        skip_root_model=True,
        formatters=[],
    )


def _definition(item: Object | Enumeration, homes: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(item, Enumeration):
        members = [member for member, _ in item.members]
        return {"type": "string", "enum": [value for _, value in item.members], "x-enum-varnames": members}
    # "data" of DataTransfer may be null, which is not the same as absent: the tool's own UNSET is right there.
    return {
        "type": "object",
        "properties": {field.wire: _property(field, homes) for field in item.fields},
        "required": [field.wire for field in item.fields if field.type != Scalar("any")],
    }


def _property(field: Field, homes: Mapping[str, str]) -> dict[str, Any]:
    schema = _schema(field.type, homes)
    if field.required or field.type == Scalar("any"):
        return schema
    if isinstance(field.type, Reference):
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def _schema(type_: Type, homes: Mapping[str, str]) -> dict[str, Any]:
    match type_:
        case Reference(name) if name in homes:
            return {"$ref": f"{homes[name]}.json#/definitions/{name}"}
        case Reference(name):  # the open datatype
            return {"type": "object", "customTypePath": f"ocpp21.wire.{name}"}
        case Array(items, min_items, max_items):
            alias = _item_alias(items)
            item = {"$ref": f"datatypes.json#/definitions/{alias}"} if alias else _schema(items, homes)
            return _present({"type": "array", "items": item, "minItems": min_items, "maxItems": max_items})
        case Scalar("any"):
            return {}
        case Scalar("date-time"):
            return {"type": "string", "format": "date-time"}
        case _:
            limits = {"minimum": type_.minimum, "maximum": type_.maximum, "maxLength": type_.max_length}
            return _present({"type": type_.kind, **limits})


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    return {keyword: value for keyword, value in schema.items() if value is not None}


def _item_alias(items: Scalar | Reference) -> str | None:
    """Name the type of a list's items that carry a limit; the tool would make up a name from the field's."""
    match items:
        case Scalar("string", max_length=int(length)):
            return f"String{length}"
        case Scalar("integer", minimum=int(minimum)):
            return f"IntegerFrom{minimum}"
    return None


def _item_aliases(model: Model) -> dict[str, dict[str, Any]]:
    arrays = [field.type for item in model.objects.values() for field in item.fields if isinstance(field.type, Array)]
    return {alias: _schema(array.items, {}) for array in arrays if (alias := _item_alias(array.items))}


def _base_classes(model: Model) -> Iterator[tuple[str, str]]:
    for action in model.actions:
        yield action.request.name, f"ocpp21.wire.{'Send' if action.kind == 'SEND' else 'Request'}"
        if action.response:
            yield action.response.name, "ocpp21.wire.Response"


def _class_facts(model: Model) -> defaultdict[str, dict[str, Any]]:
    """What the class template needs besides the definition."""
    facts: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    facts |= {enumeration.name: {"docstring": enumeration.text} for enumeration in model.enumerations}
    notes = {message.name: _note(action, message) for action in model.actions for message in action.messages}
    parameters = {action.request.name: f'["{action.response.name}"]' for action in model.actions if action.response}
    for name, item in model.objects.items():
        facts[name] = {
            "docstring": _docstring(item, notes.get(name, f"Source: Part 3, definition {name}.")),
            "parameter": parameters.get(name, ""),
            "optional_fields": [field.wire for field in item.fields if not field.required],
        }
    return facts


def _note(action: Action, message: Object) -> str:
    source = f"Block {action.block.letter}, {action.block.title}. Source: Part 3, {message.name}.json."
    if message == action.response:
        return f"Answer to :class:`{action.request.name}`.\n{source}"
    answer = f"answered with :class:`{action.response.name}`" if action.response else "never answered"
    return f"Sent by {_INITIATORS[action.initiator]}, {answer}.\n{source}"


def _docstring(item: Object, note: str) -> str:
    lines = [item.text, "", *note.splitlines()]
    if item.fields:
        lines += ["", "Attributes:"]
        lines += [line for field in item.fields for line in _wrap(f"{field.name}: {_field_line(field)}")]
    return "\n".join([*lines, ""])


def _wrap(entry: str) -> list[str]:
    """Lay out an entry of the attribute list, which stands four columns in, in a docstring that does so too."""
    return textwrap.wrap(
        entry, LINE_LENGTH - 4, initial_indent="    ", subsequent_indent="        ", break_on_hyphens=False
    )


def _field_line(field: Field) -> str:
    """The text of a field, and in brackets its unit, limits and default."""
    limits = list(_limits(field.type))
    if field.default is not None:
        limits.append(f"default {json.dumps(field.default)}")
    facts = ", ".join(filter(None, [field.unit, *limits]))
    return f"{field.text} [{facts}]" if facts else field.text


def _limits(type_: Type) -> Iterator[str]:
    match type_:
        case Array(items, minimum, maximum):
            yield f"{minimum} to {maximum} items" if maximum else f"{minimum} or more items"
            yield from (f"each {limit}" for limit in _limits(items))
        case Scalar(max_length=int(length)):
            yield f"at most {length} characters"
        case Scalar(minimum=int(minimum), maximum=int(maximum)):
            yield f"{minimum} to {maximum}"
        case Scalar(minimum=int(minimum)):
            yield f"{minimum} or more"
        case Scalar(maximum=int(maximum)):
            yield f"{maximum} or less"


def _write_tables(model: Model, modules: Mapping[str, Module], values: list[ValueList], out: Path, header: str) -> None:
    """Write what is no class: the package's face, the registry and the predefined values."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, autoescape=False
    )
    environment.filters["json"] = json.dumps
    exports = {module: [item.name for item in items] for module, items in modules.items()}
    messages = {block.module: exports[block.module] for block in model.blocks}
    handlers = {action.name: f"on_{snake(action.request.name)}" for action in model.actions}
    facts: dict[str, dict[str, Any]] = {
        "__init__": {"exports": exports, "aliases": [item.name for item in model.datatypes if item.is_open]},
        "registry": {"exports": messages, "model": model, "handlers": handlers},
        "values": {"lists": values},
    }
    for name, context in facts.items():
        text = environment.get_template(f"{name}.jinja2").render(header=header, **context)
        (out / f"{name}.py").write_text(text, encoding="utf-8")
