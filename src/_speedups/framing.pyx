# cython: language_level=3, auto_pickle=False
"""Read the head of an OCPP-J frame and find its payload, without a look at the payload.

A frame is read from both ends: type, id and action from the front, the closing bracket from the back. What lies
between the last comma of the head and that bracket is the payload, whatever it holds: the validator reads every byte of
it later, once. So the cost of a frame does not grow with its payload.

Rows are those of the receiver's decision table (Part 4, 4.1 to 4.4). Two ideas carry most of them: a text that is seen
to be no JSON is answered under the id "-1" even if its id could be read (row 5), and a JSON array of the wrong shape
under its own id (row 13).
"""

cimport cython
from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS,
    PyBUF_FORMAT,
    PyBUF_ND,
    PyBUF_READ,
    PyBUF_STRIDES,
    PyBUF_WRITABLE,
    PyBuffer_Release,
    PyObject_GetBuffer,
)
from cpython.bytearray cimport PyByteArray_Check
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_Check, PyBytes_GET_SIZE
from cpython.memoryview cimport PyMemoryView_Check, PyMemoryView_FromMemory, PyMemoryView_FromObject
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_Check, PyUnicode_DecodeASCII
from libc.stdint cimport uint8_t
from libc.string cimport memcmp

from ocpp21._speedups.walk cimport is_json

import orjson

from ocpp21.errors import ErrorCode, RemoteProtocolError

cdef extern from "Python.h":
    # cpython.number takes an object as second argument, which leaves out NULL: do not raise, clip.
    const Py_ssize_t PY_SSIZE_T_MAX
    Py_ssize_t clip "PyNumber_AsSsize_t" (object number, PyObject* overflow) except? -1

cdef object loads = orjson.loads
cdef object RPC_FRAMEWORK_ERROR = ErrorCode.RPC_FRAMEWORK_ERROR
cdef object MESSAGE_TYPE_NOT_SUPPORTED = ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED
cdef tuple NAMES = (None, None, "CALL", "CALLRESULT", "CALLERROR", "CALLRESULTERROR", "SEND")
cdef dict JSON_TYPES = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}
cdef const char* EMPTY_OBJECT = b"{}"
cdef char* UNSIGNED_BYTES = b"B"  # in the notation of the struct module

# Characters of an id that is too long, and is still given back (row 11).
cdef enum:
    MAX_ECHO = 255

# Longest action read, in characters: far beyond PublishFirmwareStatusNotification, the longest of the standard.
cdef enum:
    MAX_ACTION = 64

# Bytes of the peer's text that a description shows.
cdef enum:
    MAX_SHOWN = 20


# What is left to read. Never `at > end`, and no byte at or behind `end` is read.
cdef struct Text:
    const char* at
    const char* end


@cython.final
@cython.freelist(64)
@cython.no_gc  # a cycle needs a caller who puts a frame into its own details; tracking would burden every frame
cdef class Frame:
    """The head of one frame, read; its payload, found."""

    def __init__(self):
        raise TypeError("frames come from parse()")

    @property
    def payload(self):
        # Not kept: a view refers to the frame, which is not tracked, and most payloads are read through the C fields.
        return PyMemoryView_FromObject(self) if self.end else None

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        if self.end == 0:
            raise BufferError("this frame has no payload")
        if flags & PyBUF_WRITABLE:
            raise BufferError("a payload is read-only")
        # By hand, since PyBuffer_FillInfo would lose the reference to None that Cython put into buffer.obj.
        buffer.obj = self
        buffer.buf = <void*> (self.buf + self.start)
        buffer.len = self.end - self.start
        buffer.readonly = 1
        buffer.itemsize = 1
        buffer.format = UNSIGNED_BYTES if flags & PyBUF_FORMAT else NULL
        buffer.ndim = 1
        buffer.shape = &buffer.len if flags & PyBUF_ND else NULL
        buffer.strides = &buffer.itemsize if flags & PyBUF_STRIDES == PyBUF_STRIDES else NULL
        buffer.suboffsets = NULL
        buffer.internal = NULL

    def __dealloc__(self):
        PyBuffer_Release(&self.view)  # does nothing when there is none

    def __repr__(self):
        detail = ""
        if self.action is not None:
            detail += f" action={self.action!a}"
        if self.error_code is not None:
            detail += f" error_code={self.error_code[:MAX_ACTION]!a}"
        if self.end:
            detail += f" payload={self.end - self.start} bytes"
        return f"<Frame {NAMES[self.message_type]} message_id={self.message_id!a}{detail}>"


