"""JSON as text (RFC 8259): white space, strings, numbers. Inline, without Python objects, never past ``end``.

Scanners take the place of the first byte and return the place after the last one. What is wrong is told by a return
of NULL and a fault, with the place of the offending byte.
"""

from libc.stdint cimport uint8_t, uint64_t

cdef extern from "bits.h" nogil:
    uint64_t load64 "ocpp_load64"(const void *p)
    int first_byte "ocpp_first_byte"(uint64_t word)

cdef enum Fault:
    FAULT_JSON = 1
    FAULT_UTF8
    FAULT_SURROGATE

cdef enum StringTrait:
    ESCAPED = 1  # holds an escape
    WIDE = 2  # holds bytes outside ASCII

cdef enum NumberTrait:
    NEGATIVE = 1
    FRACTION = 2
    EXPONENT = 4

cdef struct Text:
    const uint8_t *end  # of the buffer
    const uint8_t *at  # the offending byte
    int fault
    int traits  # of the string or number scanned last


cdef inline const uint8_t *fail(Text *text, int fault, const uint8_t *at) noexcept nogil:
    text.fault = fault
    text.at = at
    return NULL


cdef inline const uint8_t *skip_space(const uint8_t *p, const uint8_t *end) noexcept nogil:
    while p < end and p[0] <= 0x20 and (p[0] == 0x20 or p[0] == 0x0A or p[0] == 0x0D or p[0] == 0x09):
        p += 1
    return p


cdef inline int hex_digit(uint8_t c) noexcept nogil:
    """Value of a hexadecimal digit, or -1."""
    if 0x30 <= c <= 0x39:
        return c - 0x30
    c |= 0x20
    return c - 0x57 if 0x61 <= c <= 0x66 else -1


cdef inline int hex_unit(const uint8_t *p, const uint8_t *end) noexcept nogil:
    """Value of four hexadecimal digits, or -1."""
    cdef int unit = 0, i, digit
    if end - p < 4:
        return -1
    for i in range(4):
        digit = hex_digit(p[i])
        if digit < 0:
            return -1
        unit = unit << 4 | digit
    return unit


cdef inline const uint8_t *scan_escape(Text *text, const uint8_t *p) noexcept nogil:
    """Scan an escape from its backslash on; a surrogate must be half of a pair."""
    cdef int unit, low
    cdef uint8_t c
    if text.end - p < 2:
        return fail(text, FAULT_JSON, p)
    c = p[1]
    if c != 0x75:  # u
        if c == 0x22 or c == 0x5C or c == 0x2F or c == 0x62 or c == 0x66 or c == 0x6E or c == 0x72 or c == 0x74:
            return p + 2
        return fail(text, FAULT_JSON, p)
    unit = hex_unit(p + 2, text.end)
    if unit < 0:
        return fail(text, FAULT_JSON, p)
    if unit < 0xD800 or unit > 0xDFFF:
        return p + 6
    if unit > 0xDBFF or text.end - p < 8 or p[6] != 0x5C or p[7] != 0x75:
        return fail(text, FAULT_SURROGATE, p)
    low = hex_unit(p + 8, text.end)
    if low < 0:
        return fail(text, FAULT_JSON, p + 6)
    if low < 0xDC00 or low > 0xDFFF:
        return fail(text, FAULT_SURROGATE, p)
    return p + 12


cdef inline const uint8_t *scan_wide(Text *text, const uint8_t *p) noexcept nogil:
    """Scan one UTF-8 sequence of two to four bytes; overlong forms and surrogates are none (RFC 3629, section 4)."""
    cdef uint8_t c = p[0], low = 0x80, high = 0xBF
    cdef int length, i
    if 0xC2 <= c <= 0xDF:
        length = 2
    elif 0xE0 <= c <= 0xEF:
        length = 3
        if c == 0xE0:
            low = 0xA0
        elif c == 0xED:
            high = 0x9F
    elif 0xF0 <= c <= 0xF4:
        length = 4
        if c == 0xF0:
            low = 0x90
        elif c == 0xF4:
            high = 0x8F
    else:
        return fail(text, FAULT_UTF8, p)
    if text.end - p < length or p[1] < low or p[1] > high:
        return fail(text, FAULT_UTF8, p)
    for i in range(2, length):
        if p[i] < 0x80 or p[i] > 0xBF:
            return fail(text, FAULT_UTF8, p)
    return p + length


cdef inline uint64_t special_bytes(uint64_t word) noexcept nogil:
    """Mark the bytes that end a run of plain text: quote, backslash, control character, not ASCII.

    The lowest mark is exact; marks above it need not be.
    """
    cdef uint64_t ones = 0x0101010101010101
    cdef uint64_t quote = word ^ ones * 0x22
    cdef uint64_t backslash = word ^ ones * 0x5C
    return (
        (quote - ones & ~quote | backslash - ones & ~backslash | word - ones * 0x20 & ~word | word) & ones * 0x80
    )


