# SPDX-License-Identifier: Apache-2.0
"""The letters that a Hangul syllable is made of, and how it is written in Latin ones."""

from __future__ import annotations

# Letters in the order of Unicode's table of syllables (The Unicode Standard, section 3.12), each by
# itself in the Revised Romanization.
_FIRST = "g kk n d tt r m b pp s ss  j jj ch k t p h".split(" ")  # noqa: SIM905
_VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()  # noqa: SIM905
_LAST = " k k ks n nj nh t l lk lm lb ls lt lp lh m p ps t t ng t t k t p t".split(" ")  # noqa: SIM905


def letter_places(syllable: str) -> tuple[int, int, int]:
    """Return which first consonant, vowel and last consonant a syllable has, counted from 0.

    A last consonant of 0 means that there is none.

    Raises
    ------
    ValueError
        If it is not a Hangul syllable.
    """
    if not "가" <= syllable <= "힣":
        raise ValueError(f"expected a Hangul syllable, got {syllable!r}")
    first, rest = divmod(ord(syllable) - ord("가"), len(_VOWELS) * len(_LAST))
    vowel, last = divmod(rest, len(_LAST))
    return first, vowel, last


def romanized(text: str) -> str:
    """Return `text` with its Hangul in Latin letters, for what can draw no others."""
    return "".join(_romanized(char) if "가" <= char <= "힣" else char for char in text)


def _romanized(syllable: str) -> str:
    first, vowel, last = letter_places(syllable)
    return _FIRST[first] + _VOWELS[vowel] + _LAST[last]