def parse(data, /, *, max_size=1048576):
    """Read the head of an OCPP-J frame."""
    return scan(data, PY_SSIZE_T_MAX if max_size is None else clip(max_size, NULL))


cdef Frame scan(object data, Py_ssize_t limit):
    cdef Frame frame = Frame.__new__(Frame)
    cdef Text text
    cdef Py_ssize_t digits
    hold(frame, data)
    if frame.end > limit:  # row 3
        raise refusal(frame, f"at most {limit} bytes", f"{frame.end}", None)
    text.at, text.end = frame.buf, frame.buf + frame.end
    if not take(&text, c"["):  # rows 2, 5, 6
        raise refusal(frame, "a JSON array", shown(&text), None)
    skip_whitespace(&text)
    digits = integer_length(&text)
    if digits == 0:  # row 7
        raise refusal(frame, "an integer as message type", shown(&text), None)
    if digits > 1 or not c"2" <= text.at[0] <= c"6":  # row 8
        raise unsupported(&text, digits)
    frame.message_type = text.at[0] - c"0"
    text.at += 1
    if frame.message_type == CALL_ERROR or frame.message_type == CALL_RESULT_ERROR:
        read_error(frame)
    else:
        read_message(frame, &text)
    return frame


# The parts of a frame


cdef int hold(Frame frame, object data) except -1:
    """Bind the frame to the received text, so that it stays where it is; the span is all of it for now."""
    frame.data = data
    if PyBytes_Check(data):
        frame.buf, frame.end = PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)
    elif PyUnicode_Check(data):
        hold_str(frame, data)
    else:
        hold_view(frame, data)
    return 0


cdef int hold_str(Frame frame, object data) except -1:
    """Let the str keep its UTF-8 form; for ASCII that is the str itself, without a copy."""
    try:
        frame.buf = PyUnicode_AsUTF8AndSize(data, &frame.end)
    except UnicodeEncodeError:
        frame.buf = NULL
    if frame.buf is NULL:  # row 4
        raise refusal(frame, "Unicode text", "a lone surrogate", None)
    return 0


cdef int hold_view(Frame frame, object data) except -1:
    """Lock the memory of a bytearray or a memoryview of bytes until the frame dies."""
    if not (PyByteArray_Check(data) or PyMemoryView_Check(data)):
        raise TypeError(f"expected bytes, bytearray, memoryview or str, found {type(data).__name__}")
    try:
        PyObject_GetBuffer(data, &frame.view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)
    except BufferError:
        raise TypeError("expected a contiguous buffer") from None
    if frame.view.itemsize != 1 or frame.view.ndim != 1:
        raise TypeError("expected a buffer of bytes in one dimension")
    frame.buf, frame.end = <const char*> frame.view.buf, frame.view.len
    return 0


cdef int read_message(Frame frame, Text* text) except -1:
    """Read a CALL, SEND or CALLRESULT from behind its type: id, action, span of the payload."""
    close_array(frame, text)
    next_element(frame, text, "a message id")
    frame.message_id = read_string(text)
    if frame.message_id is None:  # row 10
        raise refusal(frame, "a string as message id", shown(text), None)
    check_id(frame)
    if frame.message_type != CALL_RESULT:
        next_element(frame, text, "an action")
        read_action(frame, text)
    next_element(frame, text, "a payload")
    set_payload(frame, text)
    return 0


cdef int close_array(Frame frame, Text* text) except -1:
    """Move the end of the text in front of the bracket that closes it, and of the whitespace there."""
    trim_whitespace(text)
    if text.at == text.end or text.end[-1] != c"]":  # row 5
        raise refusal(frame, "a closing bracket at the end of the text", shown_end(text), None)
    text.end -= 1
    trim_whitespace(text)
    return 0


