// SPDX-License-Identifier: Apache-2.0
// Code for an instruction set that the rest of the file is not for.
#pragma once

#if defined(__x86_64__)
#define ALPR_WITH_AVX 1
#else
#define ALPR_WITH_AVX 0
#endif

// Both compilers can change the instruction set for a part of a file; each says it in its own way.
#define ALPR_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define ALPR_TARGET_BEGIN(set) ALPR_PRAGMA(clang attribute push(__attribute__((target(set))), apply_to = function))
#define ALPR_TARGET_END ALPR_PRAGMA(clang attribute pop)
#else
#define ALPR_TARGET_BEGIN(set) ALPR_PRAGMA(GCC push_options) ALPR_PRAGMA(GCC target(set))
#define ALPR_TARGET_END ALPR_PRAGMA(GCC pop_options)
#endif
