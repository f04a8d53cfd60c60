// SPDX-License-Identifier: Apache-2.0
// The text primitives every grader shares: what a word, a sentence, a number, a fenced block and a
// final line are. One implementation, so that no two tests count differently.
//
// Answers come from people and models, so spelling is levelled first: normalize() maps typographic
// quotes, dashes, spaces and digits to ASCII, and fold() also drops case and accents. Nothing here
// fails, whatever the bytes; the work is linear in the text. Regular expressions are not used: the
// standard library's recurse with the length of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stride::gauntlet {

// Well-formed UTF-8 with LF line ends; typographic quotes, dashes (not the em dash), spaces,
// full-width forms and vulgar fractions become ASCII; zero-width characters are dropped.
std::string normalize(std::string_view text);

// Lower case without accents: "Zurich" with and without its umlaut gives "zurich".
std::string fold(std::string_view text);

std::string_view trim(std::string_view text);

// Without fenced blocks, heading and list markers and emphasis; inline code loses its backticks.
std::string strip_markdown(std::string_view text);

// Split at white space and em dashes; counted are tokens with a letter or a digit.
std::vector<std::string> words(std::string_view text);

// Abbreviations, decimals, versions and initials do not end a sentence; a blank line does.
std::vector<std::string> sentences(std::string_view text);

// Digits with thousands separators and English number words; never a part of a decimal.
std::vector<int64_t> integers(std::string_view text);

// Every number, decimals too; "1,234.50" is 1234.5.
std::vector<double> numbers(std::string_view text);

// The text with points for decimal commas ("7,13") and without spaces between thousands ("1 387").
std::string with_plain_numbers(std::string_view text);

// The folded text with its number words in digits: "a nine-year plan" gives "a 9-year plan".
std::string with_digits(std::string_view text);

struct FencedBlock {
  std::string info{};  // what follows the opening fence: "python"
  std::string body{};
  bool closed = false;
  size_t begin = 0, end = 0;  // of the whole block in the text, fences included
};
std::vector<FencedBlock> fenced_blocks(std::string_view text);

// The text without its fenced blocks.
std::string without_blocks(std::string_view text);

// The block that defines `name` (Python's def or class at the left margin), the last if several do;
// all blocks joined where `join` is set. A text without fences that begins a definition itself
// counts as one block only where the whole answer is code.
std::optional<std::string> python_code(std::string_view text, std::string_view name,
                                       bool join = false);

// True where the code defines `name` at the left margin.
bool defines_python(std::string_view code, std::string_view name);

// The answer as it was written, for code: only carriage returns and NUL bytes are dropped.
std::string raw_lines(std::string_view text);

struct FinalLine {
  std::string value{};   // what follows the keyword and its colon, emphasis stripped
  std::string before{};  // everything above that line
  std::string list{};    // the lines below, where the value does not stand beside its keyword
  bool hedged = false;   // another value is offered directly above or below, or it is taken back
};
// The last line that begins with `keyword` and a colon (or "="); case, emphasis and list numbers do
// not matter.
std::optional<FinalLine> final_line(std::string_view text, std::string_view keyword);

// The values of a form such as "K1: ..." with several labels, one per label in the order given;
// empty: absent. A label begins a line or follows another value on it; the last of equal labels
// counts, and `conflict` says that two of them differed.
struct Labelled {
  std::string value{};
  std::vector<std::string> all{};
  bool found = false;
  bool conflict = false;
};
std::vector<Labelled> labelled(std::string_view text, std::span<const std::string> labels);

// The one number an answer value states: "42", "**42** parcels", "$42$", "= 42", "forty-two",
// "42 (not 41)". Nothing where it states none, several ("42 (or 41)"), or something about it ("not
// 42", "at least 42", "42 %", "42 dozen").
std::optional<double> single_number(std::string_view value);

// How many of the answer's runs of eight words occur in the prompt, 0..1; 0 for shorter answers.
double echo_share(std::string_view answer, std::string_view prompt);

}  // namespace stride::gauntlet
