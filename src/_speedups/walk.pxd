"""The walk over a payload that decides its validity: no Python objects, no GIL, no recursion without a bound."""

from libc.stdint cimport uint8_t

from ocpp21._speedups.jsontext cimport Text
from ocpp21._speedups.members cimport Members
from ocpp21._speedups.schema_tables cimport ocpp_field, ocpp_object

cdef enum Keyword:
    KEY_NONE
    KEY_JSON
    KEY_UTF8
    KEY_SURROGATE
    KEY_UNIQUE
    KEY_DEPTH
    KEY_RANGE
    KEY_TYPE
    KEY_REQUIRED
    KEY_ADDITIONAL
    KEY_ENUM
    KEY_MINIMUM
    KEY_MAXIMUM
    KEY_MAX_LENGTH
    KEY_MIN_ITEMS
    KEY_MAX_ITEMS
    KEY_FORMAT
    KEY_IDENTIFIER
    KEY_INTEGER32
    KEY_FRACTION
    KEY_DECIMALS
    KEY_MEMORY

cdef enum Mode:
    MODE_CONFORM = 1  # rules of the standard that the schemas do not hold
    MODE_CANONICAL = 2  # note date-times that are not written as we send them
    MODE_LENIENT = 4  # note deviations instead of refusing them

cdef enum NoteKind:
    NOTE_INTEGER  # a whole number not written in digits alone
    NOTE_DATETIME
    NOTE_NULL  # from here on: lenient mode only
    NOTE_UNKNOWN
    NOTE_LONG
    NOTE_ENUM
    NOTE_NO_OFFSET
    NOTE_QUOTED

cdef struct Note:
    NoteKind kind
    Py_ssize_t start  # of the bytes to replace, from the start of the payload
    Py_ssize_t end
    Py_ssize_t found  # what it is about: a value, or a member from its name on
    Py_ssize_t found_end
    const ocpp_field *field

cdef enum:
    FEW_NOTES = 8

cdef struct Walk:
    Text text
    const uint8_t *start
    int mode
    bint to_station
    # the refusal
    int keyword
    const uint8_t *at
    const ocpp_field *field  # of the value; NULL when it is the payload itself
    const ocpp_object *object  # that a member is unknown to
    bint array_due  # the value should have been an array
    int missing  # index of the field that is required
    bint nulls  # a null stood where any value may stand
    # what to rewrite; notes points to few_notes until there are more
    Note *notes
    Py_ssize_t note_count
    Py_ssize_t note_room
    Members members
    # last, and the one part that need not be zero at the start
    Note few_notes[FEW_NOTES]


cdef void walk_prepare(Walk *w, int mode) noexcept nogil
cdef bint walk_payload(Walk *w, int schema, const uint8_t *p, Py_ssize_t length) noexcept nogil
cdef bint walk_json(Walk *w, const uint8_t *p, Py_ssize_t length) noexcept nogil
cdef void walk_free(Walk *w) noexcept nogil
cdef bint is_json(const uint8_t *p, Py_ssize_t length) noexcept nogil
