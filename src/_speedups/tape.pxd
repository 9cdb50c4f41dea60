"""A tape of what a walk has passed: where each value stands, in document order, so that nothing is scanned again.

A value of a schema is one item. That of an object comes before those of its members, that of an array before those of
its values, and says how many they are. An open value, whatever it holds, is one item.
"""

from libc.stdint cimport int32_t, uint8_t, uint32_t
from libc.stdlib cimport free

from ocpp21._speedups.growing cimport doubled

cdef struct Item:
    const uint8_t *start
    uint32_t length
    uint32_t field  # index in the tables, of which each extension has its own; 0 for the payload itself
    int32_t detail  # traits of a string or number, index of an enumeration value, number of members or values

cdef enum:
    FEW_ITEMS = 96

cdef struct Tape:
    Item *items  # NULL when nothing is to be written down; points to few until there are more
    Py_ssize_t count
    Py_ssize_t room
    Item few[FEW_ITEMS]  # last: the one part that need not be zero at the start


cdef inline void start_tape(Tape *tape) noexcept nogil:
    tape.items = tape.few
    tape.room = FEW_ITEMS
    tape.count = 0


cdef inline bint add_item(
    Tape *tape, uint32_t field, const uint8_t *start, const uint8_t *end, int32_t detail
) noexcept nogil:
    """Write down a value; false when memory has run out."""
    cdef Item *item
    if tape.count == tape.room and not lengthen(tape):
        return False
    item = &tape.items[tape.count]
    item.field = field
    item.start = start
    item.length = <uint32_t>(end - start)
    item.detail = detail
    tape.count += 1
    return True


cdef inline bint lengthen(Tape *tape) noexcept nogil:
    cdef Item *more = <Item *>doubled(tape.items, tape.few, tape.room * sizeof(Item))
    if more == NULL:
        return False
    tape.items = more
    tape.room *= 2
    return True


cdef inline void free_tape(Tape *tape) noexcept nogil:
    if tape.items != tape.few:
        free(tape.items)
