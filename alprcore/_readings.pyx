# SPDX-License-Identifier: Apache-2.0
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# distutils: language = c++
"""Strings out of a lattice: the most probable texts, and where a text's characters stand.

A text's probability is the sum over its segmentations, so hypotheses with the same text are merged
as they meet (Sarawagi and Cohen 2004 for the lattice; beam with merging as in prefix search
decoding, Graves 2006, section 3.2). Arrays are checked by the caller, `alprcore.reading.read`.
"""

from libc.math cimport exp, log, log1p
from libc.stdint cimport uint64_t
from libcpp.algorithm cimport partial_sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

# A text is a number in base (classes + 1), its first character the highest digit, so that merging
# hypotheses compares integers: 20 times faster than strings.
ctypedef pair[double, uint64_t] Hypothesis

cdef double IMPOSSIBLE = -1e30
cdef uint64_t EMPTY = <uint64_t>-1  # no text: the longest are below 1 << 63


cdef struct Step:
    int start
    uint64_t digit
    double score


cdef inline double log_add(double a, double b) noexcept nogil:
    if a < b:
        return b + log1p(exp(a - b))
    return a + log1p(exp(b - a))


cdef bint better(const Hypothesis& a, const Hypothesis& b) noexcept nogil:
    if a.first != b.first:
        return a.first > b.first
    return a.second < b.second


cdef struct Slot:
    uint64_t text
    double value


# Texts that meet in a column, each with the log of the sum of its paths, are kept in an open-addressed
# table whose size is a power of two, and `used` says where: the standard library's map took two
# thirds of the time of a search.


cdef void empty(vector[Slot]& table, size_t size) noexcept nogil:
    """Make the table one of `size` empty slots."""
    cdef size_t i
    table.resize(size)
    for i in range(size):
        table[i].text = EMPTY


cdef void clear(vector[Slot]& table, vector[uint64_t]& used) noexcept nogil:
    cdef uint64_t place
    for place in used:
        table[place].text = EMPTY
    used.clear()


cdef inline uint64_t place_of(const vector[Slot]& table, uint64_t text) noexcept nogil:
    """Return where `text` is, or may be put."""
    cdef uint64_t mask = table.size() - 1
    cdef uint64_t place = (text * <uint64_t>0x9E3779B97F4A7C15) >> 32 & mask
    while table[place].text != text and table[place].text != EMPTY:
        place = (place + 1) & mask
    return place


cdef void grow(vector[Slot]& table, vector[uint64_t]& used) noexcept nogil:
    cdef vector[Slot] kept
    cdef Slot slot
    cdef uint64_t place
    for place in used:
        kept.push_back(table[place])
    used.clear()
    empty(table, 2 * table.size())
    for slot in kept:
        place = place_of(table, slot.text)
        table[place] = slot
        used.push_back(place)


cdef inline void add(vector[Slot]& table, vector[uint64_t]& used, uint64_t text, double value) noexcept nogil:
    cdef uint64_t place = place_of(table, text)
    if table[place].text == text:
        table[place].value = log_add(table[place].value, value)
        return
    table[place] = Slot(text, value)
    used.push_back(place)
    if 2 * used.size() > table.size():
        grow(table, used)


cdef void keep_best(const vector[Slot]& table, vector[uint64_t]& used, vector[Hypothesis]& kept,
                    size_t beam) noexcept nogil:
    cdef uint64_t place
    kept.clear()
    for place in used:
        kept.push_back(Hypothesis(table[place].value, table[place].text))
    if beam > kept.size():
        beam = kept.size()
    partial_sort(kept.begin(), kept.begin() + beam, kept.end(), better)
    kept.resize(beam)


cdef void followed(const float[:, ::1] scores, int stretch, double posterior, int start, double least,
                   vector[Step]& steps) noexcept nogil:
    """Append the characters of a stretch that are at least as probable as `least`."""
    cdef int c
    cdef int classes = <int>scores.shape[1]
    cdef double top = IMPOSSIBLE
    cdef double total = 0.0
    for c in range(classes):
        if scores[stretch, c] > top:
            top = scores[stretch, c]
    for c in range(classes):
        total += exp(scores[stretch, c] - top)
    top += log(least * total / posterior)
    for c in range(classes):
        if scores[stretch, c] >= top:
            steps.push_back(Step(start, <uint64_t>(c + 1), scores[stretch, c]))


