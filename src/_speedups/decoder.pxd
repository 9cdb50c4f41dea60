from libc.stdint cimport uint8_t


# Makes Structs of one class out of JSON text.
cdef class StructDecoder:
    cdef readonly int number
    cdef object fallback


# Checks a payload that lies in the memory of `data`, and decodes it.
cdef object decode_span(StructDecoder decoder, object data, const uint8_t *start, Py_ssize_t length, int mode)
