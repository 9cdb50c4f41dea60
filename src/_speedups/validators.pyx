# cython: language_level=3, auto_pickle=False
# cython: freethreading_compatible=True
"""The byte validator: one exact truth about every payload. The walk itself is in walk.pyx."""

from datetime import datetime, timezone

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport uint8_t

from ocpp21._speedups.datetimetext cimport LEAP_SECOND, NOT_UTC, DateTime, scan_datetime
from ocpp21._speedups.decimals cimport Decimal, read_decimal
from ocpp21._speedups.jsontext cimport Text, plain_text, scan_string
from ocpp21._speedups.notes cimport (
    NOTE_DATETIME,
    NOTE_ENUM,
    NOTE_INTEGER,
    NOTE_LONG,
    NOTE_NO_OFFSET,
    NOTE_NULL,
    NOTE_QUOTED,
    NOTE_UNKNOWN,
    Note,
)
from ocpp21._speedups.places cimport MAX_STEPS, Step, find_place
from ocpp21._speedups.schema_tables cimport (
    OCPP_ARRAY,
    OCPP_ENUM,
    OCPP_ENUMS,
    OCPP_FIELDS,
    OCPP_IDENTIFIER,
    OCPP_INTEGER,
    OCPP_MAX_LENGTH,
    OCPP_MAXIMUM,
    OCPP_MINIMUM,
    OCPP_OBJECT,
    OCPP_OBJECT_COUNT,
    OCPP_OBJECTS,
    OCPP_POOL,
    OCPP_SECRET,
    OCPP_VALUES,
    ocpp_enum,
    ocpp_field,
    ocpp_object,
)
from ocpp21._speedups.walk cimport (
    KEY_ADDITIONAL,
    KEY_MAX_ITEMS,
    KEY_MEMORY,
    KEY_MIN_ITEMS,
    KEY_REQUIRED,
    KEY_UNIQUE,
    MODE_CANONICAL,
    Walk,
    walk_free,
    walk_json,
    walk_payload,
    walk_prepare,
)

from ocpp21 import refusal

CONFORM = 1
CANONICAL = 2
LENIENT = 4

cdef enum:
    #: Payloads from this size on are checked without the GIL; below, giving it up costs more than it brings.
    NOGIL_SIZE = 65536
    #: Bytes of the payload that an error looks at.
    FOUND_SIZE = 512
    DATETIME_ROOM = 256

cdef tuple KEYWORDS = (
    "", "json", "utf-8", "surrogate", "uniqueMembers", "depth", "range", "type", "required", "additionalProperties",
    "enum", "minimum", "maximum", "maxLength", "minItems", "maxItems", "format", "identifierString", "integer32",
    "fractionDigits", "decimals",
)  # by walk.Keyword
cdef tuple KINDS = ("any", "boolean", "date-time", "enum", "integer", "number", "object", "string")  # by OCPP_...
cdef tuple DEVIATIONS = ("", "", "null", "unknown member", "too long", "unknown value", "no offset", "quoted number")


cdef str pool_text(size_t name, size_t length):
    return PyUnicode_DecodeASCII(&OCPP_POOL[name], <Py_ssize_t>length, NULL)


SCHEMAS = {pool_text(OCPP_OBJECTS[i].name, OCPP_OBJECTS[i].length): i for i in range(OCPP_OBJECT_COUNT)}

cdef enum:
    #: Stands for the schema of a text that has none.
    NO_SCHEMA = -1


@cython.final
@cython.internal
cdef class Buffer:
    """Bytes of the caller, held for as long as this lives."""

    cdef Py_buffer view
    cdef const uint8_t *start
    cdef Py_ssize_t length

    def __cinit__(self, data):
        PyObject_GetBuffer(data, &self.view, PyBUF_SIMPLE)
        self.start = <const uint8_t *>self.view.buf
        self.length = self.view.len

    def __dealloc__(self):
        PyBuffer_Release(&self.view)


def check(int schema, data, int mode=0):
    cdef Buffer buffer
    if type(data) is bytes:
        return check_span(schema, data, <const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), mode, NULL)
    data = as_bytes(data)
    buffer = Buffer(data)
    return check_span(schema, data, buffer.start, buffer.length, mode, NULL)


cdef object as_bytes(data):
    """Text as the UTF-8 that it would be on the wire; a lone surrogate in it is refused as such later."""
    return data.encode("utf-8", "surrogatepass") if type(data) is str else data


