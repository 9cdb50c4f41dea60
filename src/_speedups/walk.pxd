"""The walk over a payload that decides its validity: no Python objects, no GIL, no recursion without a bound."""

from libc.stdint cimport uint8_t

from ocpp21._speedups.jsontext cimport Text
from ocpp21._speedups.members cimport Members
from ocpp21._speedups.notes cimport Notes
from ocpp21._speedups.schema_tables cimport ocpp_field, ocpp_object
from ocpp21._speedups.tape cimport Tape

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
    int value  # index of the enumeration value found last
    Tape *tape  # to write down what is passed; NULL for not doing so
    Members members
    Notes notes  # last, as the end of it need not be zero at the start


cdef void walk_prepare(Walk *w, int mode) noexcept nogil
cdef bint walk_payload(Walk *w, int schema, const uint8_t *p, Py_ssize_t length) noexcept nogil
cdef bint walk_json(Walk *w, const uint8_t *p, Py_ssize_t length) noexcept nogil
cdef void walk_free(Walk *w) noexcept nogil
cdef bint is_json(const uint8_t *p, Py_ssize_t length) noexcept nogil
