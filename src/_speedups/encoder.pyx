# cython: language_level=3, auto_pickle=False, cdivision=True
"""Structs to JSON text, byte for byte as ``msgspec.json.Encoder(decimal_format="number").encode`` writes them.

Three things make it faster than msgspec: names of members are copied ready-made, by a plan that each class gets once;
text is scanned and copied eight bytes at a time; and the commonest numbers and date-times need no general algorithm.

Whatever is rare in messages (open values, odd types, numbers of many digits, a slot that is not set) is written by the
fallback, msgspec itself, and its bytes are inserted. So there is one authority on text and errors.

The text grows in a buffer of the call, on the stack as long as it is short: the fallback may run the code of others,
which may encode in turn, and threads may share an encoder.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.datetime cimport (
    datetime_day, datetime_hour, datetime_microsecond, datetime_minute, datetime_month, datetime_second, datetime_year,
    import_datetime,
)
from cpython.dict cimport PyDict_GetItemWithError
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from ocpp21._speedups.jsonwriting cimport (
    ESCAPE, put, put_date, put_decimal, put_digits, put_escape, put_plain, put_time,
)
from ocpp21._speedups.slots cimport NO_SLOT, slot_offset

import enum
import types

import msgspec

# Declared for borrowed references: a count that goes up and down for every value would cost more than the copy of it.
cdef extern from *:
    PyTypeObject PyFloat_Type, PyLong_Type, PyUnicode_Type
    PyObject *Py_True
    PyObject *Py_False
    PyTypeObject *Py_TYPE(const PyObject *value)
    double PyFloat_AS_DOUBLE(PyObject *value)
    long long PyLong_AsLongLongAndOverflow(PyObject *value, int *overflow) except? -1
    bint PyUnicode_Check(PyObject *value)
    bint PyUnicode_IS_ASCII(PyObject *text)
    void *PyUnicode_DATA(PyObject *text)
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject *text)
    const char *PyUnicode_AsUTF8AndSize(PyObject *text, Py_ssize_t *size) except NULL
    bint PyDateTime_CheckExact(PyObject *value)
    PyObject *PyDateTime_DATE_GET_TZINFO(PyObject *value)
    PyObject *PyDateTime_TimeZone_UTC
    bint Py_EnterRecursiveCall(const char *where)  # true when it has raised RecursionError
    void Py_LeaveRecursiveCall()

cdef enum:
    NAME = 48  # room for the name of a member in all its punctuation; the standard's longest takes 42
    SCALAR = 40  # room for any number, date-time or literal name
    PROBES = 4  # places to look for a class in

cdef struct Member:
    Py_ssize_t offset  # of the slot
    PyObject *default  # that is not written: None, or UNSET when the member is required
    Py_ssize_t length  # of the name

cdef struct Plan:  # of a class
    PyTypeObject *kind
    Py_ssize_t count  # of members; negative when the class is left to the fallback
    Member *members
    char *names  # each as it is written, ,"name": and in a field of NAME bytes

import_datetime()

cdef object UNSET = msgspec.UNSET
cdef object NODEFAULT = msgspec.NODEFAULT
cdef type StructMeta = type(msgspec.Struct)
cdef type EnumType = enum.EnumType
cdef type SlotType = types.MemberDescriptorType


@cython.final
cdef class PlanOwner:
    """Keeps the memory of a plan."""

    cdef Plan plan

    def __dealloc__(self):
        PyMem_Free(self.plan.members)
        PyMem_Free(self.plan.names)


@cython.final
cdef class Encoder:
    def __cinit__(self, fallback, /):
        self.fallback = fallback
        self.plans = {}

    def __call__(self, message, /):
        return self.encode(message)

    cpdef bytes encode(self, message):
        cdef Output out
        cdef char *at
        begin_output(&out)
        try:
            at = write_message(self, &out, out.start, message)
            return PyBytes_FromStringAndSize(out.start, at - out.start)
        finally:
            end_output(&out)


cdef void begin_output(Output *out) noexcept:
    out.start = out.stack
    out.end = out.stack + STACK
    memset(out.met, 0, sizeof(out.met))


cdef void end_output(Output *out) noexcept:
    if out.start != out.stack:
        PyMem_Free(out.start)


cdef char *write_message(Encoder encoder, Output *out, char *at, message) except NULL:
    return write_value(encoder, out, reserve(out, at, SCALAR), <PyObject *>message)


# Plans


cdef inline const Plan *plan_of(Encoder self, Output *out, message) except NULL:
    """Find the plan of a Struct's class: among those met in this call, or in the dict, which keeps them for good."""
    cdef PyTypeObject *kind = Py_TYPE(<PyObject *>message)
    cdef size_t place = <size_t>kind >> 6 ^ <size_t>kind >> 12
    cdef size_t last = place + PROBES - 1
    cdef const Plan *plan = out.met[place % CLASSES]
    while plan != NULL and plan.kind != kind and place != last:
        place += 1
        plan = out.met[place % CLASSES]
    if plan == NULL or plan.kind != kind:
        plan = out.met[place % CLASSES] = stored_plan(self, type(message))
    return plan


