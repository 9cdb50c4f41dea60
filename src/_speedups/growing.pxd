"""Room for items that are few, or none, on nearly every walk: on the stack, until there are more."""

from libc.stdlib cimport realloc
from libc.string cimport memcpy


cdef inline void *doubled(void *items, const void *few, size_t used) noexcept nogil:
    """Twice the room for items that fill theirs, the first of which is on the stack; NULL when memory has run out."""
    cdef void *more = realloc(NULL if items == few else items, 2 * used)
    if more != NULL and items == few:
        memcpy(more, few, used)
    return more
