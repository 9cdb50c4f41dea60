from cpython.buffer cimport Py_buffer


# First element of a frame (Part 4, 4.1.3).
cdef enum MessageType:
    CALL = 2
    CALL_RESULT = 3
    CALL_ERROR = 4
    CALL_RESULT_ERROR = 5
    SEND = 6


cdef enum:
    MAX_ID = 36  # characters of a message id (Part 4, Table 4)


# A frame whose head has been read. buf[start:end] is the payload, never empty, in the received text or in a constant {}
# where the peer sent null; an error has none, and end is 0. The memory stays, and stays in place, as long as the frame.
cdef class Frame:
    cdef readonly int message_type
    cdef readonly str message_id
    cdef readonly str action
    cdef readonly str error_code
    cdef readonly str error_description
    cdef readonly dict error_details
    cdef object data
    cdef Py_buffer view
    cdef const char* buf
    cdef Py_ssize_t start
    cdef Py_ssize_t end


# parse() for other extension modules; a text of more than `limit` bytes is refused.
cdef Frame scan(object data, Py_ssize_t limit)