cdef int next_element(Frame frame, Text* text, str name) except -1:
    """Step over the comma in front of an element."""
    if not take(text, c","):  # row 13 at the end of the array, else row 5
        raise refusal(frame, name, shown(text), frame.message_id if text.at == text.end else None)
    skip_whitespace(text)
    if text.at == text.end:  # row 5
        raise refusal(frame, name, "a comma at the end of the array", None)
    return 0


cdef int check_id(Frame frame) except -1:
    cdef Py_ssize_t length = len(frame.message_id)
    if not 1 <= length <= MAX_ID:  # rows 11, 12
        raise refusal(
            frame,
            f"a message id of 1 to {MAX_ID} characters",
            f"{length}",
            frame.message_id if 1 <= length <= MAX_ECHO else None,
        )
    return 0


cdef int read_action(Frame frame, Text* text) except -1:
    cdef bint other = begins_other_value(text.at[0])
    frame.action = read_string(text)
    if frame.action is None:  # row 13 if it is another value, row 5 if it is none
        raise refusal(frame, "a string as action", shown(text), frame.message_id if other else None)
    if len(frame.action) > MAX_ACTION:  # row 13
        raise refusal(frame, f"an action of at most {MAX_ACTION} characters", f"{len(frame.action)}", frame.message_id)
    return 0


cdef int set_payload(Frame frame, Text* text) except -1:
    """Take all that is left as the payload; null stands for {} (Part 4, 4.1.5)."""
    if text.end - text.at == 4 and memcmp(text.at, b"null", 4) == 0:
        frame.buf, frame.start, frame.end = EMPTY_OBJECT, 0, 2
    else:
        frame.start, frame.end = text.at - frame.buf, text.end - frame.buf
    return 0


# Errors of the peer


cdef int read_error(Frame frame) except -1:
    """Read a CALLERROR or CALLRESULTERROR whole: it is rare, and no validator comes after (rows 25, 26)."""
    cdef list elements = None
    if is_json(<const uint8_t*> frame.buf, frame.end):
        elements = load(frame.buf, frame.end)
    frame.end = 0
    if elements is None:  # row 5
        raise refusal(frame, "a JSON array", "text that is no JSON", None)
    if len(elements) < 2 or not isinstance(elements[1], str):
        raise refusal(frame, "a string as message id", found(elements, 1), None)
    frame.message_id = elements[1]
    check_id(frame)
    if not 3 <= len(elements) <= 5:
        raise refusal(frame, "3 to 5 elements", f"{len(elements)}", frame.message_id)
    elements += [None] * (5 - len(elements))
    frame.error_code = error_part(frame, elements, 2, str, None)
    frame.error_description = error_part(frame, elements, 3, str, "")
    frame.error_details = error_part(frame, elements, 4, dict, {})
    return 0


cdef object error_part(Frame frame, list elements, Py_ssize_t index, type kind, object default):
    """Return one element of an error; a default stands for null and for what the peer left out."""
    element = elements[index]
    if element is None and default is not None:
        return default
    if not isinstance(element, kind):
        name = ("error code", "error description", "error details")[index - 2]
        raise refusal(frame, f"{JSON_TYPES[kind]} as {name}", found(elements, index), frame.message_id)
    return element


cdef str found(list elements, Py_ssize_t index):
    return JSON_TYPES[type(elements[index])] if index < len(elements) else "nothing"


# Tokens of JSON


cdef inline bint is_whitespace(char byte) noexcept nogil:
    return byte == c" " or byte == c"\n" or byte == c"\r" or byte == c"\t"


cdef inline void skip_whitespace(Text* text) noexcept nogil:
    while text.at < text.end and is_whitespace(text.at[0]):
        text.at += 1


cdef inline void trim_whitespace(Text* text) noexcept nogil:
    while text.at < text.end and is_whitespace(text.end[-1]):
        text.end -= 1


cdef inline bint take(Text* text, char wanted) noexcept nogil:
    """Step over whitespace, and over the wanted byte if it comes next."""
    skip_whitespace(text)
    if text.at == text.end or text.at[0] != wanted:
        return False
    text.at += 1
    return True


