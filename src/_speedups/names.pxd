"""Names and enumeration values: scanned, hashed and compared with those of the standard in one pass."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from ocpp21._speedups.jsontext cimport ESCAPED, Text, first_byte, load64, plain_text, scan_string, special_bytes
from ocpp21._speedups.schema_tables cimport OCPP_POOL

cdef enum:
    #: Room for a name with its escapes undone; the longest of the standard has 45 bytes.
    NAME_ROOM = 64

# A name or enumeration value: where it stands, or its escapes undone, and its hash.
cdef struct Name:
    const uint8_t *start
    Py_ssize_t length
    const uint8_t *buffer_end
    uint64_t hash
    uint8_t plain[NAME_ROOM]


cdef inline uint64_t low_bytes(Py_ssize_t count) noexcept nogil:
    """A mask of the first bytes, fewer than eight."""
    return (<uint64_t>1 << 8 * count) - 1


cdef inline uint64_t mix(uint64_t state, uint64_t word) noexcept nogil:
    state = (state ^ word) * <uint64_t>0x9E3779B97F4A7C15
    return state ^ state >> 32


cdef inline uint64_t load_tail(const uint8_t *p, Py_ssize_t length, const uint8_t *end) noexcept nogil:
    """Load fewer than eight bytes, the rest zero; the buffer ends at ``end``."""
    cdef uint64_t word = 0
    cdef Py_ssize_t i
    if end - p >= 8:
        return load64(p) & low_bytes(length)
    for i in range(length):
        word |= <uint64_t>p[i] << 8 * i
    return word


cdef inline uint64_t hash_name(Name *name, uint64_t seed) noexcept nogil:
    """Hash a name as emit_tables.py does: eight bytes at a time, then the rest, padded with zeros."""
    cdef Py_ssize_t done = 0
    while name.length - done >= 8:
        seed = mix(seed, load64(name.start + done))
        done += 8
    return mix(seed, load_tail(name.start + done, name.length - done, name.buffer_end))


cdef inline const uint8_t *scan_odd_name(Text *text, uint64_t seed, Name *name) noexcept nogil:
    """Scan a name with escapes or other specialties, or that ends where the buffer does, once more."""
    cdef const uint8_t *p
    p = scan_string(text, name.start)
    if p == NULL:
        return NULL
    name.length = p - name.start
    if text.traits & ESCAPED:
        # Whatever does not fit, or is not ASCII, is no name of the standard; neither is the empty text.
        name.length = max(plain_text(name.start, p, name.plain, NAME_ROOM), 0)
        name.start = name.plain
        name.buffer_end = name.plain + NAME_ROOM
    name.hash = hash_name(name, seed)
    return p


cdef inline const uint8_t *scan_name(Text *text, const uint8_t *p, uint64_t seed, Name *name) noexcept nogil:
    """Scan a string from behind its opening quote and hash it on the way; returns the place of the closing quote."""
    cdef uint64_t word, marks
    cdef int rest
    name.start = p
    name.buffer_end = text.end
    name.hash = seed
    while text.end - p >= 8:
        word = load64(p)
        marks = special_bytes(word)
        if marks == 0:
            name.hash = mix(name.hash, word)
            p += 8
            continue
        rest = first_byte(marks)
        if p[rest] != 0x22:
            break
        name.hash = mix(name.hash, word & low_bytes(rest))
        name.length = p + rest - name.start
        return p + rest
    return scan_odd_name(text, seed, name)


cdef inline bint is_name(Name *name, uint32_t place, Py_ssize_t length) noexcept nogil:
    """Compare with a name in the pool, which is padded behind its last one."""
    cdef const uint8_t *p = name.start
    cdef const uint8_t *q = <const uint8_t *>&OCPP_POOL[place]
    if name.length != length:
        return False
    while length >= 8:
        if load64(p) != load64(q):
            return False
        p += 8
        q += 8
        length -= 8
    return load_tail(p, length, name.buffer_end) == load64(q) & low_bytes(length)
