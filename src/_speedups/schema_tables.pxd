"""The generated tables, as Cython sees them."""

from libc.stdint cimport int16_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from "schema_tables.h" nogil:
    enum:
        OCPP_ANY
        OCPP_BOOLEAN
        OCPP_DATETIME
        OCPP_ENUM
        OCPP_INTEGER
        OCPP_NUMBER
        OCPP_OBJECT
        OCPP_STRING
    enum:
        OCPP_ARRAY
        OCPP_MINIMUM
        OCPP_MAXIMUM
        OCPP_MAX_LENGTH
        OCPP_IDENTIFIER
        OCPP_SECRET
    enum:
        OCPP_ENUM_COUNT
        OCPP_OBJECT_COUNT
    ctypedef struct ocpp_value:
        uint32_t name
        uint8_t length
    ctypedef struct ocpp_field:
        uint32_t name
        uint8_t length
        uint8_t kind
        uint8_t flags
        uint16_t index
        int16_t minimum
        int16_t maximum
        uint16_t max_length
        uint16_t min_items
        uint16_t max_items
    ctypedef struct ocpp_enum:
        uint32_t name
        uint8_t length
        uint16_t first
        uint8_t count
        uint8_t usual
        uint16_t slots
        uint8_t bits
        uint32_t seed
    ctypedef struct ocpp_object:
        uint64_t required
        uint32_t name
        uint8_t length
        uint16_t first
        uint8_t count
        uint16_t slots
        uint8_t bits
        uint32_t seed
        uint8_t is_open
        uint8_t to_station
    const char OCPP_POOL[]
    const uint8_t OCPP_SLOTS[]
    const ocpp_value OCPP_VALUES[]
    const ocpp_enum OCPP_ENUMS[]
    const ocpp_field OCPP_FIELDS[]
    const ocpp_object OCPP_OBJECTS[]
