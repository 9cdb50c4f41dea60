# cython: language_level=3, auto_pickle=False, cdivision=True, boundscheck=False, wraparound=False
"""Checked JSON text to Structs, equal to those that ``msgspec.json.Decoder`` makes.

The walk that has checked a payload has written down where each value stands, and which field it is of. So nothing is
scanned again and no name is looked up: objects are made in the order of the tape, and their slots filled by a plan that
each class gets once. The text is known to be valid, which leaves memory as the one thing that can be wrong.

Whatever is rare (open values, text with escapes, long numbers, offsets of time) is decoded by msgspec, value by value;
a payload that had to be rewritten is so as a whole. So there is one authority on what a text means.
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.datetime cimport datetime_new, import_datetime
from cpython.mem cimport PyMem_Calloc
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy

from ocpp21._speedups.datetimetext cimport two_digits
from ocpp21._speedups.jsontext cimport ESCAPED, EXPONENT, NEGATIVE
from ocpp21._speedups.schema_tables cimport (
    OCPP_ARRAY,
    OCPP_BOOLEAN,
    OCPP_DATETIME,
    OCPP_ENUM,
    OCPP_ENUM_COUNT,
    OCPP_ENUMS,
    OCPP_FIELDS,
    OCPP_INTEGER,
    OCPP_NUMBER,
    OCPP_OBJECT,
    OCPP_OBJECT_COUNT,
    OCPP_OBJECTS,
    OCPP_STRING,
    OCPP_VALUES,
    ocpp_field,
    ocpp_object,
)
from ocpp21._speedups.slots cimport NO_SLOT, slot_offset
from ocpp21._speedups.tape cimport Item, Tape, free_tape, start_tape
from ocpp21._speedups.validators cimport as_bytes, check_walked, pool_text
from ocpp21._speedups.walk cimport Walk, walk_free, walk_prepare

import types
from datetime import datetime, timezone

import msgspec

# Declared for references that are handed on as they are, without counting up and down for every value.
cdef extern from *:
    """
    static inline PyObject *ocpp_new(PyTypeObject *kind) { return kind->tp_alloc(kind, 0); }
    """
    PyObject *new_object "ocpp_new"(PyTypeObject *kind) except NULL
    PyObject *Py_True
    PyObject *Py_False
    void Py_INCREF(PyObject *value)
    void Py_DECREF(PyObject *value)
    PyObject *PyList_New(Py_ssize_t length) except NULL
    void PyList_SET_ITEM(PyObject *values, Py_ssize_t place, PyObject *value)
    PyObject *PyFloat_FromDouble(double value) except NULL
    PyObject *PyLong_FromLongLong(long long value) except NULL
    PyObject *PyUnicode_New(Py_ssize_t length, int widest) except NULL
    PyObject *PyUnicode_DecodeUTF8(const char *text, Py_ssize_t length, const char *errors) except NULL
    void *PyUnicode_DATA(PyObject *text)

cdef enum:
    #: Characters of a number up to which its digits fit 64 bits.
    SAFE_DIGITS = 18

cdef struct Plan:  # of a class
    PyTypeObject *kind
    const ocpp_object *object
    Py_ssize_t *offsets  # of the slots, by the index of the field
    PyObject **defaults  # likewise

import_datetime()

cdef type SlotType = types.MemberDescriptorType
cdef object UTC = timezone.utc
cdef object any_value = msgspec.json.Decoder().decode
cdef object text_value = msgspec.json.Decoder(str).decode
cdef object moment = msgspec.json.Decoder(datetime).decode

cdef double TENS[SAFE_DIGITS]
TENS[:] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17]

# Of the classes that were planned so far, by their numbers in the tables; what they point to stays for good.
cdef Plan PLANS[OCPP_OBJECT_COUNT]
cdef PyObject **MEMBERS[OCPP_ENUM_COUNT]
cdef list kept = []


@cython.final
cdef class StructDecoder:
    def __cinit__(self, int number, fallback, find, /):
        if not 0 <= number < OCPP_OBJECT_COUNT:
            raise IndexError("no such schema")
        plan_object(number, find)
        self.number = number
        self.fallback = fallback

    def __call__(self, payload, /):
        return self.fallback(payload)

    def decode(self, data, int mode=0, /):
        cdef Py_buffer view
        data = as_bytes(data)
        if type(data) is bytes:
            return decode_span(self, data, <const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), mode)
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            return decode_span(self, data, <const uint8_t *>view.buf, view.len, mode)
        finally:
            PyBuffer_Release(&view)


cdef object decode_span(StructDecoder decoder, object data, const uint8_t *start, Py_ssize_t length, int mode):
    cdef Walk w
    cdef Tape tape
    cdef const Item *item
    walk_prepare(&w, mode)
    start_tape(&tape)
    w.tape = &tape
    try:
        checked = check_walked(&w, decoder.number, data, start, length)
        if checked is not data or PLANS[decoder.number].kind == NULL:
            return decoder.fallback(checked)
        item = tape.items
        return owned(build_object(&item, &PLANS[decoder.number]))
    finally:
        free_tape(&tape)
        walk_free(&w)


cdef inline object owned(PyObject *value):
    """Hand a new reference on to Python."""
    found = <object>value
    Py_DECREF(value)
    return found


cdef inline PyObject *given(value) except NULL:
    """Take a new reference from Python."""
    Py_INCREF(<PyObject *>value)
    return <PyObject *>value


# Plans


cdef int plan_object(int number, find) except -1:
    """Plan the class of an object and of all that it holds."""
    cdef Plan *plan = &PLANS[number]
    cdef const ocpp_object *o = &OCPP_OBJECTS[number]
    cdef Py_ssize_t i
    if o.is_open:
        return 0
    kind = find(pool_text(o.name, o.length))
    check_plain(kind, o.count)
    if plan.kind != NULL:
        if plan.kind != <PyTypeObject *>kind:
            raise TypeError(f"expected the class {kind.__name__} that was planned, found another one")
        return 0
    plan.object = o
    if plan.offsets == NULL:
        plan.offsets = <Py_ssize_t *>PyMem_Calloc(o.count + 1, sizeof(Py_ssize_t))
    if plan.defaults == NULL:
        plan.defaults = <PyObject **>PyMem_Calloc(o.count + 1, sizeof(PyObject *))
    if plan.offsets == NULL or plan.defaults == NULL:
        raise MemoryError
    for i in range(o.count):
        plan_field(plan, i, kind)
        if OCPP_FIELDS[o.first + i].kind == OCPP_OBJECT:
            plan_object(OCPP_FIELDS[o.first + i].index, find)
        elif OCPP_FIELDS[o.first + i].kind == OCPP_ENUM:
            plan_enum(OCPP_FIELDS[o.first + i].index, find)
    kept.append(kind)
    plan.kind = <PyTypeObject *>kind  # last: from here on it is used
    return 0


cdef int check_plain(kind, Py_ssize_t count) except -1:
    """See that objects of a class are nothing but their slots, as many as the schema has fields."""
    config = kind.__struct_config__
    if config.array_like or config.tag is not None or config.gc or config.cache_hash or hasattr(kind, "__post_init__"):
        raise TypeError(f"expected a plain class, found {kind.__name__}")
    if len(kind.__struct_fields__) != count:
        raise TypeError(f"expected {count} fields, found {len(kind.__struct_fields__)} in {kind.__name__}")
    return 0


cdef int plan_field(Plan *plan, Py_ssize_t i, kind) except -1:
    cdef const ocpp_field *field = &OCPP_FIELDS[plan.object.first + i]
    cdef Py_ssize_t place = kind.__struct_encode_fields__.index(pool_text(field.name, field.length))
    cdef Py_ssize_t required = len(kind.__struct_fields__) - len(kind.__struct_defaults__)
    descriptor = getattr(kind, kind.__struct_fields__[place])
    plan.offsets[i] = slot_offset(descriptor, SlotType)
    if plan.offsets[i] == NO_SLOT:
        raise TypeError(f"expected a slot of an object, found {descriptor!r}")
    default = kind.__struct_defaults__[place - required] if place >= required else msgspec.NODEFAULT
    kept.append(default)
    plan.defaults[i] = <PyObject *>default
    return 0


cdef int plan_enum(int number, find) except -1:
    cdef Py_ssize_t i, count = OCPP_ENUMS[number].count, first = OCPP_ENUMS[number].first
    cdef PyObject **members
    if MEMBERS[number] != NULL:
        return 0
    kind = find(pool_text(OCPP_ENUMS[number].name, OCPP_ENUMS[number].length))
    members = <PyObject **>PyMem_Calloc(count, sizeof(PyObject *))
    if members == NULL:
        raise MemoryError
    for i in range(count):
        member = kind(pool_text(OCPP_VALUES[first + i].name, OCPP_VALUES[first + i].length))
        kept.append(member)
        members[i] = <PyObject *>member
    MEMBERS[number] = members
    return 0


# Objects and arrays: every builder takes its items from the tape, and moves on


cdef PyObject *build_object(const Item **tape, const Plan *plan) except NULL:
    cdef PyObject *built = new_object(plan.kind)
    cdef PyObject **slot
    cdef Py_ssize_t left = tape[0].detail, i
    tape[0] += 1
    try:
        while left:
            i = tape[0].field
            slot = <PyObject **>(<char *>built + plan.offsets[i - plan.object.first])
            slot[0] = build_member(tape, &OCPP_FIELDS[i])
            left -= 1
        for i in range(plan.object.count):
            slot = <PyObject **>(<char *>built + plan.offsets[i])
            if slot[0] == NULL:
                Py_INCREF(plan.defaults[i])
                slot[0] = plan.defaults[i]
    except BaseException:
        Py_DECREF(built)
        raise
    return built


cdef inline PyObject *build_member(const Item **tape, const ocpp_field *field) except NULL:
    if field.flags & OCPP_ARRAY:
        return build_list(tape, field)
    return build_value(tape, field)


cdef PyObject *build_list(const Item **tape, const ocpp_field *field) except NULL:
    cdef Py_ssize_t count = tape[0].detail, i
    cdef PyObject *built = PyList_New(count)
    tape[0] += 1
    try:
        for i in range(count):
            PyList_SET_ITEM(built, i, build_value(tape, field))
    except BaseException:
        Py_DECREF(built)
        raise
    return built


cdef PyObject *build_value(const Item **tape, const ocpp_field *field) except NULL:
    cdef const Item *item = tape[0]
    cdef PyObject *found
    if field.kind == OCPP_OBJECT and not OCPP_OBJECTS[field.index].is_open:
        return build_object(tape, &PLANS[field.index])
    tape[0] += 1
    if field.kind == OCPP_STRING:
        return build_text(item)
    if field.kind == OCPP_ENUM:
        found = MEMBERS[field.index][item.detail]
    elif field.kind == OCPP_NUMBER:
        return build_number(item)
    elif field.kind == OCPP_INTEGER:
        return build_integer(item)
    elif field.kind == OCPP_DATETIME:
        return build_datetime(item)
    elif field.kind == OCPP_BOOLEAN:
        found = Py_True if item.start[0] == 0x74 else Py_False
    else:
        return given(any_value(text_of(item)))
    Py_INCREF(found)
    return found


cdef inline bytes text_of(const Item *item):
    return PyBytes_FromStringAndSize(<const char *>item.start, item.length)


# Single values


cdef PyObject *build_text(const Item *item) except NULL:
    cdef PyObject *built
    cdef Py_ssize_t length = item.length - 2  # without the quotes
    if item.detail == 0:
        built = PyUnicode_New(length, 127)
        memcpy(PyUnicode_DATA(built), item.start + 1, length)
        return built
    if item.detail & ESCAPED:
        return given(text_value(text_of(item)))
    return PyUnicode_DecodeUTF8(<const char *>item.start + 1, length, NULL)


cdef PyObject *build_integer(const Item *item) except NULL:
    cdef const uint8_t *p = item.start
    cdef const uint8_t *end = p + item.length
    cdef bint is_negative = p[0] == 0x2D
    cdef long long value = 0
    if item.length > SAFE_DIGITS:
        return given(any_value(text_of(item)))
    p += is_negative
    while p < end:
        value = 10 * value + (p[0] - 0x30)
        p += 1
    return PyLong_FromLongLong(-value if is_negative else value)


cdef PyObject *build_number(const Item *item) except NULL:
    """A number of up to 18 digits is one integer divided by a power of ten, both exact: so the quotient is, too."""
    cdef const uint8_t *p = item.start
    cdef const uint8_t *end = p + item.length
    cdef uint64_t digits = 0
    cdef int decimals = -1
    cdef double value
    if item.length > SAFE_DIGITS or item.detail & EXPONENT:
        return given(float(any_value(text_of(item))))
    p += item.detail & NEGATIVE
    while p < end:
        if p[0] == 0x2E:
            decimals = <int>(end - p) - 1
        else:
            digits = 10 * digits + (p[0] - 0x30)
        p += 1
    if digits >> 53:
        return given(float(any_value(text_of(item))))
    value = <double>digits / TENS[max(decimals, 0)]
    # -0 is an integer to begin with, of which there is but one zero.
    return PyFloat_FromDouble(-value if item.detail & NEGATIVE and (digits or decimals >= 0) else value)


cdef PyObject *build_datetime(const Item *item) except NULL:
    """A date-time in UTC; others are rare."""
    cdef const uint8_t *p = item.start + 1
    cdef const uint8_t *end = item.start + item.length - 2  # where Z stands
    cdef int fraction = 0, digits = 0
    if end[0] | 0x20 != 0x7A:
        return given(moment(text_of(item)))
    if end - p > 19:
        for digits in range(6):
            fraction = 10 * fraction + (p[20 + digits] - 0x30 if p + 20 + digits < end else 0)
    return given(
        datetime_new(
            two_digits(p) * 100 + two_digits(p + 2), two_digits(p + 5), two_digits(p + 8),
            two_digits(p + 11), two_digits(p + 14), two_digits(p + 17), fraction, UTC,
        )
    )
