"""Notes on what to rewrite in a payload: few of them, or none, on nearly every walk."""

from libc.stdint cimport uint8_t
from libc.stdlib cimport free

from ocpp21._speedups.growing cimport doubled
from ocpp21._speedups.schema_tables cimport ocpp_field

cdef enum NoteKind:
    NOTE_INTEGER  # a whole number not written in digits alone
    NOTE_DATETIME
    NOTE_NULL  # from here on: lenient mode only
    NOTE_UNKNOWN
    NOTE_LONG
    NOTE_ENUM
    NOTE_NO_OFFSET
    NOTE_QUOTED

cdef struct Note:
    NoteKind kind
    const uint8_t *start  # of the bytes to replace
    const uint8_t *end
    const uint8_t *found  # what it is about: a value, or a member from its name on
    const uint8_t *found_end
    const ocpp_field *field

cdef enum:
    FEW_NOTES = 8

cdef struct Notes:
    Note *items  # points to few until there are more
    Py_ssize_t count
    Py_ssize_t room
    Note few[FEW_NOTES]  # last: the one part that need not be zero at the start


cdef inline void start_notes(Notes *notes) noexcept nogil:
    notes.items = notes.few
    notes.room = FEW_NOTES


cdef inline bint add_note(Notes *notes, Note note) noexcept nogil:
    """Keep a note; false when memory has run out."""
    cdef Note *more
    if notes.count == notes.room:
        more = <Note *>doubled(notes.items, notes.few, notes.room * sizeof(Note))
        if more == NULL:
            return False
        notes.items = more
        notes.room *= 2
    notes.items[notes.count] = note
    notes.count += 1
    return True


cdef inline void free_notes(Notes *notes) noexcept nogil:
    if notes.items != notes.few:
        free(notes.items)
