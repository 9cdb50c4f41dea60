"""Where in a payload a place is: the names and indices that lead to it."""

from libc.stdint cimport uint8_t

from ocpp21._speedups.jsontext cimport Text, scan_string, skip_space

cdef enum:
    #: More than the walk ever goes down, the bracket that it refuses included.
    MAX_STEPS = 80

cdef struct Step:
    const uint8_t *name  # of the member, from its quote on; NULL where none was read yet, or in an array
    const uint8_t *name_end  # behind its closing quote
    Py_ssize_t index  # in an array; -1 in an object


cdef inline int find_place(
    const uint8_t *p, const uint8_t *at, const uint8_t *end, Step *steps
) noexcept nogil:
    """Follow a text, all of which was walked up to ``at``, to that place; returns the number of steps.

    Nothing is decoded on the way: a payload may have many names, and only the last ones count.
    """
    cdef Text text
    cdef const uint8_t *name
    cdef int depth = 0
    cdef bint after_name = False
    text.end = end
    while True:
        p = skip_space(p, at)
        if p >= at:
            return depth
        if (p[0] == 0x7B or p[0] == 0x5B) and depth < MAX_STEPS:
            after_name = p[0] == 0x5B
            steps[depth] = Step(NULL, NULL, 0 if after_name else -1)
            depth += 1
        elif p[0] == 0x7D or p[0] == 0x5D:
            depth -= 1
            after_name = True
        elif p[0] == 0x2C:
            if steps[depth - 1].index >= 0:
                steps[depth - 1].index += 1
            else:
                steps[depth - 1].name = NULL
                after_name = False
        elif p[0] == 0x22:
            name = p
            p = scan_string(&text, p + 1)
            if p == NULL or p >= at:
                return depth
            if depth > 0 and not after_name:
                steps[depth - 1].name = name
                steps[depth - 1].name_end = p + 1
                after_name = True
        p += 1
