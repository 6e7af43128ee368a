# SPDX-License-Identifier: Apache-2.0
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# distutils: language = c++
"""How probable a lattice makes texts when a frame may lose, mistake and add characters.

Arrays are checked by the caller, `alprcore.video.channel`.
"""

from libc.math cimport exp, log, log1p
from libcpp.vector cimport vector

cdef double IMPOSSIBLE = -1e30


cdef inline double log_add(double a, double b) noexcept nogil:
    cdef double larger = a if a > b else b
    cdef double gap = a - b if a < b else b - a
    if gap < -40.0:
        return larger
    return larger + log1p(exp(gap))


def stretch_totals(const float[:, ::1] scores):
    """Return, for each stretch, the log of the sum over its classes, as a list."""
    cdef int n = <int>scores.shape[0]
    cdef int classes = <int>scores.shape[1]
    cdef int i, c
    cdef double top, total
    cdef vector[double] totals
    totals.resize(n)
    with nogil:
        for i in range(n):
            top = IMPOSSIBLE
            for c in range(classes):
                if scores[i, c] > top:
                    top = scores[i, c]
            total = 0.0
            for c in range(classes):
                total += exp(scores[i, c] - top)
            totals[i] = top + log(total)
    return list(totals)


def channel_log_sums(const int[::1] starts, const int[::1] ends, const float[:, ::1] scores,
                     const double[::1] totals, const float[::1] gaps, texts,
                     double shown, double mistaken, double lost, double stray):
    """Return the log of the sum over all paths and all errors for each of the texts.

    Parameters
    ----------
    starts, ends : (n,) int32 arrays
        Stretches, half-open, in columns, by start.
    scores : (n, classes) float32 array
    totals : (n,) float64 array
        Log of the sum over classes.
    gaps : (t,) float32 array
    texts
        Each a list of classes.
    shown, mistaken, lost, stray
        Logs of the weights of a character that is read as itself, as any class (times the classes'
        sum over their number), not at all, and of a stretch that is not a character of the text.
    """
    cdef int t = <int>gaps.shape[0]
    cdef int n = <int>starts.shape[0]
    cdef int classes = <int>scores.shape[1]
    cdef int size, row, i, k, x, first
    cdef double value, any_class
    cdef vector[int] text
    cdef vector[double] table, arrived
    cdef vector[vector[int]] arriving
    arriving.resize(t + 1)
    for i in range(n):
        arriving[ends[i]].push_back(i)
    found = []
    for each in texts:
        text.clear()
        for k in each:
            text.push_back(k)
        size = <int>text.size()
        row = size + 1
        with nogil:
            table.assign((t + 1) * row, IMPOSSIBLE)
            arrived.assign(row, IMPOSSIBLE)
            table[0] = 0.0
            for k in range(1, row):
                table[k] = table[k - 1] + lost
            for x in range(1, t + 1):
                for k in range(row):
                    table[x * row + k] = table[(x - 1) * row + k] + gaps[x - 1]
                if arriving[x].size() == 0:
                    continue
                for k in range(row):
                    arrived[k] = IMPOSSIBLE
                for i in arriving[x]:
                    first = starts[i] * row
                    any_class = mistaken + totals[i] - log(<double>classes)
                    for k in range(row):
                        if table[first + k] > IMPOSSIBLE / 2:
                            arrived[k] = log_add(arrived[k], table[first + k] + stray + totals[i])
                            if k < size:
                                value = log_add(shown + scores[i, text[k]], any_class)
                                arrived[k + 1] = log_add(arrived[k + 1], table[first + k] + value)
                # Lost characters belong to the place after the last one that was read: so each way
                # to lose them is counted once.
                for k in range(1, row):
                    arrived[k] = log_add(arrived[k], arrived[k - 1] + lost)
                for k in range(row):
                    if arrived[k] > IMPOSSIBLE / 2:
                        table[x * row + k] = log_add(table[x * row + k], arrived[k])
            value = table[t * row + size]
        found.append(value)
    return found
