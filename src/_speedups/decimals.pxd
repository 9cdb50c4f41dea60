"""Numbers of any size and precision, compared on their digits: nothing is ever rounded."""

from libc.stdint cimport int64_t, uint8_t

cdef struct Decimal:
    const uint8_t *first  # first digit that is not zero; NULL for zero
    int64_t digits  # from the first to the last digit that is not zero
    int64_t exponent  # the number is 0.DIGITS * 10 ** exponent
    int64_t decimals  # digits behind the point that count
    bint negative

cdef enum:
    EXPONENT_CAP = 1000000000
    DOUBLE_DIGITS = 309  # of the largest double before its point


cdef inline int64_t small_integer(const uint8_t *p, const uint8_t *end) noexcept nogil:
    cdef int64_t value = 0
    cdef bint negative = p[0] == 0x2D
    p += negative
    while p < end:
        value = value * 10 + p[0] - 0x30
        p += 1
    return -value if negative else value


cdef inline void read_decimal(const uint8_t *p, const uint8_t *end, Decimal *number) noexcept nogil:
    """Take a scanned number apart, exactly; an exponent saturates at ``EXPONENT_CAP``."""
    cdef int64_t seen = 0, point = -1, exponent = 0, fraction
    cdef int64_t first = 0, last = 0
    cdef bint down = False
    number.negative = p[0] == 0x2D
    number.first = NULL
    p += number.negative
    while p < end and p[0] | 0x20 != 0x65:
        if p[0] == 0x2E:
            point = seen
        else:
            if p[0] != 0x30:
                if number.first == NULL:
                    number.first = p
                    first = seen
                last = seen
            seen += 1
        p += 1
    if p < end:
        p += 1
        down = p[0] == 0x2D
        if p[0] == 0x2B or down:
            p += 1
        while p < end:
            if exponent < EXPONENT_CAP:
                exponent = exponent * 10 + p[0] - 0x30
            p += 1
    if down:
        exponent = -exponent
    if point < 0:
        point = seen
    number.digits = last - first + 1 if number.first != NULL else 0
    number.exponent = point - first + exponent
    fraction = number.digits - number.exponent
    number.decimals = fraction if number.first != NULL and fraction > 0 else 0


cdef inline int compare_magnitude(
    Decimal *number, const uint8_t *digits, int64_t count, int64_t exponent
) noexcept nogil:
    """Compare with 0.DIGITS * 10 ** exponent, signs left out: negative, zero, positive."""
    cdef const uint8_t *p = number.first
    cdef int64_t i
    cdef int mine, other
    if p == NULL:
        return -1
    if number.exponent != exponent:
        return 1 if number.exponent > exponent else -1
    for i in range(max(number.digits, count)):
        if i < number.digits and p[0] == 0x2E:
            p += 1
        mine = p[0] if i < number.digits else 0x30
        other = digits[i] if i < count else 0x30
        if mine != other:
            return 1 if mine > other else -1
        if i < number.digits:
            p += 1
    return 0


cdef inline const char *first_too_large() noexcept nogil:
    """The digits of the first number that rounds to no double: 2 ** 1024 - 2 ** 970."""
    return (
        b"179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330"
        b"286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069"
        b"855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792"
    )


cdef inline bint too_large(Decimal *number) noexcept nogil:
    """Say whether no double holds the number."""
    return compare_magnitude(number, <const uint8_t *>first_too_large(), DOUBLE_DIGITS, DOUBLE_DIGITS) >= 0


cdef inline bint is_integer32(Decimal *number) noexcept nogil:
    cdef const char *limit = b"2147483648" if number.negative else b"2147483647"
    return compare_magnitude(number, <const uint8_t *>limit, 10, 10) <= 0


cdef inline int compare(Decimal *number, int bound) noexcept nogil:
    """Compare a number with a small whole one: negative, zero, positive."""
    cdef uint8_t digits[8]
    cdef int length = 0, rest = -bound if bound < 0 else bound, i
    cdef int magnitude
    if number.first == NULL:
        return -bound
    if bound == 0 or number.negative != (bound < 0):
        return -1 if number.negative else 1
    while rest > 0:
        length += 1
        rest //= 10
    rest = -bound if bound < 0 else bound
    for i in range(length):
        digits[length - 1 - i] = <uint8_t>(0x30 + rest % 10)
        rest //= 10
    magnitude = compare_magnitude(number, digits, length, length)
    return -magnitude if number.negative else magnitude