cdef object check_span(int schema, object data, const uint8_t *start, Py_ssize_t length, int mode, bint *nulls):
    cdef Walk w
    walk_prepare(&w, mode)
    try:
        checked = check_walked(&w, schema, data, start, length)
        if nulls != NULL:
            nulls[0] = w.nulls
        return checked
    finally:
        walk_free(&w)


cdef object check_walked(Walk *w, int schema, object data, const uint8_t *start, Py_ssize_t length):
    cdef bint valid
    if not 0 <= schema < OCPP_OBJECT_COUNT:
        raise IndexError("no such schema")
    if length < NOGIL_SIZE:
        valid = walk_payload(w, schema, start, length)
    else:
        with nogil:
            valid = walk_payload(w, schema, start, length)
    if not valid:
        raise refused(w, schema)
    return data if w.notes.count == 0 else rewritten(w)


def check_json(data):
    cdef Buffer buffer = Buffer(data)
    cdef Walk w
    walk_prepare(&w, 0)
    try:
        if not walk_json(&w, buffer.start, buffer.length):
            raise refused(&w, NO_SCHEMA)
    finally:
        walk_free(&w)


def check_many(schemas, payloads, int mode=0):
    cdef list texts = [as_bytes(payload) for payload in payloads]
    cdef list buffers = [Buffer(text) for text in texts]
    cdef Py_ssize_t count = len(buffers), i
    cdef list verdicts = [None] * count
    cdef Job *jobs
    cdef Buffer buffer
    if len(schemas) != count:
        raise ValueError("expected as many schemas as payloads")
    jobs = <Job *>PyMem_Malloc(max(count, 1) * sizeof(Job))
    if jobs == NULL:
        raise MemoryError
    try:
        for i in range(count):
            buffer = buffers[i]
            jobs[i] = Job(schemas[i], buffer.start, buffer.length, True)
            if not 0 <= jobs[i].schema < OCPP_OBJECT_COUNT:
                raise IndexError("no such schema")
        with nogil:
            for i in range(count):
                run(&jobs[i], mode)
        for i in range(count):
            if not jobs[i].valid:
                try:
                    check(jobs[i].schema, texts[i], mode)
                except refusal.PayloadError as error:
                    verdicts[i] = error
    finally:
        PyMem_Free(jobs)
    return verdicts


cdef struct Job:
    int schema
    const uint8_t *start
    Py_ssize_t length
    bint valid


cdef void run(Job *job, int mode) noexcept nogil:
    cdef Walk w
    walk_prepare(&w, mode)
    job.valid = walk_payload(&w, job.schema, job.start, job.length)
    walk_free(&w)


def tolerate(int schema, data, int mode=0):
    data = as_bytes(data)
    cdef Buffer buffer = Buffer(data)
    cdef Walk w
    if not 0 <= schema < OCPP_OBJECT_COUNT:
        raise IndexError("no such schema")
    walk_prepare(&w, mode | LENIENT)
    try:
        if not walk_payload(&w, schema, buffer.start, buffer.length):
            raise refused(&w, schema)
        if w.notes.count == 0:
            return data, []
        return rewritten(&w), [
            deviation(&w, &w.notes.items[i], schema) for i in range(w.notes.count) if w.notes.items[i].kind >= NOTE_NULL
        ]
    finally:
        walk_free(&w)


cdef tuple deviation(Walk *w, Note *note, int schema):
    """What was tolerated: its name, path, offset, the bytes found, and whether they may be a secret."""
    cdef const uint8_t *at = note.found
    cdef const uint8_t *end = note.found_end
    cdef Text text
    if note.kind == NOTE_UNKNOWN:  # its name says enough, and its value may be a secret under a misspelt name
        text.end = end
        end = scan_string(&text, at + 1) + 1
    found = PyBytes_FromStringAndSize(<const char *>at, end - at)
    path = path_to(w, at, KEY_ADDITIONAL if note.kind == NOTE_UNKNOWN else 0)
    return DEVIATIONS[note.kind], path, at - w.start, found, leads_to_secret(schema, path)


# Refusals