cdef const Plan *stored_plan(Encoder self, type kind) except NULL:
    cdef PyObject *found = PyDict_GetItemWithError(self.plans, kind)
    if found == NULL:
        # Threads may race to make it; the first one stays.
        owner = self.plans.setdefault(kind, make_plan(kind))
        found = <PyObject *>owner
    return &(<PlanOwner>found).plan


cdef PlanOwner make_plan(type kind):
    """Plan a class; one that is not like our messages in every way is left to the fallback."""
    cdef PlanOwner owner = PlanOwner.__new__(PlanOwner)
    cdef Plan *plan = &owner.plan
    cdef Py_ssize_t count = len(kind.__struct_fields__), i
    cdef tuple defaults = (NODEFAULT,) * (count - len(kind.__struct_defaults__)) + kind.__struct_defaults__
    plan.kind = <PyTypeObject *>kind
    plan.count = -1
    config = kind.__struct_config__
    if config.array_like or config.tag is not None or not config.omit_defaults:
        return owner
    plan.members = <Member *>PyMem_Calloc(count, sizeof(Member))
    plan.names = <char *>PyMem_Calloc(count, NAME)
    if plan.members == NULL or plan.names == NULL:
        raise MemoryError
    for i in range(count):
        if not plan_member(plan, i, kind, kind.__struct_fields__[i], kind.__struct_encode_fields__[i], defaults[i]):
            return owner
    plan.count = count
    return owner


cdef bint plan_member(Plan *plan, Py_ssize_t i, type kind, str field, str name, default) except -1:
    """Plan a member, if its place is known for certain and None is the only default that need not be written."""
    cdef bytes text = f',"{name}":'.encode()
    descriptor = getattr(kind, field, None)
    cdef Py_ssize_t offset = slot_offset(descriptor, SlotType)
    if offset == NO_SLOT or descriptor.__name__ != field or len(text) > NAME:
        return False
    if default is not None and default is not NODEFAULT and default is not UNSET:
        return False
    plan.members[i].offset = offset
    plan.members[i].default = <PyObject *>None if default is None else <PyObject *>UNSET
    plan.members[i].length = len(text)
    memcpy(plan.names + i * NAME, <const char *>text, len(text))
    return True


# Output: every writer takes the place to write to, where there is room for a SCALAR, and returns the place behind


cdef char *grow(Output *out, char *at, Py_ssize_t room) except NULL:
    cdef size_t used = at - out.start
    cdef size_t size = max(2 * <size_t>(out.end - out.start), used + <size_t>room)  # each term is below PY_SSIZE_T_MAX
    cdef char *start = <char *>PyMem_Realloc(NULL if out.start == out.stack else out.start, size)
    if start == NULL:
        raise MemoryError
    if out.start == out.stack:
        memcpy(start, out.stack, used)
    out.start = start
    out.end = start + size
    return start + used


cdef inline char *write_value(Encoder self, Output *out, char *at, PyObject *value) except NULL:
    cdef PyTypeObject *kind = Py_TYPE(value)
    if kind == &PyUnicode_Type:
        return write_text(out, at, value)
    if kind == &PyFloat_Type:
        return write_float(self, out, at, value)
    if kind == &PyLong_Type:
        return write_integer(self, out, at, value)
    if value == Py_True:
        return put(at, b"true", 4)
    if value == Py_False:
        return put(at, b"false", 5)
    if PyUnicode_Check(value) and Py_TYPE(<PyObject *>kind) == <PyTypeObject *>EnumType:
        return write_text(out, at, value)
    return write_other(self, out, at, value)


