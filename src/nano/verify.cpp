// SPDX-License-Identifier: Apache-2.0
#include "nano/verify.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "json/json.h"
#include "nano/pick.h"
#include "nano/tiny_language.h"

namespace stride::nano {
namespace {

Verdict right() {
  return {true, true, {}};
}
Verdict wrong(std::string why) {
  return {false, true, std::move(why)};
}
Verdict malformed(std::string why) {
  return {false, false, std::move(why)};
}

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \n\t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \n\t\r") - begin + 1);
}

std::string_view without_stop(std::string_view text) {
  text = trim(text);
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Whether the phrase stands in the text with no letter or digit on either side of it.
bool holds(std::string_view text, std::string_view phrase) {
  for (size_t at = text.find(phrase); at != text.npos; at = text.find(phrase, at + 1)) {
    const bool left = at == 0 || !is_word_char(phrase.front()) || !is_word_char(text[at - 1]);
    const size_t end = at + phrase.size();
    const bool right_side =
        end == text.size() || !is_word_char(phrase.back()) || !is_word_char(text[end]);
    if (left && right_side) return true;
  }
  return false;
}

std::optional<int64_t> last_integer(std::string_view text) {
  size_t end = text.size();
  while (end > 0 && (text[end - 1] < '0' || text[end - 1] > '9')) --end;
  size_t begin = end;
  while (begin > 0 && text[begin - 1] >= '0' && text[begin - 1] <= '9') --begin;
  // A minus is a sign unless it stands directly behind a number.
  if (begin > 0 && text[begin - 1] == '-' && (begin == 1 || !is_word_char(text[begin - 2])))
    --begin;
  int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, value);
  if (error != std::errc() || begin == end) return std::nullopt;
  return value;
}

bool equal(const Json& a, const Json& b) {
  if (a.is_object() && b.is_object()) {
    if (a.size() != b.size()) return false;
    return std::ranges::all_of(a.items(), [&](const auto& item) {
      const Json* other = json::member(b, item.key());
      return other != nullptr && equal(item.value(), *other);
    });
  }
  if (a.is_array() && b.is_array())
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
  return a == b;
}

Verdict check(const IntegerCheck& wanted, const Sample&, std::string_view content,
              std::span<const Call>) {
  const std::optional<int64_t> value = last_integer(content);
  if (value == wanted.value) return right();
  return wrong(fmt::format("expected {}, the answer is \"{}\"", wanted.value, content));
}

Verdict check(const TextCheck& wanted, const Sample&, std::string_view content,
              std::span<const Call>) {
  if (without_stop(content) == without_stop(wanted.text)) return right();
  return wrong(fmt::format("expected \"{}\", the answer is \"{}\"", wanted.text, content));
}

Verdict check(const ContainsCheck& wanted, const Sample&, std::string_view content,
              std::span<const Call>) {
  const std::string text = lower(content);
  for (const std::string& phrase : wanted.all)
    if (!holds(text, lower(phrase)))
      return wrong(fmt::format("\"{}\" is not in \"{}\"", phrase, content));
  for (const std::string& phrase : wanted.none)
    if (holds(text, lower(phrase)))
      return wrong(fmt::format("\"{}\" must not be in \"{}\"", phrase, content));
  return right();
}

std::string show_calls(std::span<const Call> calls) {
  std::vector<std::string> parts;
  for (const Call& call : calls) parts.push_back(call.name + call.arguments);
  return join(parts, " ");
}

Verdict check(const CallsCheck& wanted, const Sample& sample, std::string_view content,
              std::span<const Call> calls) {
  if (calls.empty()) return malformed(fmt::format("there is no call in \"{}\"", content));
  for (const Call& call : calls) {
    const std::string name = fmt::format("\"name\": \"{}\"", call.name);
    const bool declared = std::ranges::any_of(
        sample.tools, [&](const std::string& tool) { return tool.find(name) != tool.npos; });
    if (!declared) return malformed(fmt::format("{} is not declared", call.name));
    if (const auto arguments = json::parse(call.arguments); !arguments || !arguments->is_object())
      return malformed(fmt::format("the arguments {} are no object", call.arguments));
  }
  if (!trim(content).empty())
    return wrong(fmt::format("there is text beside the calls: \"{}\"", content));
  std::vector<Call> left(calls.begin(), calls.end());
  for (const Call& call : wanted.calls) {
    const auto found = std::ranges::find_if(left, [&](const Call& c) {
      return c.name == call.name && equal_json(c.arguments, call.arguments);
    });
    if (found == left.end())
      return wrong(fmt::format("expected {}, the calls are {}", show_calls(wanted.calls),
                               show_calls(calls)));
    left.erase(found);
  }
  return left.empty() ? right() : wrong(fmt::format("one call too many: {}", show_calls(left)));
}

Verdict check(const JsonCheck& wanted, const Sample&, std::string_view content,
              std::span<const Call>) {
  const auto value = json::parse(trim(content), {.duplicates = json::Duplicates::refuse});
  if (!value) return malformed(fmt::format("{}: {}", value.error().message, content));
  if (equal_json(trim(content), wanted.expected)) return right();
  return wrong(fmt::format("expected {}, the answer is {}", wanted.expected, content));
}

std::vector<std::string> items_in(std::string_view text, const FormCheck& form) {
  std::vector<std::string> items;
  while (true) {
    const size_t at = text.find(form.separator);
    items.emplace_back(trim(text.substr(0, at)));
    if (at == text.npos) return items;
    text.remove_prefix(at + form.separator.size());
  }
}

std::string check_items(const FormCheck& form, std::string_view content) {
  std::vector<std::string> seen;
  for (std::string item : items_in(without_stop(content), form)) {
    if (!item.starts_with(form.item_prefix))
      return fmt::format("\"{}\" does not begin with \"{}\"", item, form.item_prefix);
    item.erase(0, form.item_prefix.size());
    if (std::ranges::find(form.allowed, item) == form.allowed.end())
      return fmt::format("\"{}\" does not belong here", item);
    if (std::ranges::find(seen, item) != seen.end()) return fmt::format("\"{}\" comes twice", item);
    seen.push_back(std::move(item));
  }
  return static_cast<int>(seen.size()) == form.n_items
             ? std::string()
             : fmt::format("{} items, not {}", seen.size(), form.n_items);
}

Verdict check(const FormCheck& form, const Sample&, std::string_view content,
              std::span<const Call>) {
  const std::string_view bare = without_stop(content);
  if (form.letters == FormCheck::Letters::upper && upper(content) != content)
    return wrong(fmt::format("not upper case: \"{}\"", content));
  if (form.letters == FormCheck::Letters::lower && lower(content) != content)
    return wrong(fmt::format("not lower case: \"{}\"", content));
  if (form.n_words >= 0)
    if (const size_t n = words_of(content).size(); n != static_cast<size_t>(form.n_words))
      return wrong(fmt::format("{} words, not {}: \"{}\"", n, form.n_words, content));
  if (form.n_items >= 0)
    if (const std::string why = check_items(form, content); !why.empty()) return wrong(why);
  if (!bare.starts_with(form.starts_with))
    return wrong(fmt::format("does not begin with {}: \"{}\"", form.starts_with, content));
  if (!bare.ends_with(form.ends_with))
    return wrong(fmt::format("does not end with {}: \"{}\"", form.ends_with, content));
  for (const std::string& phrase : form.contains)
    if (!holds(lower(content), lower(phrase)))
      return wrong(fmt::format("\"{}\" is not in \"{}\"", phrase, content));
  return right();
}

Verdict check(const ProgramCheck& wanted, const Sample&, std::string_view content,
              std::span<const Call>) {
  for (const auto& [arguments, value] : wanted.cases) {
    const Result<std::string> got = run_function(content, wanted.function, arguments);
    if (!got)
      return malformed(fmt::format("{}({}): {}", wanted.function, arguments, got.error().message));
    if (*got != value)
      return wrong(
          fmt::format("{}({}) is {}, expected {}", wanted.function, arguments, *got, value));
  }
  return right();
}

}  // namespace

bool equal_json(std::string_view a, std::string_view b) {
  const auto left = json::parse(a), right = json::parse(b);
  return left && right && equal(*left, *right);
}

Verdict verify(const Sample& sample, std::string_view content, std::span<const Call> calls) {
  if (!calls.empty() && !std::holds_alternative<CallsCheck>(sample.check))
    return {false, false, fmt::format("unexpected call: {}", show_calls(calls))};
  return std::visit([&](const auto& wanted) { return check(wanted, sample, content, calls); },
                    sample.check);
}

Verdict verify_reference(const Sample& sample) {
  const Turn& last = sample.turns.back();
  return verify(sample, last.content, last.calls);
}

}  // namespace stride::nano