cdef object refused(Walk *w, int schema):
    """Build the error for a walk that has ended in a refusal."""
    cdef Py_ssize_t offset
    if w.keyword == KEY_MEMORY:
        return MemoryError()
    offset = w.at - w.start
    found = PyBytes_FromStringAndSize(<const char *>w.at, min(FOUND_SIZE, w.text.end - w.at))
    path = path_to(w, w.at, w.keyword)
    facts = facts_of(w)
    facts["is_secret"] = leads_to_secret(schema, path)
    return refusal.payload_error(KEYWORDS[w.keyword], path, offset, found, facts)


cdef dict facts_of(Walk *w):
    """What the tables know of the place of a refusal."""
    if w.keyword == KEY_REQUIRED:
        return {"missing": field_name(w.missing)}
    if w.keyword == KEY_ADDITIONAL:
        return {"members": [field_name(w.object.first + i) for i in range(w.object.count)]}
    if w.field == NULL:
        return {"kind": "object"}
    facts = describe_field(w.field)
    if w.array_due:
        facts["kind"] = "array"
    return facts


cdef bint leads_to_secret(int schema, list path):
    """Say whether a path ends in a field that may hold a secret; where no schema tells, the last name decides."""
    cdef const ocpp_field *field
    names = [step for step in path if type(step) is str]
    for name in names:
        field = find_field(schema, name)
        if field == NULL:
            return names[-1] in SECRET_NAMES
        if field.flags & OCPP_SECRET:
            return True
        if field.kind == OCPP_OBJECT:
            schema = field.index
        else:
            schema = NO_SCHEMA
    # Where an object is due, a peer may have put the secret itself: {"idToken": "1234"}.
    return schema != NO_SCHEMA and len(names) > 0 and names[-1] in SECRET_NAMES


cdef const ocpp_field *find_field(int schema, str name):
    """A field by its name, slowly, without need of a hash; NULL when there is none, or no schema."""
    cdef int i
    if schema != NO_SCHEMA:
        for i in range(OCPP_OBJECTS[schema].first, OCPP_OBJECTS[schema].first + OCPP_OBJECTS[schema].count):
            if field_name(i) == name:
                return &OCPP_FIELDS[i]
    return NULL


cdef str field_name(int index):
    return pool_text(OCPP_FIELDS[index].name, OCPP_FIELDS[index].length)


#: Names of the fields that may hold a secret in some type.
cdef object SECRET_NAMES = {
    field_name(i)
    for i in range(OCPP_OBJECTS[OCPP_OBJECT_COUNT - 1].first + OCPP_OBJECTS[OCPP_OBJECT_COUNT - 1].count)
    if OCPP_FIELDS[i].flags & OCPP_SECRET
}


cdef list path_to(Walk *w, const uint8_t *at, int keyword):
    """Names and indices that lead from the payload to a place in it; all text before it was walked."""
    cdef Step steps[MAX_STEPS]
    cdef Text text
    cdef int depth = find_place(w.start, at, w.text.end, steps)
    if keyword == KEY_REQUIRED or keyword == KEY_MIN_ITEMS or keyword == KEY_MAX_ITEMS:
        depth -= 1
    elif keyword == KEY_ADDITIONAL or keyword == KEY_UNIQUE:
        text.end = w.text.end
        steps[depth - 1].name = at
        steps[depth - 1].name_end = scan_string(&text, at + 1) + 1
    path = []
    for i in range(depth):
        if steps[i].index >= 0:
            path.append(steps[i].index)
        elif steps[i].name != NULL:
            path.append(text_of(steps[i].name, steps[i].name_end))
    return path


cdef str text_of(const uint8_t *start, const uint8_t *end):
    """A scanned string with its quotes, as Python has it."""
    return refusal.text_of(PyBytes_FromStringAndSize(<const char *>start, end - start))


# Descriptions


cdef dict describe_field(const ocpp_field *field):
    cdef const ocpp_enum *e
    facts = {
        "kind": KINDS[field.kind],
        "minimum": field.minimum if field.flags & OCPP_MINIMUM else None,
        "maximum": field.maximum if field.flags & OCPP_MAXIMUM else None,
        "max_length": field.max_length if field.flags & OCPP_MAX_LENGTH else None,
        "is_array": bool(field.flags & OCPP_ARRAY),
        "min_items": field.min_items,
        "max_items": field.max_items or None,
        "is_identifier": bool(field.flags & OCPP_IDENTIFIER),
        "is_secret": bool(field.flags & OCPP_SECRET),
    }
    if field.kind == OCPP_ENUM:
        e = &OCPP_ENUMS[field.index]
        facts["type"] = pool_text(e.name, e.length)
        facts["values"] = [value_text(e.first + i) for i in range(e.count)]
        facts["usual"] = value_text(e.first + e.usual - 1) if e.usual else None
    elif field.kind == OCPP_OBJECT:
        facts["type"] = pool_text(OCPP_OBJECTS[field.index].name, OCPP_OBJECTS[field.index].length)
    return facts