cdef inline const uint8_t *scan_string(Text *text, const uint8_t *p) noexcept nogil:
    """Scan a string from behind its opening quote; returns the place of the closing one."""
    cdef const uint8_t *start = p
    cdef uint64_t marks
    cdef uint8_t c
    text.traits = 0
    while True:
        if text.end - p >= 8:
            marks = special_bytes(load64(p))
            if marks == 0:
                p += 8
                continue
            p += first_byte(marks)
        elif p == text.end:
            return fail(text, FAULT_JSON, start - 1)
        c = p[0]
        if c == 0x22:
            return p
        if c == 0x5C:
            text.traits |= ESCAPED
            p = scan_escape(text, p)
        elif c < 0x20:
            return fail(text, FAULT_JSON, p)
        elif c >= 0x80:
            text.traits |= WIDE
            p = scan_wide(text, p)
        else:
            p += 1
        if p == NULL:
            return NULL


cdef inline int next_code_point(const uint8_t **cursor) noexcept nogil:
    """Read one code point of a string that was scanned, escapes undone, and move on."""
    cdef const uint8_t *p = cursor[0]
    cdef int c = p[0], unit
    if c == 0x5C:
        c = p[1]
        if c == 0x75:
            unit = hex_unit(p + 2, p + 6)
            p += 6
            if 0xD800 <= unit <= 0xDBFF:
                unit = 0x10000 + (unit - 0xD800 << 10) + (hex_unit(p + 2, p + 6) - 0xDC00)
                p += 6
            c = unit
        else:
            p += 2
            if c == 0x62:
                c = 0x08
            elif c == 0x66:
                c = 0x0C
            elif c == 0x6E:
                c = 0x0A
            elif c == 0x72:
                c = 0x0D
            elif c == 0x74:
                c = 0x09
    elif c < 0x80:
        p += 1
    elif c < 0xE0:
        c = (c & 0x1F) << 6 | p[1] & 0x3F
        p += 2
    elif c < 0xF0:
        c = (c & 0x0F) << 12 | (p[1] & 0x3F) << 6 | p[2] & 0x3F
        p += 3
    else:
        c = (c & 0x07) << 18 | (p[1] & 0x3F) << 12 | (p[2] & 0x3F) << 6 | p[3] & 0x3F
        p += 4
    cursor[0] = p
    return c


cdef inline Py_ssize_t count_code_points(const uint8_t *p, const uint8_t *end) noexcept nogil:
    """Length of a scanned string as JSON Schema counts it."""
    cdef Py_ssize_t count = 0
    while p < end:
        next_code_point(&p)
        count += 1
    return count


cdef inline Py_ssize_t plain_text(const uint8_t *p, const uint8_t *end, uint8_t *out, Py_ssize_t room) noexcept nogil:
    """Copy a scanned string with its escapes undone; -1 when it is not ASCII or longer than ``room``."""
    cdef Py_ssize_t length = 0
    cdef int c
    while p < end:
        c = next_code_point(&p)
        if c >= 0x80 or length == room:
            return -1
        out[length] = <uint8_t>c
        length += 1
    return length


cdef inline const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end) noexcept nogil:
    while p < end and 0x30 <= p[0] <= 0x39:
        p += 1
    return p


cdef inline const uint8_t *scan_number(Text *text, const uint8_t *p) noexcept nogil:
    """Scan a number; NULL and no fault but FAULT_JSON when it is none."""
    cdef const uint8_t *start = p
    cdef const uint8_t *digits
    text.traits = 0
    if p < text.end and p[0] == 0x2D:
        text.traits = NEGATIVE
        p += 1
    digits = p
    p = skip_digits(p, text.end)
    if p == digits or digits[0] == 0x30 and p - digits > 1:
        return fail(text, FAULT_JSON, start)
    if p < text.end and p[0] == 0x2E:
        text.traits |= FRACTION
        digits = p + 1
        p = skip_digits(digits, text.end)
        if p == digits:
            return fail(text, FAULT_JSON, start)
    if p < text.end and p[0] | 0x20 == 0x65:
        text.traits |= EXPONENT
        p += 1
        if p < text.end and (p[0] == 0x2B or p[0] == 0x2D):
            p += 1
        digits = p
        p = skip_digits(digits, text.end)
        if p == digits:
            return fail(text, FAULT_JSON, start)
    return p


cdef inline const uint8_t *scan_word(Text *text, const uint8_t *p, const char *word, int length) noexcept nogil:
    """Scan one of the three literal names."""
    cdef int i
    if text.end - p < length:
        return fail(text, FAULT_JSON, p)
    for i in range(length):
        if p[i] != <uint8_t>word[i]:
            return fail(text, FAULT_JSON, p)
    return p + length
