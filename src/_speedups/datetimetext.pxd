"""Date-times as text (RFC 3339), checked without Python objects."""

from libc.stdint cimport uint8_t

cdef enum DateTimeTrait:
    LEAP_SECOND = 1
    NO_OFFSET = 2  # nothing behind the time; wrong, unless somebody is lenient
    NOT_UTC = 4  # an offset other than Z
    LOWERCASE = 8  # t or z
    BEYOND = 16  # before the year 0001 or after 9999 in UTC

cdef struct DateTime:
    int traits
    int fraction  # digits of the fraction of a second
    const uint8_t *point  # of the fraction, or what follows the seconds


cdef inline int two_digits(const uint8_t *p) noexcept nogil:
    """Value of two digits, or a number too large for anything."""
    if 0x30 <= p[0] <= 0x39 and 0x30 <= p[1] <= 0x39:
        return (p[0] - 0x30) * 10 + p[1] - 0x30
    return 10000


cdef inline int days_in_month(int year, int month) noexcept nogil:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


cdef inline bint scan_datetime(const uint8_t *p, const uint8_t *end, DateTime *found) noexcept nogil:
    """Check a date-time from year 0001 on; a leap second must be the last one of a day in UTC.

    The result is true for a text without offset too, with ``NO_OFFSET`` set.
    """
    cdef int year, month, day, hour, minute, second, utc, offset = 0
    found.traits = 0
    found.fraction = 0
    found.point = p
    if end - p < 19:
        return False
    year = two_digits(p) * 100 + two_digits(p + 2)
    month = two_digits(p + 5)
    day = two_digits(p + 8)
    hour = two_digits(p + 11)
    minute = two_digits(p + 14)
    second = two_digits(p + 17)
    if p[4] != 0x2D or p[7] != 0x2D or p[13] != 0x3A or p[16] != 0x3A or p[10] | 0x20 != 0x74:
        return False
    if year < 1 or year > 9999 or month < 1 or month > 12 or day < 1 or day > days_in_month(year, month):
        return False
    if hour > 23 or minute > 59 or second > 60:
        return False
    if p[10] == 0x74:
        found.traits |= LOWERCASE
    p += 19
    found.point = p
    if p < end and p[0] == 0x2E:
        p += 1
        while p < end and 0x30 <= p[0] <= 0x39:
            p += 1
        found.fraction = <int>(p - found.point) - 1
        if found.fraction == 0:
            return False
    if p == end:
        found.traits |= NO_OFFSET
    elif p[0] | 0x20 == 0x7A:
        if p[0] == 0x7A:
            found.traits |= LOWERCASE
        p += 1
    else:
        found.traits |= NOT_UTC
        if end - p != 6 or (p[0] != 0x2B and p[0] != 0x2D) or p[3] != 0x3A:
            return False
        if two_digits(p + 1) > 23 or two_digits(p + 4) > 59:
            return False
        offset = two_digits(p + 1) * 60 + two_digits(p + 4)
        if p[0] == 0x2D:
            offset = -offset
        p += 6
    utc = hour * 60 + minute - offset
    if year == 1 and month == 1 and day == 1 and utc < 0 or year == 9999 and month == 12 and day == 31 and utc >= 1440:
        found.traits |= BEYOND
    if second == 60:
        found.traits |= LEAP_SECOND
        if (utc + 1440) % 1440 != 1439:
            return False
    return p == end
