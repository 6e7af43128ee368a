# SPDX-License-Identifier: Apache-2.0
# cython: language_level=3, wraparound=False
# distutils: language = c++
"""What is strings: texts spelled from the classes that the native search returns."""


def spelled(const int[::1] sizes, const int[::1] classes, const double[::1] values, str alphabet):
    """Return (text, value) pairs.

    Parameters
    ----------
    sizes : (n,) int32 array
        Number of characters of each text.
    classes : (sum of sizes,) int32 array
        The classes of all texts, one after the other.
    values : (n,) float64 array
    alphabet
        The character of each class.
    """
    cdef Py_ssize_t i, k
    cdef Py_ssize_t place = 0
    found = []
    for i in range(sizes.shape[0]):
        letters = []
        for k in range(sizes[i]):
            letters.append(alphabet[classes[place + k]])
        place += sizes[i]
        found.append(("".join(letters), values[i]))
    return tuple(found)
