"""Strings, numbers and date-times written as JSON (RFC 8259), just as msgspec writes them. Inline, without objects.

Writers take the place to write to, where the caller has made room, and return the place behind what they wrote.
"""

from libc.math cimport fabs, signbit
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from ocpp21._speedups.jsontext cimport first_byte, load64

cdef enum:
    ESCAPE = 6  # bytes of the longest escape


cdef inline char *put(char *at, const char *text, Py_ssize_t length) noexcept nogil:
    memcpy(at, text, length)
    return at + length


cdef inline uint64_t escaped_bytes(uint64_t word) noexcept nogil:
    """Mark the bytes that cannot stand in a string as they are; the lowest mark is exact, those above need not be."""
    cdef uint64_t ones = 0x0101010101010101
    cdef uint64_t quote = word ^ ones * 0x22
    cdef uint64_t backslash = word ^ ones * 0x5C
    return (quote - ones | backslash - ones | word - ones * 0x20) & ~word & ones * 0x80


cdef inline char *put_plain(char *at, const char **text, const char *end) noexcept nogil:
    """Copy text up to its first byte that needs an escape, and move ``text`` there."""
    cdef const char *start = text[0]
    cdef const char *p = start
    cdef uint64_t marks = 0
    while end - p >= 8 and marks == 0:
        marks = escaped_bytes(load64(p))
        memcpy(at + (p - start), p, 8)
        p += 8 if marks == 0 else first_byte(marks)
    if marks == 0 and p != end and end - start >= 8:
        p = end - 8  # once more over bytes that are known to be plain
        marks = escaped_bytes(load64(p))
        memcpy(at + (p - start), p, 8)
        p += 8 if marks == 0 else first_byte(marks)
    while p != end and <uint8_t>p[0] >= 0x20 and p[0] != 0x22 and p[0] != 0x5C:  # fewer than 8, or none
        at[p - start] = p[0]
        p += 1
    text[0] = p
    return at + (p - start)


cdef inline char *put_escape(char *at, uint8_t c) noexcept nogil:
    cdef const char *letters = b"uuuuuuuubtnufruuuuuuuuuuuuuuuuuu"  # of the control characters
    cdef const char *digits = b"0123456789abcdef"
    at[0] = 0x5C
    at[1] = letters[c] if c < 0x20 else <char>c
    if at[1] != 0x75:
        return at + 2
    at[2] = at[3] = 0x30
    at[4] = digits[c >> 4]
    at[5] = digits[c & 0x0F]
    return at + 6


cdef inline void put_two(char *at, unsigned int value) noexcept nogil:
    at[0] = <char>(0x30 + value // 10)
    at[1] = <char>(0x30 + value % 10)


cdef inline char *put_digits(char *at, uint64_t value) noexcept nogil:
    cdef uint64_t rest = value
    cdef char *end = at + 1
    while rest >= 10:
        rest //= 10
        end += 1
    at = end
    while value >= 100:
        at -= 2
        put_two(at, value % 100)
        value //= 100
    if value >= 10:
        put_two(at - 2, <unsigned int>value)
    else:
        at[-1] = <char>(0x30 + value)
    return end


cdef inline char *put_fraction(char *at, uint64_t digits, int count) noexcept nogil:
    cdef int place
    at[0] = 0x2E
    for place in range(count, 0, -1):
        at[place] = <char>(0x30 + digits % 10)
        digits //= 10
    return at + 1 + count


cdef inline char *put_decimal(char *at, double number) noexcept nogil:
    """Write the number nearest to a decimal of at most 15 digits, at most 4 of them behind the point; NULL for others.

    A double tells all decimals of 15 digits apart, so that decimal is the shortest text of the number.
    """
    cdef double size = fabs(number)
    cdef int64_t whole, digits, scale = 1  # signed, as processors convert
    cdef int decimals = 0
    if not size < 1e15:  # as it is for NaN
        return NULL
    whole = digits = <int64_t>size
    while <double>digits / <double>scale != size:
        scale *= 10
        decimals += 1
        if decimals > 4 or size * <double>scale >= 1e15:
            return NULL
        digits = <int64_t>(size * <double>scale + 0.5)
    if signbit(number):
        at[0] = 0x2D
        at += 1
    return put_fraction(put_digits(at, whole), digits - whole * scale, max(decimals, 1))


cdef inline char *put_date(char *at, int year, int month, int day) noexcept nogil:
    memcpy(at, b'"YYYY-MM-DDT', 12)
    put_two(at + 1, year // 100)
    put_two(at + 3, year % 100)
    put_two(at + 6, month)
    put_two(at + 9, day)
    return at + 12


cdef inline char *put_time(char *at, int hour, int minute, int second, int microsecond) noexcept nogil:
    memcpy(at, b"hh:mm:ss.", 9)
    put_two(at, hour)
    put_two(at + 3, minute)
    put_two(at + 6, second)
    at += 8
    if microsecond != 0:
        at = put_fraction(at, microsecond, 6)
    return put(at, b'Z"', 2)
