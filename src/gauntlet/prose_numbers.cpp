// SPDX-License-Identifier: Apache-2.0
// Numbers in digits and in English words.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"

namespace stride::gauntlet {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

struct Found {
  double value = 0;
  bool decimal = false;
  size_t begin = 0, end = 0;
};

// Digits in groups of three behind "," "'" "_" or a space count as one number.
size_t digits_end(std::string_view text, size_t at, std::string& digits) {
  const size_t begin = at;
  while (at < text.size() && is_digit(text[at])) digits += text[at++];
  if (at - begin > 3) return at;
  while (at + 3 < text.size() &&
         std::string_view(",'_ ").find(text[at]) != std::string_view::npos &&
         is_digit(text[at + 1]) && is_digit(text[at + 2]) && is_digit(text[at + 3]) &&
         (at + 4 >= text.size() || !is_digit(text[at + 4]))) {
    // A space parts thousands only where no list of numbers can be meant.
    if (text[at] == ' ' && (begin > 0 && text[begin - 1] != ' ' && text[begin - 1] != '\n')) break;
    digits += text.substr(at + 1, 3);
    at += 4;
  }
  return at;
}

std::optional<Found> number_at(std::string_view text, size_t at) {
  if (!is_digit(text[at])) return std::nullopt;
  Found found{.begin = at};
  std::string digits;
  size_t end = digits_end(text, at, digits);
  if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
    found.decimal = true;
    digits += text[end++];
    while (end < text.size() && is_digit(text[end])) digits += text[end++];
    // A version such as 2.0.1 is no number at all, but the caller has to get past it.
    while (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
      digits.clear();
      ++end;
      while (end < text.size() && is_digit(text[end])) ++end;
    }
  }
  found.end = end;
  found.value = std::nan("");
  std::from_chars(digits.data(), digits.data() + digits.size(), found.value);
  return found;
}

struct WordValue {
  std::string_view word;
  int value;
};

constexpr std::array<WordValue, 31> kNumberWords = {
    {{"zero", 0},       {"one", 1},      {"two", 2},        {"three", 3},     {"four", 4},
     {"five", 5},       {"six", 6},      {"seven", 7},      {"eight", 8},     {"nine", 9},
     {"ten", 10},       {"eleven", 11},  {"twelve", 12},    {"thirteen", 13}, {"fourteen", 14},
     {"fifteen", 15},   {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18}, {"nineteen", 19},
     {"twenty", 20},    {"thirty", 30},  {"forty", 40},     {"fourty", 40},   {"fifty", 50},
     {"sixty", 60},     {"seventy", 70}, {"eighty", 80},    {"ninety", 90},   {"hundred", 100},
     {"thousand", 1000}}};

std::optional<int> word_value(std::string_view word) {
  const auto it = std::ranges::find(kNumberWords, word, &WordValue::word);
  if (it == kNumberWords.end()) return std::nullopt;
  return it->value;
}

std::string_view word_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_letter(text[end])) ++end;
  return text.substr(at, end - at);
}

// Reads "one hundred and twenty-three" as far as the words go on making one number.
class WordNumber {
 public:
  bool take(int value) {
    if (value == 1000) {
      if (thousands_ > 0 || current_ == 0) return false;
      thousands_ = current_;
      current_ = 0;
      last_ = 1000;
    } else if (value == 100) {
      if (!any_ || current_ == 0 || current_ > 9) return false;
      current_ *= 100;
      last_ = 100;
    } else if (any_ && !(value < last_ && fits(value))) {
      return false;
    } else {
      current_ += value;
      last_ = value < 10 ? 0 : (value < 20 ? 0 : 10);
    }
    any_ = true;
    return true;
  }
  int64_t value() const { return thousands_ * 1000 + current_; }

 private:
  bool fits(int value) const { return value > 0 && (last_ >= 100 || value < 10); }

  int64_t thousands_ = 0, current_ = 0;
  int last_ = 1000;  // what follows must be smaller
  bool any_ = false;
};

std::optional<Found> words_at(std::string_view folded, size_t at) {
  const auto first = word_value(word_at(folded, at));
  if (!first || *first >= 100) return std::nullopt;
  WordNumber number;
  Found found{.begin = at};
  for (size_t next = at;;) {
    const std::string_view word = word_at(folded, next);
    const auto value = word_value(word);
    if (!value || !number.take(*value)) break;
    found.end = next + word.size();
    next = found.end;
    if (next < folded.size() && (folded[next] == '-' || folded[next] == ' ')) ++next;
    // "and" goes on only inside a number: "one hundred and five".
    if (*value >= 100 && folded.substr(next).starts_with("and ")) next += 4;
  }
  found.value = static_cast<double>(number.value());
  return found;
}

