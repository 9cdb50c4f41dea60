"""Durable state: tables of records in one SQLite file, or in memory. Both roles build their stores on it.

* :mod:`ocpp21.database.tables`: ordered tables of JSON records, and series of them; what both kinds of tables are.
* :mod:`ocpp21.database.in_memory`, :mod:`ocpp21.database.in_sqlite`: the two kinds.
* :mod:`ocpp21.database.commits`: one connection, one thread, and one commit for all that waits.
* :mod:`ocpp21.database.files`: opening a file: lock, check, migrations.
"""

from ocpp21.database.commits import Database
from ocpp21.database.files import Schema
from ocpp21.database.in_memory import MemoryTables
from ocpp21.database.in_sqlite import SqliteTables
from ocpp21.database.tables import Change, Delete, Entry, Put, Rows, Tables

__all__ = ["Change", "Database", "Delete", "Entry", "MemoryTables", "Put", "Rows", "Schema", "SqliteTables", "Tables"]
