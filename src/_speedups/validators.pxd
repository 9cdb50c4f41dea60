from libc.stdint cimport uint8_t

from ocpp21._speedups.walk cimport Walk


# check() for other extension modules: a payload that lies in the memory of `data`. Returns `data`, or the payload
# rewritten. `nulls`, when not NULL, tells whether a null stood where any value may stand.
cdef object check_span(int schema, object data, const uint8_t *start, Py_ssize_t length, int mode, bint *nulls)


# The same with a walk that is prepared, and that the caller frees.
cdef object check_walked(Walk *w, int schema, object data, const uint8_t *start, Py_ssize_t length)


# JSON text of any kind as something that has a buffer.
cdef object as_bytes(data)


# A string of the tables.
cdef str pool_text(size_t name, size_t length)
