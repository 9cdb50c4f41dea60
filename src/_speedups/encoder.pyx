# cython: language_level=3, auto_pickle=False, cdivision=True, freethreading_compatible=True
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
    datetime_day,
    datetime_hour,
    datetime_microsecond,
    datetime_minute,
    datetime_month,
    datetime_second,
    datetime_year,
    import_datetime,
)
from cpython.dict cimport PyDict_GetItemWithError
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject, PyTypeObject
from libc.math cimport fabs, signbit
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy, memset

from ocpp21._speedups.jsontext cimport first_byte, load64

import enum
import types

import msgspec

cdef extern from "structmember.h":
    int T_OBJECT_EX

    ctypedef struct PyMemberDef:
        int type
        Py_ssize_t offset

    ctypedef struct PyMemberDescrObject:
        PyMemberDef *d_member

# Declared for borrowed references: a count that goes up and down for every value would cost more than the copy of it.
cdef extern from *:
    PyTypeObject PyFloat_Type, PyList_Type, PyLong_Type, PyUnicode_Type
    PyObject *Py_None
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
    int Py_EnterRecursiveCall(const char *where) except -1
    void Py_LeaveRecursiveCall()

cdef enum:
    STACK = 4096  # bytes of text that need no memory from the heap
    NAME = 48  # room for the name of a member in all its punctuation; the standard's longest takes 42
    SCALAR = 40  # room for any number, date-time or literal name
    ESCAPE = 7  # room for any escape, and the closing quote

cdef double LARGEST = 1e15  # below it, a double tells all numbers of 15 digits apart

# The letter behind the backslash, of each control character.
cdef const char *LETTERS = b"uuuuuuuubtnufruuuuuuuuuuuuuuuuuu"
cdef const char *HEX = b"0123456789abcdef"

cdef struct Member:
    Py_ssize_t offset  # of the slot
    PyObject *default  # not written: None, or NULL when the member is required
    Py_ssize_t length  # of the name

cdef struct Known:
    PyTypeObject *kind
    PyObject *plan

cdef struct Output:
    char *start
    char *at
    char *end
    Known known[16]
    char stack[STACK]

import_datetime()

cdef object UNSET = msgspec.UNSET
cdef object NODEFAULT = msgspec.NODEFAULT
cdef type StructMeta = type(msgspec.Struct)
cdef type EnumType = enum.EnumType
cdef type SlotType = types.MemberDescriptorType


@cython.final
cdef class Plan:
    """How to write the Structs of one class."""

    cdef Py_ssize_t count  # of members; negative when the class is left to the fallback
    cdef Member *members
    cdef char *names  # each as it is written, ,"name": and in a field of NAME bytes

    def __dealloc__(self):
        PyMem_Free(self.members)
        PyMem_Free(self.names)


@cython.final
cdef class Encoder:
    def __cinit__(self, fallback, /):
        self.fallback = fallback
        self.plans = {}

    def __call__(self, message, /):
        return self.encode(message)

    cpdef bytes encode(self, message):
        cdef Output out
        out.start = out.at = out.stack
        out.end = out.stack + STACK
        memset(out.known, 0, sizeof(out.known))
        try:
            write_value(self, &out, <PyObject *>message)
            return PyBytes_FromStringAndSize(out.start, out.at - out.start)
        finally:
            if out.start != out.stack:
                PyMem_Free(out.start)


# Plans


cdef inline Plan plan_of(Encoder self, Output *out, message):
    """Find the plan of a Struct's class: among those met in this call, or in the dict, which keeps them for good."""
    cdef PyTypeObject *kind = Py_TYPE(<PyObject *>message)
    cdef Known *known = &out.known[(<size_t>kind >> 5 ^ <size_t>kind >> 10) % 16]
    if known.kind != kind:
        known.plan = stored_plan(self, type(message))
        known.kind = kind
    return <Plan>known.plan


