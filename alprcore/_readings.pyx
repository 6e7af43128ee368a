# SPDX-License-Identifier: Apache-2.0
# cython: language_level=3, wraparound=False
# distutils: language = c++
"""What is strings: texts spelled out, and the formats of plates that a text has."""


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


# Formats: a text is compared with those of every country, and most have none for it. Compared in
# Python this took a tenth of the time of a picture with country "auto".


cdef inline bint is_letter(Py_UCS4 character) noexcept:
    return 65 <= character <= 90  # A-Z


cdef inline bint is_digit(Py_UCS4 character) noexcept:
    return 48 <= character <= 57  # 0-9


cdef str start_of(str text):
    """Return the first character and ``@`` for each letter, ``#`` for each digit.

    None when there are other characters: a format's starts list plain ones alone.
    """
    cdef Py_UCS4 character
    kinds = []
    for character in text:
        if is_letter(character):
            kinds.append("@")
        elif is_digit(character):
            kinds.append("#")
        else:
            return None
    return text[:1] + "".join(kinds)


cpdef bint admits(tuple plain, tuple positions, str text) except -1:
    """Return whether each character of `text` is admitted in its place.

    Parameters
    ----------
    plain, positions
        What the positions admit: plain characters as frozensets, any as containers.
    text
    """
    cdef Py_ssize_t i
    cdef Py_UCS4 character
    if len(text) != len(positions):
        return False
    for i in range(len(text)):
        character = text[i]
        if text[i] in <frozenset>plain[i]:
            continue
        if is_letter(character) or is_digit(character) or text[i] not in positions[i]:
            return False
    return True


cdef tuple formats_of(str text, str start, dict by_length, dict by_start, dict open_):
    cdef tuple possible
    cdef list found = []
    if start is None:
        possible = by_length.get(len(text), ())
    else:
        possible = by_start.get(start, ())
        if open_:
            possible = possible + open_.get(len(text), ())
    for known in possible:
        pattern = known.pattern
        if not pattern.problem and admits(pattern.plain, pattern.positions, text):
            found.append(known)
    return tuple(found)


def admitted(str text, dict by_length, dict by_start, dict open_):
    """Return the formats of a country that admit a text of one line, in their order.

    Parameters
    ----------
    text
        Characters of the plate without newlines.
    by_length, by_start, open_
        As in `alprcore.countries.formats.CountryPatterns`.
    """
    return formats_of(text, start_of(text), by_length, by_start, open_)


def fitted(str text, list countries, list unmatched, matched):
    """Return how a text fits each country.

    Parameters
    ----------
    text
        Lines are separated by newlines.
    countries
        (by_length, by_start, open, minimum and maximum number of characters, rare letters) of each.
    unmatched
        A dict for each country: what it says of texts that have none of its formats, by twice the
        number of rare letters, plus one for an odd length. Such a text has little else to say, and
        is most of them: what `matched` returns is kept here.
    matched
        Called with the country's place, the formats that admit the text, whether its length is odd
        and how many rare letters it has.
    """
    cdef str joined = text.replace("\n", "")
    cdef str start = start_of(joined)
    cdef Py_ssize_t length = len(joined)
    cdef Py_ssize_t i, rare
    cdef bint odd
    cdef list found = []
    cdef tuple country, formats
    cdef dict known
    for i in range(len(countries)):
        country = countries[i]
        formats = formats_of(joined, start, country[0], country[1], country[2])
        odd = not (country[3] <= length <= country[4])
        rare = 0
        for letter in <str>country[5]:
            rare += joined.count(letter)
        if formats:
            found.append(matched(i, formats, odd, rare))
            continue
        known = unmatched[i]
        fit = known.get(2 * rare + odd)
        if fit is None:
            fit = known[2 * rare + odd] = matched(i, formats, odd, rare)
        found.append(fit)
    return found