cdef Py_ssize_t integer_length(const Text* text) noexcept nogil:
    """Return the length of the integer at the cursor; 0 if there is none, or if the text ends before it is clear."""
    cdef const char* at = text.at
    cdef const char* first
    if at < text.end and at[0] == c"-":
        at += 1
    first = at
    while at < text.end and c"0" <= at[0] <= c"9":
        at += 1
    if at == first or at == text.end or (first[0] == c"0" and at - first > 1):
        return 0
    if at[0] == c"," or at[0] == c"]" or is_whitespace(at[0]):
        return at - text.at
    return 0


cdef inline bint begins_other_value(char byte) noexcept nogil:
    """Tell whether a JSON value that is no string can begin like this."""
    return byte in (c"{", c"[", c"-", c"t", c"f", c"n") or c"0" <= byte <= c"9"


cdef str read_string(Text* text):
    """Return the string at the cursor and step behind it; None, without a step, if there is none that JSON allows."""
    cdef const char* first
    cdef const char* at
    if text.at == text.end or text.at[0] != c'"':
        return None
    first = at = text.at + 1
    while at < text.end and is_plain(at[0]):
        at += 1
    if at == text.end:
        return None
    if at[0] != c'"':
        return read_rich_string(text)
    text.at = at + 1
    # Checked once more: a bytearray can change under our hands, and no str may claim to be ASCII that is not.
    return PyUnicode_DecodeASCII(<char*> first, at - first, NULL)


cdef inline bint is_plain(char byte) noexcept nogil:
    """Tell whether a byte of a string stands for itself: ASCII, no quote, escape or control character."""
    return <signed char> byte >= 0x20 and byte != c'"' and byte != c"\\"


cdef str read_rich_string(Text* text):
    """Read a string with escapes or with characters beyond ASCII; orjson decides whether it is one."""
    cdef const char* at = text.at + 1
    cdef str string
    while at < text.end and at[0] != c'"':
        at += 2 if at[0] == c"\\" and at + 1 < text.end else 1
    if at == text.end:
        return None
    string = load(text.at, at + 1 - text.at)
    if string is not None:
        text.at = at + 1
    return string


cdef object load(const char* start, Py_ssize_t size):
    """Parse JSON; None if it is none. The error of orjson does not leave: it holds the whole text."""
    try:
        return loads(PyMemoryView_FromMemory(<char*> start, size, PyBUF_READ))
    except orjson.JSONDecodeError:
        return None


# Refusals


cdef object unsupported(Text* text, Py_ssize_t digits):
    """Build the error for a message type other than ours; the id is given back if it is there (rows 8, 9)."""
    cdef Text token = text[0]
    cdef object message_type = None
    cdef str message_id = None
    token.end = text.at + digits
    if digits <= 20:  # no number of 64 bits has more
        number = int(text.at[:digits])
        if -(1 << 63) <= number < 1 << 63:
            message_type = number
    text.at += digits
    if take(text, c","):
        skip_whitespace(text)
        message_id = read_string(text)
    return RemoteProtocolError(
        f"expected a message type of 2 to 6, found {shown(&token)}",
        code=MESSAGE_TYPE_NOT_SUPPORTED,
        message_id=message_id if message_id and len(message_id) <= MAX_ID else "-1",
        message_type=message_type,
    )


cdef object refusal(Frame frame, str expected, str came, str message_id):
    """Build the error for all other frames; without a message id it is answered under "-1" (Part 4, 4.2.3)."""
    return RemoteProtocolError(
        f"expected {expected}, found {came}",
        code=RPC_FRAMEWORK_ERROR,
        message_id="-1" if message_id is None else message_id,
        message_type=frame.message_type or None,
    )


cdef str shown(const Text* text):
    """Show the bytes at the cursor: few, and escaped."""
    cdef Py_ssize_t size = min(text.end - text.at, MAX_SHOWN)
    if size == 0:
        return "nothing"
    return repr(text.at[:size])[1:] + ("..." if text.at + size < text.end else "")


cdef str shown_end(const Text* text):
    """Show the last bytes of the text."""
    cdef Text tail = text[0]
    tail.at = text.end - min(text.end - text.at, MAX_SHOWN)
    return shown(&tail)