def best_texts(const int[::1] starts, const int[::1] ends, const float[:, ::1] scores,
               const float[::1] posteriors, const float[::1] gaps, str alphabet, double log_total,
               int count, int beam, double least):
    """Return up to `count` (text, log-probability) pairs, most probable first.

    Parameters
    ----------
    starts, ends : (n,) int32 arrays
        Stretches, half-open, in columns.
    scores : (n, classes) float32 array
    posteriors : (n,) float32 array
        Probability that a stretch is a character of some class.
    gaps : (t,) float32 array
    alphabet
        The character of each class.
    log_total
        Log of the sum over all paths.
    count, beam
        Texts wanted, and hypotheses kept at each column.
    least
        A character of a stretch is followed when it is at least so probable.
    """
    cdef int t = <int>gaps.shape[0]
    cdef int n = <int>starts.shape[0]
    cdef int i, x
    cdef uint64_t base = <uint64_t>scores.shape[1] + 1
    # Texts longer than this would overflow; with 36 characters it is twelve a line.
    cdef uint64_t full = (<uint64_t>1 << 63) // base
    cdef vector[vector[Hypothesis]] nodes
    cdef vector[vector[Step]] arriving
    cdef vector[Slot] table
    cdef vector[uint64_t] used
    cdef Hypothesis hypothesis
    cdef Step step
    cdef size_t h
    nodes.resize(t + 1)
    arriving.resize(t + 1)
    with nogil:
        empty(table, 1024)
        for i in range(n):
            followed(scores, i, posteriors[i], starts[i], least, arriving[ends[i]])
        nodes[0].push_back(Hypothesis(0.0, 0))
        for x in range(1, t + 1):
            if arriving[x].size() == 0:
                # Nothing ends here: the hypotheses only move on.
                nodes[x] = nodes[x - 1]
                for h in range(nodes[x].size()):
                    nodes[x][h].first += gaps[x - 1]
                continue
            clear(table, used)
            for hypothesis in nodes[x - 1]:
                add(table, used, hypothesis.second, hypothesis.first + gaps[x - 1])
            for step in arriving[x]:
                for hypothesis in nodes[step.start]:
                    if hypothesis.second < full:
                        add(table, used, hypothesis.second * base + step.digit, hypothesis.first + step.score)
            keep_best(table, used, nodes[x], <size_t>beam)
    return [
        (spelt(nodes[t][h].second, base, alphabet), nodes[t][h].first - log_total)
        for h in range(min(<size_t>count, nodes[t].size()))
    ]


cdef str spelt(uint64_t text, uint64_t base, str alphabet):
    letters = []
    while text > 0:
        letters.append(alphabet[<int>(text % base) - 1])
        text //= base
    return "".join(reversed(letters))


def best_stretches(const int[::1] starts, const int[::1] ends, const float[:, ::1] scores,
                   const float[::1] gaps, str alphabet, str text):
    """Return the index of the stretch of each character of `text` on its best path.

    Empty when the text has no path through the lattice.
    """
    cdef int t = <int>gaps.shape[0]
    cdef int n = <int>starts.shape[0]
    cdef int size = len(text)
    cdef int i, k, x, row
    cdef double value
    cdef vector[int] classes
    cdef vector[double] table
    cdef vector[int] back
    cdef vector[vector[int]] arriving
    for character in text:
        classes.push_back(alphabet.index(character))
    arriving.resize(t + 1)
    for i in range(n):
        arriving[ends[i]].push_back(i)
    table.assign((t + 1) * (size + 1), IMPOSSIBLE)
    back.assign((t + 1) * (size + 1), -1)
    table[0] = 0.0
    row = size + 1
    for x in range(1, t + 1):
        for k in range(size + 1):
            table[x * row + k] = table[(x - 1) * row + k] + gaps[x - 1]
        for i in arriving[x]:
            for k in range(1, size + 1):
                value = table[starts[i] * row + k - 1] + scores[i, classes[k - 1]]
                if value > table[x * row + k]:
                    table[x * row + k] = value
                    back[x * row + k] = i
    if table[t * row + size] < IMPOSSIBLE / 2:
        return []
    path = []
    x = t
    k = size
    while x > 0:
        i = back[x * row + k]
        if i < 0:
            x -= 1
        else:
            path.append(i)
            x = starts[i]
            k -= 1
    return path[::-1]
