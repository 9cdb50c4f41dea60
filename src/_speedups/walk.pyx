# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""The walk over a payload's bytes that decides its validity.

One pass in document order. Every function takes the place of the first byte of what it checks and returns the place
after the last one, or NULL once something is refused; the first refusal ends the walk. A valid payload that msgspec
would not decode as it is, or that we would not send as it is, leaves notes on what to rewrite. Whoever wants its values
lends a tape, on which the places of all are written down.

The depth of closed objects is bounded by the schemas, that of open values by ``MAX_DEPTH``.
"""

import os

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from ocpp21._speedups.datetimetext cimport (
    BEYOND,
    LEAP_SECOND,
    LOWERCASE,
    NO_OFFSET,
    NOT_UTC,
    DateTime,
    scan_datetime,
)
from ocpp21._speedups.decimals cimport Decimal, compare, is_integer32, read_decimal, small_integer, too_large
from ocpp21._speedups.jsontext cimport (
    ESCAPED,
    EXPONENT,
    FAULT_JSON,
    FAULT_UTF8,
    FRACTION,
    count_code_points,
    load64,
    next_code_point,
    plain_text,
    scan_number,
    scan_string,
    scan_word,
    skip_space,
)
from ocpp21._speedups.members cimport ADDED, NO_MEMORY, Addition, add_member
from ocpp21._speedups.names cimport Name, is_name, low_bytes, scan_name
from ocpp21._speedups.notes cimport (
    NOTE_DATETIME,
    NOTE_ENUM,
    NOTE_INTEGER,
    NOTE_LONG,
    NOTE_NO_OFFSET,
    NOTE_NULL,
    NOTE_QUOTED,
    NOTE_UNKNOWN,
    Note,
    NoteKind,
    add_note,
    free_notes,
    start_notes,
)
from ocpp21._speedups.schema_tables cimport (
    OCPP_ANY,
    OCPP_ARRAY,
    OCPP_BOOLEAN,
    OCPP_DATETIME,
    OCPP_ENUM,
    OCPP_ENUMS,
    OCPP_FIELDS,
    OCPP_IDENTIFIER,
    OCPP_INTEGER,
    OCPP_MAX_LENGTH,
    OCPP_MAXIMUM,
    OCPP_MINIMUM,
    OCPP_NUMBER,
    OCPP_OBJECT,
    OCPP_OBJECTS,
    OCPP_POOL,
    OCPP_SLOTS,
    OCPP_STRING,
    OCPP_VALUES,
    ocpp_enum,
    ocpp_field,
    ocpp_object,
    ocpp_value,
)
from ocpp21._speedups.tape cimport Tape, add_item

cdef enum:
    #: Nesting of objects and arrays inside customData and DataTransfer.data, counted from the payload. The schemas
    #: themselves nest 13 deep at most (Part 3, ReportChargingProfilesRequest), so a cap of 32 for them never shows.
    MAX_DEPTH = 64
    #: Digits of a number up to which it surely fits a double, unless it has an exponent.
    SAFE_DIGITS = 300
    #: Fields that are tried in order before a name is looked up.
    GUESSES = 3
    #: Room for a date-time written with escapes.
    DATETIME_ROOM = 256
    #: Lenient mode takes strings up to this many times their limit.
    LENIENT_LENGTHS = 4

# Where the hashes of member names start from: a secret of the process, so that nobody can choose names that meet.
cdef uint64_t MEMBER_SEED = int.from_bytes(os.urandom(8), "little")

# The characters of identifierString as bits: below 0x40, and from there on.
cdef uint64_t IDENTIFIER_LOW = <uint64_t>0x27ff6c0000000000
cdef uint64_t IDENTIFIER_HIGH = <uint64_t>0x17fffffe87ffffff

cdef bint walk_payload(Walk *w, int schema, const uint8_t *p, Py_ssize_t length) noexcept nogil:
    """Check a payload against a schema, with a walk that is prepared."""
    cdef const uint8_t *end = begin(w, p, length)
    w.to_station = OCPP_OBJECTS[schema].to_station
    p = skip_space(p, end)
    if p == end:
        refuse(w, KEY_JSON, p)
        return False
    if p[0] != 0x7B:
        wrong_type(w, p)
        return False
    return finish(w, walk_object(w, p, &OCPP_OBJECTS[schema], NULL, 1))


cdef void walk_prepare(Walk *w, int mode) noexcept nogil:
    """Set a walk up; walk_free has to follow."""
    memset(w, 0, sizeof(Walk) - sizeof(w.notes.few))
    w.mode = mode
    start_notes(&w.notes)


cdef bint is_json(const uint8_t *p, Py_ssize_t length) noexcept nogil:
    """Say whether a text is one JSON value as OCPP-J wants it."""
    cdef Walk w
    cdef bint valid
    walk_prepare(&w, 0)
    valid = walk_json(&w, p, length)
    walk_free(&w)
    return valid


cdef bint walk_json(Walk *w, const uint8_t *p, Py_ssize_t length) noexcept nogil:
    """Check that a text is one JSON value as OCPP-J wants it, whatever its form."""
    cdef const uint8_t *end = begin(w, p, length)
    return finish(w, walk_any(w, skip_space(p, end), 0))


cdef void walk_free(Walk *w) noexcept nogil:
    """Give back what a walk has taken."""
    free(w.members.slots)
    free_notes(&w.notes)


cdef inline const uint8_t *begin(Walk *w, const uint8_t *p, Py_ssize_t length) noexcept nogil:
    w.start = p
    w.text.end = p + length
    return w.text.end


cdef inline bint finish(Walk *w, const uint8_t *p) noexcept nogil:
    if p == NULL:
        return False
    p = skip_space(p, w.text.end)
    if p != w.text.end:
        refuse(w, KEY_JSON, p)
        return False
    return True


cdef inline const uint8_t *refuse(Walk *w, int keyword, const uint8_t *at) noexcept nogil:
    w.keyword = keyword
    w.at = at
    return NULL


cdef const uint8_t *refuse_text(Walk *w) noexcept nogil:
    """Pass on what the scanner of strings and numbers has found."""
    if w.text.fault == FAULT_JSON:
        return refuse(w, KEY_JSON, w.text.at)
    return refuse(w, KEY_UTF8 if w.text.fault == FAULT_UTF8 else KEY_SURROGATE, w.text.at)


cdef const uint8_t *wrong_type(Walk *w, const uint8_t *p) noexcept nogil:
    """Refuse a value of another type."""
    return refuse(w, KEY_TYPE, p) if is_value(w, p) else NULL


cdef bint is_value(Walk *w, const uint8_t *p) noexcept nogil:
    """Look whether something that will be refused is a value at all; what is none is refused here, as no JSON."""
    if p < w.text.end and (p[0] == 0x7B or p[0] == 0x5B):
        return True
    return walk_any(w, p, 0) != NULL


cdef bint note(
    Walk *w, NoteKind kind, const uint8_t *start, const uint8_t *end, const ocpp_field *field
) noexcept nogil:
    """Write down what to rewrite; false when memory has run out."""
    return keep_note(w, Note(kind, start, end, start, end, field))


cdef bint keep_note(Walk *w, Note found) noexcept nogil:
    if add_note(&w.notes, found):
        return True
    refuse(w, KEY_MEMORY, found.start)
    return False


# Objects and arrays


cdef const uint8_t *walk_object(
    Walk *w, const uint8_t *p, const ocpp_object *o, const ocpp_field *whole, int depth
) noexcept nogil:
    """Walk an object: the value of a field, or the payload itself."""
    cdef const uint8_t *end = w.text.end
    cdef Name found
    cdef const uint8_t *name
    cdef const uint8_t *value
    cdef const uint8_t *value_end
    cdef const uint8_t *comma = NULL  # before the member, once a member is kept
    cdef const ocpp_field *field
    cdef Py_ssize_t place = 0
    cdef uint64_t seen = 0
    cdef uint32_t owner = 0
    cdef int index = -1
    cdef bint removed
    if w.tape != NULL:
        place = w.tape.count
        if not keep_item(w, whole, p, p, 0):
            return NULL
    p = skip_space(p + 1, end)
    if p < end and p[0] == 0x7D:
        return close_object(w, p, o, seen)
    while True:
        if p == end or p[0] != 0x22:
            return refuse(w, KEY_JSON, p)
        name = p + 1
        index = next_field(o, name, end, index + 1)
        if index >= 0:
            p = name + OCPP_FIELDS[o.first + index].length
        else:
            p = scan_name(&w.text, name, o.seed, &found)
            if p == NULL:
                return refuse_text(w)
            index = find_field(o, &found)
        field = &OCPP_FIELDS[o.first + index] if index >= 0 else NULL
        if index >= 0:
            if seen >> index & 1:
                return refuse(w, KEY_UNIQUE, name - 1)
            seen |= <uint64_t>1 << index
        elif not o.is_open and not w.mode & MODE_LENIENT:
            w.object = o
            return refuse(w, KEY_ADDITIONAL, name - 1)
        elif not is_new_member(w, name, p, &owner):
            return NULL
        value = skip_space(p + 1, end)
        if value == end or value[0] != 0x3A:
            return refuse(w, KEY_JSON, value)
        value = skip_space(value + 1, end)
        removed = index < 0 and not o.is_open
        if index < 0:
            p = walk_any(w, value, depth)
        elif w.mode & MODE_LENIENT and is_absent(w, value, o, index):
            removed = True
            p = value + 4
        else:
            p = walk_value(w, value, field, depth)
        if p == NULL:
            return NULL
        value_end = p
        p = skip_space(p, end)
        if p == end or p[0] != 0x2C and p[0] != 0x7D:
            return refuse(w, KEY_JSON, p)
        if removed and not note_absent(w, name - 1, value, value_end, comma, p, field):
            return NULL
        if p[0] == 0x7D:
            if w.tape != NULL:
                w.tape.items[place].detail = count_bits(seen)
            return close_object(w, p, o, seen)
        if comma != NULL or not removed:
            comma = p
        p = skip_space(p + 1, end)


cdef inline const uint8_t *close_object(Walk *w, const uint8_t *p, const ocpp_object *o, uint64_t seen) noexcept nogil:
    cdef uint64_t missing = o.required & ~seen
    if missing == 0:
        return p + 1
    w.missing = o.first
    while not missing & 1:
        missing >>= 1
        w.missing += 1
    return refuse(w, KEY_REQUIRED, p)


cdef inline int count_bits(uint64_t word) noexcept nogil:
    cdef int count = 0
    while word:
        word &= word - 1
        count += 1
    return count


cdef inline bint is_absent(Walk *w, const uint8_t *value, const ocpp_object *o, int index) noexcept nogil:
    """Say whether lenient mode takes a value as absent: a null where something optional is due."""
    if o.required >> index & 1 or OCPP_FIELDS[o.first + index].kind == OCPP_ANY:
        return False
    return value < w.text.end and value[0] == 0x6E and scan_word(&w.text, value, b"null", 4) != NULL


cdef bint note_absent(
    Walk *w,
    const uint8_t *name,
    const uint8_t *value,
    const uint8_t *value_end,
    const uint8_t *comma,
    const uint8_t *behind,
    const ocpp_field *field,
) noexcept nogil:
    """Note a member that goes: with the comma before it, or with the one behind it where no member before it stays."""
    cdef const uint8_t *start = name if comma == NULL else comma
    cdef const uint8_t *end = value_end
    if comma == NULL and behind[0] == 0x2C:
        end = skip_space(behind + 1, w.text.end)
    if field == NULL:
        return keep_note(w, Note(NOTE_UNKNOWN, start, end, name, value_end, field))
    return keep_note(w, Note(NOTE_NULL, start, end, value, value_end, field))


cdef inline int next_field(const ocpp_object *o, const uint8_t *p, const uint8_t *end, int index) noexcept nogil:
    """Index of the field whose name stands here if it is one of the next few, as with senders that keep the order."""
    cdef int last = min(index + GUESSES, <int>o.count)
    while index < last:
        if begins_with(p, end, &OCPP_FIELDS[o.first + index]):
            return index
        index += 1
    return -1


cdef inline bint begins_with(const uint8_t *p, const uint8_t *end, const ocpp_field *field) noexcept nogil:
    """Say whether the name of a field, and its closing quote, stand here: most senders keep the order of the schema."""
    cdef const uint8_t *name = <const uint8_t *>&OCPP_POOL[field.name]
    cdef Py_ssize_t length = field.length
    if end - p < length + 8 or p[length] != 0x22:
        return False
    while length >= 8:
        if load64(p) != load64(name):
            return False
        p += 8
        name += 8
        length -= 8
    return (load64(p) ^ load64(name)) & low_bytes(length) == 0


cdef inline int find_field(const ocpp_object *o, Name *name) noexcept nogil:
    """Index of the field of that name, or -1."""
    cdef int index = OCPP_SLOTS[o.slots + (name.hash >> (64 - o.bits))] - 1
    if index >= 0 and not is_name(name, OCPP_FIELDS[o.first + index].name, OCPP_FIELDS[o.first + index].length):
        return -1
    return index


cdef const uint8_t *walk_array(Walk *w, const uint8_t *p, const ocpp_field *field, int depth) noexcept nogil:
    cdef const uint8_t *end = w.text.end
    cdef Py_ssize_t count = 0, place = 0
    if p == end or p[0] != 0x5B:
        w.field = field
        w.array_due = True
        return wrong_type(w, p)
    if w.tape != NULL:
        place = w.tape.count
        if not keep_item(w, field, p, p, 0):
            return NULL
    p = skip_space(p + 1, end)
    if p < end and p[0] == 0x5D:
        return refuse_field(w, KEY_MIN_ITEMS, p, field) if field.min_items else p + 1
    while True:
        count += 1
        if field.max_items and count > field.max_items:
            return refuse_field(w, KEY_MAX_ITEMS, p, field) if is_value(w, p) else NULL
        p = walk_item(w, p, field, depth)
        if p == NULL:
            return NULL
        p = skip_space(p, end)
        if p < end and p[0] == 0x2C:
            p = skip_space(p + 1, end)
            continue
        if p == end or p[0] != 0x5D:
            return refuse(w, KEY_JSON, p)
        if count < field.min_items:
            return refuse_field(w, KEY_MIN_ITEMS, p, field)
        if w.tape != NULL:
            w.tape.items[place].detail = <int>count
        return p + 1


cdef inline const uint8_t *refuse_field(
    Walk *w, int keyword, const uint8_t *at, const ocpp_field *field
) noexcept nogil:
    w.field = field
    return refuse(w, keyword, at)


# Values


cdef inline const uint8_t *walk_value(Walk *w, const uint8_t *p, const ocpp_field *field, int depth) noexcept nogil:
    if field.flags & OCPP_ARRAY:
        return walk_array(w, p, field, depth + 1)
    return walk_item(w, p, field, depth)


cdef inline const uint8_t *walk_item(Walk *w, const uint8_t *p, const ocpp_field *field, int depth) noexcept nogil:
    return check_item(w, p, field, depth) if w.tape == NULL else tape_item(w, p, field, depth)


cdef const uint8_t *check_item(Walk *w, const uint8_t *p, const ocpp_field *field, int depth) noexcept nogil:
    cdef int kind = field.kind
    cdef uint8_t c = p[0] if p < w.text.end else 0
    if kind == OCPP_STRING:
        if c == 0x22:
            return walk_string(w, p, field)
    elif kind == OCPP_ENUM:
        if c == 0x22:
            return walk_enum(w, p, field)
    elif kind == OCPP_NUMBER or kind == OCPP_INTEGER:
        if c == 0x2D or 0x30 <= c <= 0x39:
            return walk_number(w, p, field)
        if c == 0x22 and w.mode & MODE_LENIENT:
            return walk_quoted_number(w, p, field)
    elif kind == OCPP_OBJECT:
        if c == 0x7B:
            return walk_object(w, p, &OCPP_OBJECTS[field.index], field, depth + 1)
    elif kind == OCPP_DATETIME:
        if c == 0x22:
            return walk_datetime(w, p, field)
    elif kind == OCPP_BOOLEAN:
        if c == 0x74:
            return walk_word(w, p, b"true", 4)
        if c == 0x66:
            return walk_word(w, p, b"false", 5)
    else:
        return walk_any(w, p, depth)
    w.field = field
    return wrong_type(w, p)


cdef const uint8_t *tape_item(Walk *w, const uint8_t *p, const ocpp_field *field, int depth) noexcept nogil:
    """Walk a value, and write it down; an object has been by then, unless it is open: then it is one value."""
    cdef const uint8_t *start = p
    cdef Tape *tape = w.tape
    cdef bint is_open = field.kind == OCPP_OBJECT and OCPP_OBJECTS[field.index].is_open
    if is_open:
        w.tape = NULL
    p = check_item(w, p, field, depth)
    w.tape = tape
    if p == NULL or field.kind == OCPP_OBJECT and not is_open:
        return p
    return p if keep_item(w, field, start, p, w.value if field.kind == OCPP_ENUM else w.text.traits) else NULL


cdef bint keep_item(
    Walk *w, const ocpp_field *field, const uint8_t *start, const uint8_t *end, int detail
) noexcept nogil:
    """Write down where a value stands; false when memory has run out."""
    if add_item(w.tape, <uint32_t>(field - &OCPP_FIELDS[0]) if field != NULL else 0, start, end, detail):
        return True
    refuse(w, KEY_MEMORY, start)
    return False


cdef inline const uint8_t *walk_word(Walk *w, const uint8_t *p, const char *word, int length) noexcept nogil:
    p = scan_word(&w.text, p, word, length)
    return p if p != NULL else refuse_text(w)


cdef const uint8_t *walk_string(Walk *w, const uint8_t *p, const ocpp_field *field) noexcept nogil:
    cdef const uint8_t *start = p
    cdef Py_ssize_t length, limit = field.max_length
    p = scan_string(&w.text, p + 1)
    if p == NULL:
        return refuse_text(w)
    # No character takes less than one byte: only a text with too many bytes needs counting.
    if field.flags & OCPP_MAX_LENGTH and p - start - 1 > limit:
        length = count_code_points(start + 1, p) if w.text.traits else p - start - 1
        if length > limit:
            if not w.mode & MODE_LENIENT or length > LENIENT_LENGTHS * limit:
                return refuse_field(w, KEY_MAX_LENGTH, start, field)
            if not note(w, NOTE_LONG, start, p + 1, field):
                return NULL
    if w.mode & MODE_CONFORM and field.flags & OCPP_IDENTIFIER and not is_identifier(start + 1, p):
        return refuse_field(w, KEY_IDENTIFIER, start, field)
    return p + 1


cdef bint is_identifier(const uint8_t *p, const uint8_t *end) noexcept nogil:
    """Check the character set of identifierString: a-z A-Z 0-9 * - _ = : + | @ . (Part 2, 2.1.4)."""
    cdef int c
    while p < end:
        c = next_code_point(&p)
        if c >= 0x80 or not (IDENTIFIER_LOW if c < 0x40 else IDENTIFIER_HIGH) >> (c & 0x3F) & 1:
            return False
    return True


cdef const uint8_t *walk_enum(Walk *w, const uint8_t *p, const ocpp_field *field) noexcept nogil:
    cdef const ocpp_enum *e = &OCPP_ENUMS[field.index]
    cdef const ocpp_value *value
    cdef const uint8_t *start = p
    cdef Name found
    cdef int slot
    p = scan_name(&w.text, p + 1, e.seed, &found)
    if p == NULL:
        return refuse_text(w)
    slot = OCPP_SLOTS[e.slots + (found.hash >> (64 - e.bits))]
    if slot > 0:
        value = &OCPP_VALUES[e.first + slot - 1]
        if is_name(&found, value.name, value.length):
            w.value = slot - 1
            return p + 1
    if not w.mode & MODE_LENIENT:
        return refuse_field(w, KEY_ENUM, start, field)
    return p + 1 if note(w, NOTE_ENUM, start, p + 1, field) else NULL


cdef const uint8_t *walk_datetime(Walk *w, const uint8_t *p, const ocpp_field *field) noexcept nogil:
    cdef const uint8_t *start = p
    cdef DateTime found
    cdef uint8_t plain[DATETIME_ROOM]
    cdef Py_ssize_t length
    cdef bint is_escaped, is_valid
    p = scan_string(&w.text, p + 1)
    if p == NULL:
        return refuse_text(w)
    is_escaped = w.text.traits & ESCAPED
    if is_escaped:
        length = plain_text(start + 1, p, plain, DATETIME_ROOM)
        is_valid = length > 0 and scan_datetime(plain, plain + length, &found)
    else:
        is_valid = scan_datetime(start + 1, p, &found)
    if not is_valid or found.traits & NO_OFFSET and not w.mode & MODE_LENIENT:
        return refuse_field(w, KEY_FORMAT, start, field)
    if found.traits & BEYOND and w.mode & MODE_CANONICAL:
        return refuse_field(w, KEY_FORMAT, start, field)
    if w.mode & MODE_CONFORM and found.fraction > 3 and not w.mode & MODE_CANONICAL:
        return refuse_field(w, KEY_FRACTION, start, field)
    if found.traits & NO_OFFSET:
        return p + 1 if note(w, NOTE_NO_OFFSET, start, p + 1, field) else NULL
    # msgspec takes neither leap seconds nor, near the end of time, more than six digits; it rounds where we cut.
    if is_escaped or found.fraction > 6 or found.traits & LEAP_SECOND or (
        w.mode & MODE_CANONICAL and (found.fraction > 3 or found.traits & (NOT_UTC | LOWERCASE))
    ):
        return p + 1 if note(w, NOTE_DATETIME, start, p + 1, field) else NULL
    return p + 1


# Numbers


cdef const uint8_t *walk_number(Walk *w, const uint8_t *p, const ocpp_field *field) noexcept nogil:
    cdef const uint8_t *start = p
    p = scan_number(&w.text, p)
    if p == NULL:
        return refuse_text(w)
    # Most numbers: few digits and, where a whole number is due, nothing else.
    if p - start <= 9 and not w.text.traits & (EXPONENT | FRACTION):
        return p if fits(small_integer(start, p), field) else refuse_bound(w, start, field, small_integer(start, p))
    if p - start <= SAFE_DIGITS and field.kind == OCPP_NUMBER and not w.text.traits & EXPONENT:
        if not field.flags & (OCPP_MINIMUM | OCPP_MAXIMUM) and not (w.mode & MODE_CONFORM and w.to_station):
            return p
    return walk_exact(w, start, p, field)


cdef inline bint fits(int64_t value, const ocpp_field *field) noexcept nogil:
    if field.flags & OCPP_MINIMUM and value < field.minimum:
        return False
    return not (field.flags & OCPP_MAXIMUM and value > field.maximum)


cdef inline const uint8_t *refuse_bound(
    Walk *w, const uint8_t *at, const ocpp_field *field, int64_t value
) noexcept nogil:
    cdef bint low = field.flags & OCPP_MINIMUM and value < field.minimum
    return refuse_field(w, KEY_MINIMUM if low else KEY_MAXIMUM, at, field)


cdef const uint8_t *walk_exact(
    Walk *w, const uint8_t *start, const uint8_t *end, const ocpp_field *field
) noexcept nogil:
    """Check a scanned number on its digits: nothing is rounded, so 1.0000000000000000001 is no integer."""
    cdef Decimal number
    read_decimal(start, end, &number)
    if too_large(&number):
        return refuse_field(w, KEY_RANGE, start, field)
    if field.kind == OCPP_INTEGER:
        if number.decimals > 0:
            return refuse_field(w, KEY_TYPE, start, field)
        if w.text.traits & (EXPONENT | FRACTION) and not note(w, NOTE_INTEGER, start, end, field):
            return NULL
        if w.mode & MODE_CONFORM and not is_integer32(&number):
            return refuse_field(w, KEY_INTEGER32, start, field)
    elif w.mode & MODE_CONFORM and w.to_station and number.decimals > 6:
        return refuse_field(w, KEY_DECIMALS, start, field)
    if field.flags & OCPP_MINIMUM and compare(&number, field.minimum) < 0:
        return refuse_field(w, KEY_MINIMUM, start, field)
    if field.flags & OCPP_MAXIMUM and compare(&number, field.maximum) > 0:
        return refuse_field(w, KEY_MAXIMUM, start, field)
    return end


cdef const uint8_t *walk_quoted_number(Walk *w, const uint8_t *p, const ocpp_field *field) noexcept nogil:
    """Lenient mode: take a number that stands in quotes."""
    cdef const uint8_t *start = p
    cdef const uint8_t *inner
    p = scan_string(&w.text, p + 1)
    if p == NULL:
        return refuse_text(w)
    inner = scan_number(&w.text, start + 1)
    if inner != p:
        return refuse_field(w, KEY_TYPE, start, field)
    w.text.traits = 0  # the quotes go, and a whole number gets its digits on the same occasion
    if not note(w, NOTE_QUOTED, start, p + 1, field):
        return NULL
    if walk_exact(w, start + 1, p, field) == NULL:
        return refuse(w, w.keyword, start)
    return p + 1


# Values of any form


cdef const uint8_t *walk_any(Walk *w, const uint8_t *p, int depth) noexcept nogil:
    cdef const uint8_t *end
    cdef const uint8_t *start = p
    cdef Decimal number
    cdef uint8_t c = p[0] if p < w.text.end else 0
    if c == 0x22:
        p = scan_string(&w.text, p + 1)
        return p + 1 if p != NULL else refuse_text(w)
    if c == 0x7B or c == 0x5B:
        return walk_any_members(w, p, depth + 1) if depth < MAX_DEPTH else refuse(w, KEY_DEPTH, p)
    if c == 0x74:
        return walk_word(w, p, b"true", 4)
    if c == 0x66:
        return walk_word(w, p, b"false", 5)
    if c == 0x6E:
        w.nulls = True
        return walk_word(w, p, b"null", 4)
    end = scan_number(&w.text, p)
    if end == NULL:
        return refuse_text(w)
    if w.text.traits & EXPONENT or end - start > SAFE_DIGITS:
        read_decimal(start, end, &number)
        if too_large(&number):
            return refuse(w, KEY_RANGE, start)
    return end


cdef const uint8_t *walk_any_members(Walk *w, const uint8_t *p, int depth) noexcept nogil:
    """Walk an open object or array from its bracket on."""
    cdef const uint8_t *end = w.text.end
    cdef const uint8_t *name
    cdef uint8_t bracket = p[0] + 2  # the closing one, in ASCII
    cdef bint is_object = bracket == 0x7D
    cdef uint32_t owner = 0
    p = skip_space(p + 1, end)
    if p < end and p[0] == bracket:
        return p + 1
    while True:
        if is_object:
            if p == end or p[0] != 0x22:
                return refuse(w, KEY_JSON, p)
            name = p + 1
            p = scan_string(&w.text, name)
            if p == NULL:
                return refuse_text(w)
            if not is_new_member(w, name, p, &owner):
                return NULL
            p = skip_space(p + 1, end)
            if p == end or p[0] != 0x3A:
                return refuse(w, KEY_JSON, p)
            p = skip_space(p + 1, end)
        p = walk_any(w, p, depth)
        if p == NULL:
            return NULL
        p = skip_space(p, end)
        if p < end and p[0] == 0x2C:
            p = skip_space(p + 1, end)
        elif p < end and p[0] == bracket:
            return p + 1
        else:
            return refuse(w, KEY_JSON, p)


cdef inline bint is_new_member(Walk *w, const uint8_t *name, const uint8_t *end, uint32_t *owner) noexcept nogil:
    """Remember a member of an open object; refuse one that the object has already."""
    cdef Addition result = add_member(&w.members, name, end, owner, MEMBER_SEED)
    if result != ADDED:
        refuse(w, KEY_MEMORY if result == NO_MEMORY else KEY_UNIQUE, name - 1)
    return result == ADDED
