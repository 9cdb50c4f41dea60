"""Where the members of a Struct lie in memory."""

cdef extern from "structmember.h":
    int T_OBJECT_EX

    ctypedef struct PyMemberDef:
        int type
        Py_ssize_t offset

    ctypedef struct PyMemberDescrObject:
        PyMemberDef *d_member

cdef enum:
    NO_SLOT = -1


cdef inline Py_ssize_t slot_offset(descriptor, kind) except -2:
    """Offset of the slot that a descriptor of a given kind stands for; NO_SLOT when it is none, or none of objects."""
    cdef PyMemberDef *slot
    if type(descriptor) is not kind:
        return NO_SLOT
    slot = (<PyMemberDescrObject *>descriptor).d_member
    return slot.offset if slot.type == T_OBJECT_EX else NO_SLOT
