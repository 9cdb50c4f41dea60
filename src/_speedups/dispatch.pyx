# cython: language_level=3, auto_pickle=False
"""The dispatch core: what every message pays for, in as few calls as can be. The rules of the session are not here."""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_GET_LENGTH
from libc.stdint cimport uint8_t

from ocpp21._speedups.decoder cimport StructDecoder, decode_span
from ocpp21._speedups.encoder cimport Encoder, Output, begin_output, end_output, reserve, write_message
from ocpp21._speedups.framing cimport CALL, MAX_ID, Frame, scan
from ocpp21._speedups.jsonwriting cimport put
from ocpp21._speedups.validators cimport check_span
from ocpp21._speedups.walk cimport MODE_CANONICAL

from ocpp21.errors import PayloadError


def encode(int schema, Encoder encoder not None, message, int mode, on_null):
    cdef Output out
    cdef char *at
    begin_output(&out)
    try:
        at = write_checked(&out, out.start, schema, encoder, message, mode, on_null)
        return PyBytes_FromStringAndSize(out.start, at - out.start)
    finally:
        end_output(&out)


cdef char *write_checked(Output *out, char *at, int schema, Encoder encoder, message, int mode, on_null) except NULL:
    """Write a message, check it where it stands, and write it again if it is not in canonical form."""
    cdef Py_ssize_t start = at - out.start
    cdef bint nulls = False
    at = write_message(encoder, out, at, message)
    checked = check_span(
        schema, None, <const uint8_t *>out.start + start, at - out.start - start, mode | MODE_CANONICAL, &nulls
    )
    if nulls:
        on_null(message)
    return at if checked is None else put_bytes(out, out.start + start, checked)


def unpack(data, dict calls, schema_of, int mode, Py_ssize_t max_size):
    cdef Frame frame = scan(data, max_size)
    cdef StructDecoder decoder
    if frame.end == 0:
        return frame, None
    found = calls.get(frame.action) if frame.message_type == CALL else None
    if found is None:
        found = schema_of(frame)
        if found is None:
            return frame, None
    decoder = found
    try:
        return frame, decode_span(
            decoder, frame, <const uint8_t *>frame.buf + frame.start, frame.end - frame.start, mode
        )
    except PayloadError as error:
        error.message_id = frame.message_id
        error.message_type = frame.message_type
        raise


@cython.final
cdef class Packer:
    cdef bytes head
    cdef readonly dict kinds  # what stands between id and payload, and the number of the schema, by class
    cdef Encoder encoder
    cdef int mode
    cdef object on_null

    def __cinit__(self, bytes head not None, dict kinds not None, Encoder encoder not None, int mode, on_null, /):
        self.head = head
        self.kinds = kinds
        self.encoder = encoder
        self.mode = mode
        self.on_null = on_null

    def pack(self, message_id, message, /):
        cdef Output out
        cdef char *at
        kind = self.kinds.get(type(message))
        if kind is None or not is_id(message_id):
            return None
        middle, schema = <tuple>kind
        begin_output(&out)
        try:
            at = put_bytes(&out, out.start, self.head)
            at = write_message(self.encoder, &out, at, message_id)
            at = put_bytes(&out, at, middle)
            at = write_checked(&out, at, schema, self.encoder, message, self.mode, self.on_null)
            at = put_bytes(&out, at, b"]")
            return PyBytes_FromStringAndSize(out.start, at - out.start)
        finally:
            end_output(&out)


cdef inline bint is_id(value):
    """Say whether something is a message id that may be chosen: "-1" stands for one that could not be read (4.2.3)."""
    return type(value) is str and 0 < PyUnicode_GET_LENGTH(value) <= MAX_ID and value != "-1"


cdef inline char *put_bytes(Output *out, char *at, bytes text) except NULL:
    return put(reserve(out, at, len(text)), text, len(text))
