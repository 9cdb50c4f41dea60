cdef enum:
    STACK = 4096  # bytes of text that need no memory from the heap
    CLASSES = 64  # many more than a message has

cdef struct Plan  # of a class

# Text that grows, between begin_output() and end_output().
cdef struct Output:
    char *start
    char *end  # of the room
    const Plan *met[CLASSES]  # plans of the classes met in this text, by a hash of their addresses
    char stack[STACK]


cdef class Encoder:
    cdef object fallback
    cdef dict plans  # of the classes met so far

    cpdef bytes encode(self, message)


# Writers take the place to write to and return the place behind; reserve() and grow() may move the text.
cdef void begin_output(Output *out) noexcept
cdef void end_output(Output *out) noexcept
cdef char *grow(Output *out, char *at, Py_ssize_t room) except NULL
cdef char *write_message(Encoder encoder, Output *out, char *at, message) except NULL


cdef inline char *reserve(Output *out, char *at, Py_ssize_t room) except NULL:
    return at if out.end - at >= room else grow(out, at, room)