cdef PyObject *stored_plan(Encoder self, type kind) except NULL:
    cdef PyObject *found = PyDict_GetItemWithError(self.plans, kind)
    if found == NULL:
        # Threads may race to make it; the first one stays.
        plan = self.plans.setdefault(kind, make_plan(kind))
        found = <PyObject *>plan
    return found


cdef Plan make_plan(type kind):
    """Plan a class; one that is not like our messages in every way is left to the fallback."""
    cdef Plan plan = Plan.__new__(Plan)
    cdef Py_ssize_t count = len(kind.__struct_fields__), i
    cdef tuple defaults = (NODEFAULT,) * (count - len(kind.__struct_defaults__)) + kind.__struct_defaults__
    plan.count = -1
    config = kind.__struct_config__
    if config.array_like or config.tag is not None or not config.omit_defaults:
        return plan
    plan.members = <Member *>PyMem_Malloc(count * sizeof(Member))
    plan.names = <char *>PyMem_Malloc(count * NAME)
    if plan.members == NULL or plan.names == NULL:
        raise MemoryError
    for i in range(count):
        if not plan_member(plan, i, kind, kind.__struct_fields__[i], kind.__struct_encode_fields__[i], defaults[i]):
            return plan
    plan.count = count
    return plan


cdef bint plan_member(Plan plan, Py_ssize_t i, type kind, str field, str name, default) except -1:
    """Plan a member, if its place is known for certain and None is the only default that need not be written."""
    cdef bytes text = f',"{name}":'.encode()
    cdef PyMemberDef *slot
    descriptor = getattr(kind, field, None)
    if type(descriptor) is not SlotType or descriptor.__name__ != field or len(text) > NAME:
        return False
    if default is not None and default is not NODEFAULT and default is not UNSET:
        return False
    slot = (<PyMemberDescrObject *>descriptor).d_member
    if slot.type != T_OBJECT_EX:
        return False
    plan.members[i].offset = slot.offset
    plan.members[i].default = Py_None if default is None else NULL
    plan.members[i].length = len(text)
    memcpy(plan.names + i * NAME, <const char *>text, len(text))
    return True


# Output


cdef inline int reserve(Output *out, Py_ssize_t room) except -1:
    return grow(out, room) if out.end - out.at < room else 0


cdef int grow(Output *out, Py_ssize_t room) except -1:
    cdef size_t used = out.at - out.start
    cdef size_t size = max(2 * <size_t>(out.end - out.start), used + <size_t>room)  # each term is below PY_SSIZE_T_MAX
    cdef char *start = <char *>PyMem_Realloc(NULL if out.start == out.stack else out.start, size)
    if start == NULL:
        raise MemoryError
    if out.start == out.stack:
        memcpy(start, out.stack, used)
    out.start = start
    out.at = start + used
    out.end = start + size
    return 0


cdef inline int put(Output *out, const char *text, Py_ssize_t length) except -1:
    reserve(out, length)
    memcpy(out.at, text, length)
    out.at += length
    return 0


# Values; where one is written there is room for a SCALAR


cdef inline int write_value(Encoder self, Output *out, PyObject *value) except -1:
    cdef PyTypeObject *kind = Py_TYPE(value)
    if kind == &PyUnicode_Type:
        return write_text(out, value)
    if Py_TYPE(<PyObject *>kind) == <PyTypeObject *>EnumType and PyUnicode_Check(value):
        return write_text(out, value)
    if kind == &PyFloat_Type and write_float(out, PyFloat_AS_DOUBLE(value)):
        return 0
    if kind == &PyLong_Type and write_integer(out, value):
        return 0
    if value == Py_True:
        return put(out, b"true", 4)
    if value == Py_False:
        return put(out, b"false", 5)
    return write_other(self, out, <object>value)


cdef int write_other(Encoder self, Output *out, value) except -1:
    """Write a value that holds others, or that is not so common."""
    if type(type(value)) is StructMeta:
        return write_struct(self, out, value)
    if type(value) is list:
        return write_list(self, out, value)
    if PyDateTime_CheckExact(<PyObject *>value):
        if PyDateTime_DATE_GET_TZINFO(<PyObject *>value) == PyDateTime_TimeZone_UTC:
            return write_datetime(out, value)
    if value is None:
        return put(out, b"null", 4)
    return write_foreign(self, out, value)


