/* Bit operations that C compilers spell differently. */

#ifndef OCPP21_BITS_H
#define OCPP21_BITS_H

#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER)
#include <intrin.h>
#endif

/* Eight bytes as a number, the first byte lowest, whatever the machine's order. */
static inline uint64_t ocpp_load64(const void *p) {
    uint64_t word;
    memcpy(&word, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Index of the lowest byte with a set bit; word is not zero. */
static inline int ocpp_first_byte(uint64_t word) {
#if defined(_MSC_VER)
    unsigned long index;
    _BitScanForward64(&index, word);
    return (int)index >> 3;
#else
    return __builtin_ctzll(word) >> 3;
#endif
}

#endif