std::vector<Found> find_all(std::string_view source) {
  const std::string text = fold(normalize(source));
  std::vector<Found> out;
  for (size_t at = 0; at < text.size();) {
    if (const auto found = number_at(text, at)) {
      if (!std::isnan(found->value)) out.push_back(*found);
      at = found->end;
    } else if (is_letter(text[at])) {
      const auto in_words = words_at(text, at);
      if (in_words) out.push_back(*in_words);
      at = in_words ? in_words->end : at + word_at(text, at).size();
    } else if (text[at] == '.' && at + 1 < text.size() && is_digit(text[at + 1])) {
      ++at;  // ".5": a decimal without its zero
      Found fraction{.decimal = true, .begin = at};
      std::string digits = "0.";
      while (at < text.size() && is_digit(text[at])) digits += text[at++];
      std::from_chars(digits.data(), digits.data() + digits.size(), fraction.value);
      fraction.end = at;
      out.push_back(fraction);
    } else {
      ++at;
    }
  }
  return out;
}

void erase_all(std::string& text, std::string_view part) {
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos;) {
    text.replace(at, part.size(), " ");
  }
}

// Without what is struck out.
std::string unstruck(std::string_view text) {
  std::string out;
  for (;;) {
    const size_t begin = text.find("~~");
    out += text.substr(0, begin);
    const size_t end = begin == std::string_view::npos ? begin : text.find("~~", begin + 2);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 2);
  }
}

// "(or 63)" is a second answer and no remark.
bool is_alternative(std::string_view remark) {
  const std::string_view word = word_at(remark, 0);
  return word == "or" || word == "maybe" || word == "perhaps" || word == "alternatively";
}

// What a value says apart from remarks in brackets and the steps before the last "=".
std::string essence(std::string_view value) {
  std::string text = unstruck(normalize(value));
  const size_t boxed = text.find("\\boxed{");
  if (boxed != std::string::npos) {
    text = text.substr(boxed + 7, text.find('}', boxed) - boxed - 7);
  }
  for (const std::string_view part : {"\\text", "\\(", "\\)", "\\,", "$"}) erase_all(text, part);
  const size_t equals = text.rfind('=');
  if (equals != std::string::npos) text.erase(0, equals + 1);
  std::string out;
  int depth = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool opens = c == '(' || c == '[';
    if (opens && (depth > 0 || !is_alternative(fold(text.substr(at + 1))))) ++depth;
    if (depth == 0) out += c;
    if ((c == ')' || c == ']') && depth > 0) --depth;
  }
  // A value that is bracketed as a whole.
  return trim(out).empty() ? text : out;
}

// "not 42", "at least 42", "42 %" and "42 dozen" do not say 42.
bool is_qualified(std::string_view before, std::string_view after) {
  if (matches(tokens(before),
              "not|isn't|never|more|less|fewer|over|under|above|below|between|least|most|beyond|"
              "half|double|twice|minimum|maximum")) {
    return true;
  }
  const Tokens behind = tokens(after);
  if (behind.empty()) return false;
  static constexpr std::string_view kScales =
      "%|percent|k|hundred|hundreds|thousand|million|billion|dozen|dozens|squared|cubed";
  return find_pattern(behind, kScales) == 1;
}

}  // namespace

std::vector<int64_t> integers(std::string_view text) {
  std::vector<int64_t> out;
  for (const Found& found : find_all(text)) {
    if (!found.decimal && found.value < 9e18) out.push_back(static_cast<int64_t>(found.value));
  }
  return out;
}

std::vector<double> numbers(std::string_view text) {
  std::vector<double> out;
  for (const Found& found : find_all(text)) out.push_back(found.value);
  return out;
}

std::string with_plain_numbers(std::string_view text) {
  std::string out;
  const auto digits = [&](size_t at) {  // at most four of them are looked at
    size_t n = 0;
    while (n < 4 && at + n < text.size() && is_digit(text[at + n])) ++n;
    return n;
  };
  size_t run = 0;  // digits directly before
  bool word_start = true;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const size_t behind = run > 0 ? digits(at + 1) : 0;
    const bool thousands = c == ' ' && word_start && run <= 3 && behind == 3;
    if (!thousands) out += c == ',' && (behind == 1 || behind == 2) ? '.' : c;
    if (is_digit(c)) {
      ++run;
    } else if (!thousands) {
      word_start = c == ' ' || c == '\n';
      run = 0;
    }
  }
  return out;
}

std::string with_digits(std::string_view text) {
  const std::string flat = fold(normalize(text));
  std::string out;
  size_t at = 0;
  for (const Found& found : find_all(text)) {
    if (!is_letter(flat[found.begin])) continue;
    out += flat.substr(at, found.begin - at);
    out += std::to_string(static_cast<int64_t>(found.value));
    at = found.end;
  }
  return out + flat.substr(at);
}

std::optional<double> single_number(std::string_view value) {
  const std::string text = essence(value);
  const std::vector<Found> all = find_all(text);
  if (all.empty()) return std::nullopt;
  for (const Found& found : all) {
    if (found.value != all[0].value) return std::nullopt;
  }
  const std::string flat = fold(normalize(text));
  if (is_qualified(std::string_view(flat).substr(0, all[0].begin),
                   std::string_view(flat).substr(all[0].end))) {
    return std::nullopt;
  }
  size_t sign = all[0].begin;
  while (sign > 0 && flat[sign - 1] == ' ') --sign;
  const bool negative = (sign > 0 && flat[sign - 1] == '-') ||
                        std::string_view(flat).substr(0, sign).ends_with("minus");
  return negative ? -all[0].value : all[0].value;
}

}  // namespace stride::gauntlet