cdef int write_foreign(Encoder self, Output *out, value) except -1:
    cdef bytes text = self.fallback(value)
    return put(out, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


cdef int write_struct(Encoder self, Output *out, message) except -1:
    cdef Plan plan = plan_of(self, out, message)
    cdef Py_ssize_t start = out.at - out.start
    cdef bint known = False
    Py_EnterRecursiveCall(b" while serializing an object")
    try:
        known = write_members(self, out, message, plan)
    finally:
        Py_LeaveRecursiveCall()
    if not known:
        out.at = out.start + start
        return write_foreign(self, out, message)
    reserve(out, 2)
    # Every member has brought a comma; the first one's place is that of the brace.
    if out.at - out.start == start:
        out.at += 1
    out.start[start] = b"{"
    out.at[0] = b"}"
    out.at += 1
    return 0


cdef bint write_members(Encoder self, Output *out, message, Plan plan) except -1:
    """Write the members of a Struct, unless the fallback has to."""
    cdef Py_ssize_t i
    cdef Member *member
    cdef PyObject *value
    for i in range(plan.count):
        member = &plan.members[i]
        value = (<PyObject **>(<char *><PyObject *>message + member.offset))[0]
        if value == NULL:
            return False
        if value == member.default or value == <PyObject *>UNSET:
            continue
        reserve(out, NAME + SCALAR)
        memcpy(out.at, plan.names + i * NAME, NAME)  # of a fixed size, to be a few instructions
        out.at += member.length
        write_value(self, out, value)
    return plan.count >= 0


cdef int write_list(Encoder self, Output *out, list values) except -1:
    cdef Py_ssize_t start = out.at - out.start
    Py_EnterRecursiveCall(b" while serializing an object")
    try:
        for value in values:
            reserve(out, 1 + SCALAR)
            out.at[0] = b","
            out.at += 1
            write_value(self, out, <PyObject *>value)
    finally:
        Py_LeaveRecursiveCall()
    reserve(out, 2)
    if out.at - out.start == start:
        out.at += 1
    out.start[start] = b"["
    out.at[0] = b"]"
    out.at += 1
    return 0


# Text


cdef inline uint64_t escaped_bytes(uint64_t word) noexcept nogil:
    """Mark the bytes that cannot stand in a string as they are; the lowest mark is exact, those above need not be."""
    cdef uint64_t ones = 0x0101010101010101
    cdef uint64_t quote = word ^ ones * 0x22
    cdef uint64_t backslash = word ^ ones * 0x5C
    return (quote - ones & ~quote | backslash - ones & ~backslash | word - ones * 0x20 & ~word) & ones * 0x80


cdef inline const char *copy_plain(Output *out, const char *p, const char *end) noexcept:
    """Copy text, for which there is room, up to its first byte that needs an escape; returns that byte's place."""
    cdef const char *start = p
    cdef char *at = out.at
    cdef uint64_t marks
    while p < end:
        if end - p < 8:
            if end - start < 8:
                break
            p = end - 8  # once more over bytes that are known to be plain
        marks = escaped_bytes(load64(p))
        memcpy(at + (p - start), p, 8)
        if marks != 0:
            p += first_byte(marks)
            break
        p += 8
    while p < end and <uint8_t>p[0] >= 0x20 and p[0] != 0x22 and p[0] != 0x5C:
        at[p - start] = p[0]
        p += 1
    out.at = at + (p - start)
    return p


cdef int write_text(Output *out, PyObject *text) except -1:
    cdef Py_ssize_t length
    cdef const char *p
    cdef const char *end
    if PyUnicode_IS_ASCII(text):
        p = <const char *>PyUnicode_DATA(text)
        length = PyUnicode_GET_LENGTH(text)
    else:
        p = PyUnicode_AsUTF8AndSize(text, &length)
    end = p + length
    reserve(out, length + 2)
    out.at[0] = b'"'
    out.at += 1
    while True:
        p = copy_plain(out, p, end)
        if p == end:
            break
        reserve(out, ESCAPE + (end - p))
        write_escape(out, p[0])
        p += 1
    out.at[0] = b'"'
    out.at += 1
    return 0


cdef void write_escape(Output *out, uint8_t c) noexcept:
    cdef char letter = LETTERS[c] if c < 0x20 else <char>c
    out.at[0] = b"\\"
    out.at[1] = letter
    out.at += 2
    if letter == b"u":
        memcpy(out.at, b"00", 2)
        out.at[2] = 0x30 + (c >> 4)
        out.at[3] = HEX[c & 0x0F]
        out.at += 4


# Numbers


cdef inline void put_two(char *at, unsigned int value) noexcept:
    at[0] = <char>(0x30 + value // 10)
    at[1] = <char>(0x30 + value % 10)


cdef void write_unsigned(Output *out, uint64_t value) noexcept:
    cdef uint64_t rest = value
    cdef char *at
    out.at += 1
    while rest >= 10:
        rest //= 10
        out.at += 1
    at = out.at
    while value >= 100:
        at -= 2
        put_two(at, value % 100)
        value //= 100
    if value >= 10:
        put_two(at - 2, <unsigned int>value)
    else:
        at[-1] = <char>(0x30 + value)


cdef bint write_integer(Output *out, PyObject *value) except -1:
    """Write an int, if it has at most 64 bits."""
    cdef int overflow
    cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow != 0:
        return False
    if number < 0:
        out.at[0] = b"-"
        out.at += 1
    write_unsigned(out, 0 - <uint64_t>number if number < 0 else <uint64_t>number)
    return True


cdef bint write_float(Output *out, double number) noexcept:
    """Write a float, if it is the nearest to a decimal of at most 15 digits with at most 4 of them behind the point.

    A double tells all decimals of 15 digits apart: that decimal is its shortest text, which msgspec writes.
    """
    cdef double size = fabs(number)
    cdef uint64_t digits, scale = 1
    cdef int decimals = 0
    if not size < LARGEST:  # as it is for NaN
        return False
    digits = <uint64_t>size
    while <double>digits / <double>scale != size:
        scale *= 10
        decimals += 1
        if decimals > 4 or size * <double>scale >= LARGEST:
            return False
        digits = <uint64_t>(size * <double>scale + 0.5)
    if signbit(number):
        out.at[0] = b"-"
        out.at += 1
    write_unsigned(out, digits // scale)
    write_decimals(out, digits % scale, max(decimals, 1))
    return True


cdef inline void write_decimals(Output *out, uint64_t digits, int count) noexcept:
    cdef int place
    out.at[0] = b"."
    for place in range(count, 0, -1):
        out.at[place] = <char>(0x30 + digits % 10)
        digits //= 10
    out.at += 1 + count


# Date-times


cdef int write_datetime(Output *out, when) except -1:
    """Write a date-time in UTC."""
    cdef char *at = out.at
    cdef int fraction = datetime_microsecond(when)
    memcpy(at, b'"YYYY-MM-DDThh:mm:ss', 20)
    put_two(at + 1, datetime_year(when) // 100)
    put_two(at + 3, datetime_year(when) % 100)
    put_two(at + 6, datetime_month(when))
    put_two(at + 9, datetime_day(when))
    put_two(at + 12, datetime_hour(when))
    put_two(at + 15, datetime_minute(when))
    put_two(at + 18, datetime_second(when))
    at += 20
    if fraction != 0:
        at[0] = b"."
        put_two(at + 1, fraction // 10000)
        put_two(at + 3, fraction // 100 % 100)
        put_two(at + 5, fraction % 100)
        at += 7
    memcpy(at, b'Z"', 2)
    out.at = at + 2
    return 0
