"""The member names that were seen in open objects: one hash table for all of a payload, keyed by object and name."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from ocpp21._speedups.jsontext cimport next_code_point

cdef enum:
    FEW_MEMBERS = 64

cdef struct Member:
    uint64_t hash
    const uint8_t *name
    const uint8_t *end
    uint32_t owner  # number of its object, from 1; 0 is a free slot

cdef struct Members:
    Member *slots  # NULL until there is one
    uint32_t count
    uint32_t room
    uint32_t owners  # objects so far

cdef enum Addition:
    ADDED
    DOUBLED  # its object has the member already
    NO_MEMORY


cdef inline bint same_name(Member *one, Member *other) noexcept nogil:
    cdef const uint8_t *p = one.name
    cdef const uint8_t *q = other.name
    while p < one.end and q < other.end:
        if next_code_point(&p) != next_code_point(&q):
            return False
    return p == one.end and q == other.end


cdef inline Member *find_slot(Members *members, Member *member) noexcept nogil:
    """The slot that holds an equal name of the same object, or the free one that is due to it."""
    cdef uint32_t index = <uint32_t>member.hash
    cdef Member *slot
    while True:
        index &= members.room - 1
        slot = &members.slots[index]
        if slot.owner == 0:
            return slot
        if slot.hash == member.hash and slot.owner == member.owner and same_name(slot, member):
            return slot
        index += 1


cdef inline bint grow(Members *members) noexcept nogil:
    cdef Member *old = members.slots
    cdef uint32_t old_room = members.room, i
    cdef uint32_t room = 2 * old_room if old_room else FEW_MEMBERS
    cdef Member *slots = <Member *>calloc(room, sizeof(Member))
    if slots == NULL:
        return False
    members.slots = slots
    members.room = room
    for i in range(old_room):
        if old[i].owner != 0:
            find_slot(members, &old[i])[0] = old[i]
    free(old)
    return True


cdef inline Addition add_member(
    Members *members, const uint8_t *name, const uint8_t *end, uint32_t *owner, uint64_t seed
) noexcept nogil:
    """Remember a scanned name; the object gets its number on its first member. Escapes make no difference."""
    cdef Member *slot
    cdef Member member
    cdef const uint8_t *p = name
    if owner[0] == 0:
        members.owners += 1
        owner[0] = members.owners
    if 2 * (members.count + 1) > members.room and not grow(members):
        return NO_MEMORY
    member = Member(seed ^ owner[0] * <uint64_t>0x9E3779B97F4A7C15, name, end, owner[0])
    while p < end:
        member.hash = (member.hash ^ <uint64_t>next_code_point(&p)) * <uint64_t>0xD6E8FEB86659FD93
        member.hash ^= member.hash >> 29
    slot = find_slot(members, &member)
    if slot.owner != 0:
        return DOUBLED
    slot[0] = member
    members.count += 1
    return ADDED
