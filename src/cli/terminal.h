// SPDX-License-Identifier: Apache-2.0
// What a terminal may be shown.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace stride::cli {

bool is_terminal(std::FILE* file);

// Colours and moving the cursor: on a terminal that is not dumb.
bool can_draw(std::FILE* file);
// As can_draw(), unless the environment holds NO_COLOR (no-color.org).
bool wants_colour(std::FILE* file);

// Text with control characters other than newline and tab replaced by U+FFFD: what a model writes
// must not be able to drive the terminal. Valid UTF-8 in, valid UTF-8 out.
std::string safe_text(std::string_view text);

// "850 ms", "3.2 s", "12 s", "4 min 10 s", "2 h 5 min".
std::string duration_text(double seconds);

}  // namespace stride::cli
