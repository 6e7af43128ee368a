// SPDX-License-Identifier: Apache-2.0
// The few lines of test harness that the native tests need.
#pragma once

#include <cmath>
#include <cstdio>
#include <stdexcept>

inline int failures = 0;

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      std::printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);       \
      ++failures;                                                               \
    }                                                                           \
  } while (false)

#define CHECK_NEAR(a, b, tolerance) CHECK(std::fabs((a) - (b)) <= (tolerance))

#define CHECK_THROWS(expression)                                                \
  do {                                                                          \
    bool thrown = false;                                                        \
    try {                                                                       \
      (void)(expression);                                                       \
    } catch (const std::invalid_argument&) {                                    \
      thrown = true;                                                            \
    }                                                                           \
    CHECK(thrown);                                                              \
  } while (false)

/// What a test program returns: 0 when every check held.
inline int verdict(const char* name) {
  std::printf("%s: %s\n", name, failures == 0 ? "passed" : "FAILED");
  return failures == 0 ? 0 : 1;
}
