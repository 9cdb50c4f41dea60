# cython: language_level=3, freethreading_compatible=True
"""The dispatch core: what every message pays for, in as few calls as can be. The rules of the session are not here."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from ocpp21._speedups.encoder cimport Encoder
from ocpp21._speedups.framing cimport CALL, Frame, scan
from ocpp21._speedups.validators cimport check_span
from ocpp21._speedups.walk cimport MODE_CANONICAL

import orjson

from ocpp21._speedups.validators import check
from ocpp21.errors import PayloadError


def decode(int schema, decoder, data, int mode):
    return decoder(check(schema, data, mode))


def encode(int schema, Encoder encoder not None, message, int mode, on_null):
    return encoded(schema, encoder, message, mode, on_null)


cdef bytes encoded(int schema, Encoder encoder, message, int mode, on_null):
    cdef bint nulls = False
    cdef bytes payload = encoder.encode(message)
    checked = check_span(
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


def unpack(data, dict calls, schema_of, int mode, Py_ssize_t max_size):
    cdef Frame frame = scan(data, max_size)
    if frame.end == 0:
        return frame, None
    found = calls.get(frame.action) if frame.message_type == CALL else None
    if found is None:
        found = schema_of(frame)
        if found is None:
            return frame, None
    schema, decoder = <tuple>found
    try:
        payload = check_span(
            schema, frame, <const uint8_t *>frame.buf + frame.start, frame.end - frame.start, mode, NULL
        )
    except PayloadError as error:
        error.message_id = frame.message_id
        error.message_type = frame.message_type
        raise
    return frame, decoder(payload)


def pack(bytes head, str message_id, bytes middle, int schema, Encoder encoder not None, message, int mode, on_null):
    cdef bytes payload = encoded(schema, encoder, message, mode, on_null)
    cdef Py_ssize_t length
    cdef const char *text = PyUnicode_AsUTF8AndSize(message_id, &length)
    cdef bytes frame
    cdef char *at
    if not is_plain(text, length):
        return b"".join((head, orjson.dumps(message_id), middle, payload, b"]"))
    frame = PyBytes_FromStringAndSize(NULL, len(head) + length + 2 + len(middle) + len(payload) + 1)
    at = put(PyBytes_AS_STRING(frame), PyBytes_AS_STRING(head), len(head))
    at = put(at, b'"', 1)
    at = put(at, text, length)
    at = put(at, b'"', 1)
    at = put(at, PyBytes_AS_STRING(middle), len(middle))
    at = put(at, PyBytes_AS_STRING(payload), len(payload))
    put(at, b"]", 1)
    return frame


cdef inline bint is_plain(const char *text, Py_ssize_t length) noexcept:
    """Say whether a text is printable ASCII that JSON need not escape, as nearly all ids are."""
    cdef Py_ssize_t i
    for i in range(length):
        if <signed char>text[i] < 0x20 or text[i] == 0x22 or text[i] == 0x5C or text[i] == 0x7F:
            return False
    return True


cdef inline char *put(char *at, const char *text, Py_ssize_t length) noexcept:
    memcpy(at, text, length)
    return at + length
