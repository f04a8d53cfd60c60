// SPDX-License-Identifier: Apache-2.0
// Checks of our own invariants. They print the place and abort; no request or file byte may be able
// to reach one.
#pragma once

#include <cstdio>
#include <cstdlib>

#define STRIDE_CHECK(condition)                                                              \
  do {                                                                                       \
    if (!(condition)) [[unlikely]] {                                                         \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)

#ifdef NDEBUG
#define STRIDE_DCHECK(condition) static_cast<void>(0)
#else
#define STRIDE_DCHECK(condition) STRIDE_CHECK(condition)
#endif
