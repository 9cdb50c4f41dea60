# cython: language_level=3, freethreading_compatible=True
"""The dispatch core: what every message pays for, in as few calls as can be. The rules of the session are not here."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t

from ocpp21._speedups.framing cimport Frame, scan
from ocpp21._speedups.validators cimport check_span
from ocpp21._speedups.walk cimport MODE_CANONICAL

from ocpp21._speedups.validators import check
from ocpp21.errors import PayloadError


def decode(int schema, decoder, data, int mode):
    return decoder(check(schema, data, mode))


def encode(int schema, encoder, message, int mode, on_null):
    cdef bint nulls = False
    cdef bytes payload = encoder(message)
    cdef object checked = check_span(
        schema,
        payload,
        <const uint8_t *>PyBytes_AS_STRING(payload),
        PyBytes_GET_SIZE(payload),
        mode | MODE_CANONICAL,
        &nulls,
    )
    if nulls:
        on_null(message)
    return checked


def unpack(data, schema_of, int mode, Py_ssize_t max_size):
    cdef Frame frame = scan(data, max_size)
    cdef object decoder, payload
    cdef int schema
    if frame.end == 0:
        return frame, None
    found = schema_of(frame)
    if found is None:
        return frame, None
    schema, decoder = found
    try:
        payload = check_span(
            schema, frame, <const uint8_t *>frame.buf + frame.start, frame.end - frame.start, mode, NULL
        )
    except PayloadError as error:
        error.message_id = frame.message_id
        error.message_type = frame.message_type
        raise
    return frame, decoder(payload)