cdef str value_text(int index):
    return pool_text(OCPP_VALUES[index].name, OCPP_VALUES[index].length)


def describe(int schema):
    cdef const ocpp_object *o
    if not 0 <= schema < OCPP_OBJECT_COUNT:
        raise IndexError("no such schema")
    o = &OCPP_OBJECTS[schema]
    return [
        {
            "name": field_name(o.first + i),
            "required": bool(o.required >> i & 1),
            **describe_field(&OCPP_FIELDS[o.first + i]),
        }
        for i in range(o.count)
    ]


# Rewriting what is valid but not written as msgspec, or a peer, wants it


cdef bytes rewritten(Walk *w):
    """The payload with everything replaced that was noted."""
    cdef const uint8_t *done = w.start
    cdef Note *note
    cdef list parts = []
    for i in range(w.notes.count):
        note = &w.notes.items[i]
        parts.append(PyBytes_FromStringAndSize(<const char *>done, note.start - done))
        parts.append(replacement(w, note))
        done = note.end
    parts.append(PyBytes_FromStringAndSize(<const char *>done, w.text.end - done))
    return b"".join(parts)


cdef bytes replacement(Walk *w, Note *note):
    cdef const uint8_t *start = note.start
    cdef const uint8_t *end = note.end
    cdef const ocpp_enum *e
    if note.kind == NOTE_INTEGER:
        return integer_text(start, end)
    if note.kind == NOTE_DATETIME or note.kind == NOTE_NO_OFFSET:
        return datetime_text(start + 1, end - 1, w.mode & MODE_CANONICAL)
    if note.kind == NOTE_QUOTED:
        if note.field.kind == OCPP_INTEGER:
            return integer_text(start + 1, end - 1)
        return PyBytes_FromStringAndSize(<const char *>start + 1, end - start - 2)
    if note.kind == NOTE_ENUM:  # a stand-in; the codec puts the text in its place
        e = &OCPP_ENUMS[note.field.index]
        return f'"{value_text(e.first)}"'.encode("ascii")
    if note.kind == NOTE_LONG:  # a stand-in too
        return b'""'
    return b""


cdef bytes integer_text(const uint8_t *start, const uint8_t *end):
    """A whole number in digits alone: its digits that count, and as many zeros as it takes."""
    cdef Decimal number
    cdef const uint8_t *p
    read_decimal(start, end, &number)
    p = number.first
    if p == NULL:
        return b"0"
    digits = PyBytes_FromStringAndSize(<const char *>p, min(number.digits + 1, end - p)).replace(b".", b"")
    digits = digits[: number.digits] + b"0" * (number.exponent - number.digits)
    return b"-" + digits if number.negative else digits


cdef bytes datetime_text(const uint8_t *start, const uint8_t *end, bint canonical):
    """A checked date-time as msgspec takes it, or in canonical form: UTC with Z, at most three digits of a second."""
    cdef uint8_t plain[DATETIME_ROOM]
    cdef Py_ssize_t length = plain_text(start, end, plain, DATETIME_ROOM)
    cdef DateTime found
    if length >= 0:
        start = plain
        end = start + length
    scan_datetime(start, end, &found)
    fraction = PyBytes_FromStringAndSize(<const char *>found.point, min(found.fraction, 3 if canonical else 6) + 1)
    text = PyBytes_FromStringAndSize(<const char *>start, 19).upper()
    if found.traits & LEAP_SECOND:
        text = text[:17] + b"59"
    if found.fraction and fraction.strip(b".0"):
        text += fraction
    if found.traits & NOT_UTC:
        text += PyBytes_FromStringAndSize(<const char *>end - 6, 6)
        if canonical:
            moment = datetime.fromisoformat(text.decode("ascii")).astimezone(timezone.utc).replace(tzinfo=None)
            text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").encode("ascii")
    return b'"' + text + (b"Z" if canonical or not found.traits & NOT_UTC else b"") + b'"'
