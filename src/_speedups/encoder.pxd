cdef class Encoder:
    cdef object fallback
    cdef dict plans  # of the classes met so far

    cpdef bytes encode(self, message)
