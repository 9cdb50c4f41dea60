from libc.stdint cimport uint8_t


# check() for other extension modules: a payload that lies in the memory of `data`. Returns `data`, or the payload
# rewritten. `nulls`, when not NULL, tells whether a null stood where any value may stand.
cdef object check_span(int schema, object data, const uint8_t *start, Py_ssize_t length, int mode, bint *nulls)
