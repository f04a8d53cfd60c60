// SPDX-License-Identifier: Apache-2.0
// Texts made safe for the formats of the reports. What a model or an endpoint wrote is hostile:
// markup, control characters, characters that turn the writing direction, ill-formed UTF-8. They
// are shown, not obeyed.
#pragma once

#include <string>
#include <string_view>

namespace stride::gauntlet {

// For element content and quoted attributes. Control characters except line breaks and tabs, and
// characters that change the direction of text, become <U+202E> in letters.
std::string escape_html(std::string_view text);

// For XML 1.0, the same.
std::string escape_xml(std::string_view text);

// One cell of a Markdown table or a word in a sentence: line breaks become spaces, and nothing in
// it is markup.
std::string escape_markdown(std::string_view text);

// A field of RFC 4180, quoted where needed. What a spreadsheet would take for a formula gets an
// apostrophe before it.
std::string csv_field(std::string_view text);

// At most `n` characters, with an ellipsis where more were there; never cut inside a character.
std::string shortened(std::string_view text, size_t n);

}  // namespace stride::gauntlet