cdef char *write_other(Encoder self, Output *out, char *at, PyObject *borrowed) except NULL:
    """Write a value that holds others, or that is not so common."""
    value = <object>borrowed  # held from here on: the fallback may run code that takes it out of its place
    if type(type(value)) is StructMeta:
        return write_struct(self, out, at, value)
    if type(value) is list:
        return write_list(self, out, at, value)
    if PyDateTime_CheckExact(borrowed) and PyDateTime_DATE_GET_TZINFO(borrowed) == PyDateTime_TimeZone_UTC:
        return write_datetime(at, value)
    if value is None:
        return put(at, b"null", 4)
    return write_foreign(self, out, at, value)


cdef char *write_foreign(Encoder self, Output *out, char *at, value) except NULL:
    cdef bytes text = self.fallback(value)
    at = reserve(out, at, PyBytes_GET_SIZE(text))
    return put(at, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


cdef char *write_struct(Encoder self, Output *out, char *at, message) except NULL:
    cdef const Plan *plan = plan_of(self, out, message)
    if plan.count < 0:
        return write_foreign(self, out, at, message)
    if Py_EnterRecursiveCall(b" while serializing an object"):
        return NULL
    try:
        return write_members(self, out, at, message, plan)
    finally:
        Py_LeaveRecursiveCall()


cdef char *write_members(Encoder self, Output *out, char *at, message, const Plan *plan) except NULL:
    cdef Py_ssize_t start = at - out.start, i
    cdef PyObject *value
    for i in range(plan.count):
        value = (<PyObject **>(<char *><PyObject *>message + plan.members[i].offset))[0]
        if value == plan.members[i].default or value == <PyObject *>UNSET:
            continue
        if value == NULL:
            return write_foreign(self, out, out.start + start, message)
        at = reserve(out, at, NAME + SCALAR)
        memcpy(at, plan.names + i * NAME, NAME)  # of a fixed size, to be a few instructions
        at = write_value(self, out, at + plan.members[i].length, value)
    return enclose(out, at, start, b"{", b"}")


cdef char *write_list(Encoder self, Output *out, char *at, list values) except NULL:
    cdef Py_ssize_t start = at - out.start
    if Py_EnterRecursiveCall(b" while serializing an object"):
        return NULL
    try:
        for value in values:
            at = reserve(out, at, 1 + SCALAR)
            at[0] = b","
            at = write_value(self, out, at + 1, <PyObject *>value)
    finally:
        Py_LeaveRecursiveCall()
    return enclose(out, at, start, b"[", b"]")


cdef inline char *enclose(Output *out, char *at, Py_ssize_t start, char opening, char closing) except NULL:
    """Put the brackets around members; each has brought a comma, and the first one's place is that of the opening."""
    at = reserve(out, at, 2)
    if at == out.start + start:
        at += 1
    out.start[start] = opening
    at[0] = closing
    return at + 1


# Single values


cdef char *write_text(Output *out, char *at, PyObject *text) except NULL:
    cdef Py_ssize_t length
    cdef const char *p
    if PyUnicode_IS_ASCII(text):
        p = <const char *>PyUnicode_DATA(text)
        length = PyUnicode_GET_LENGTH(text)
    else:
        p = PyUnicode_AsUTF8AndSize(text, &length)
    cdef const char *end = p + length
    at = reserve(out, at, length + 2)
    at[0] = b'"'
    at += 1
    at = put_plain(at, &p, end)
    while p != end:
        at = put_escape(reserve(out, at, ESCAPE + (end - p) + 1), p[0])
        p += 1
        at = put_plain(at, &p, end)
    at[0] = b'"'
    return at + 1


cdef char *write_integer(Encoder self, Output *out, char *at, PyObject *value) except NULL:
    cdef int overflow
    cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow != 0:
        return write_other(self, out, at, value)
    if number >= 0:
        return put_digits(at, <uint64_t>number)
    at[0] = b"-"
    return put_digits(at + 1, 0 - <uint64_t>number)


cdef char *write_float(Encoder self, Output *out, char *at, PyObject *value) except NULL:
    cdef char *end = put_decimal(at, PyFloat_AS_DOUBLE(value))
    return end if end != NULL else write_other(self, out, at, value)


cdef char *write_datetime(char *at, when) noexcept:
    """Write a date-time in UTC."""
    at = put_date(at, datetime_year(when), datetime_month(when), datetime_day(when))
    return put_time(at, datetime_hour(when), datetime_minute(when), datetime_second(when), datetime_microsecond(when))
