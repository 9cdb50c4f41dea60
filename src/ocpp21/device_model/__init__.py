"""The device model: components, variables and what they hold; the standardized catalogue (Part 1, 4; B05 to B08).

:class:`DeviceModel` is the whole; the classes of :mod:`~ocpp21.device_model.catalogue` are its components with a typed
accessor for each standardized variable.
"""

from ocpp21.device_model.catalogue import GenericVariables
from ocpp21.device_model.characteristics import Characteristics, ValueRefused
from ocpp21.device_model.component import Accessor, Component
from ocpp21.device_model.data_types import (
    BOOLEAN,
    DATE_TIME,
    DECIMAL,
    INTEGER,
    MEMBER_LIST,
    OPTION_LIST,
    SEQUENCE_LIST,
    STRING,
    DataType,
)
from ocpp21.device_model.declaring import Mode, Options
from ocpp21.device_model.entry import Change
from ocpp21.device_model.minimal import EvseLayout
from ocpp21.device_model.model import DeviceModel
from ocpp21.device_model.pages import BYTES_PER_MESSAGE, pages
from ocpp21.device_model.persistence import Ignored
from ocpp21.device_model.place import Key, Place
from ocpp21.device_model.setting import CheckedSet
from ocpp21.device_model.standard import Row
from ocpp21.device_model.variable import Variable

__all__ = [
    "BOOLEAN",
    "BYTES_PER_MESSAGE",
    "DATE_TIME",
    "DECIMAL",
    "INTEGER",
    "MEMBER_LIST",
    "OPTION_LIST",
    "SEQUENCE_LIST",
    "STRING",
    "Accessor",
    "Change",
    "Characteristics",
    "CheckedSet",
    "Component",
    "DataType",
    "DeviceModel",
    "EvseLayout",
    "GenericVariables",
    "Ignored",
    "Key",
    "Mode",
    "Options",
    "Place",
    "Row",
    "ValueRefused",
    "Variable",
    "pages",
]
