// SPDX-License-Identifier: Apache-2.0
#include "chat/call_syntax.h"

#include <algorithm>

#include "chat/render.h"

namespace stride::chat::syntax {
namespace {

constexpr std::string_view kFunction = "<function";
constexpr std::string_view kParameter = "<parameter=";
constexpr std::string_view kDoubled = "parameter=";

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_newline(char c) {
  return c == '\n' || c == '\r';
}

Tag answer(Match match) {
  return {.match = match};
}

Tag found(std::string_view name, bool declared, size_t size) {
  return {.match = Match::yes, .name = std::string(name), .declared = declared, .size = size};
}

// `name` ends where `end` stands in the text. Decides by the byte that ended it.
Tag end_function_name(const Input& in, std::string_view name, size_t end, bool canonical,
                      const ToolSchemas& tools, Wrapper wrapper) {
  const bool declared = tools.has_function(name);
  const char stop = in.text[end];
  if (stop == '>') {
    if (declared) return found(name, true, end + 1);
    const bool allowed = canonical && wrapper == Wrapper::present;
    return allowed ? found(name, false, end + 1) : answer(Match::no);
  }
  if (!declared) return answer(Match::no);
  if (canonical && (is_newline(stop) || stop == '<')) return found(name, true, end);
  size_t at = end;
  if (const Match space = skip_space(in, at); space != Match::yes) return answer(space);
  return in.text[at] == '>' ? found(name, true, at + 1) : answer(Match::no);
}

// The key as it is declared, once the marks that models add to it are taken off; empty where no
// repair leads to a declared key.
std::string_view repaired_key(std::string_view key, const ToolSchemas& tools,
                              std::string_view function) {
  if (tools.has_parameter(function, key)) return key;
  if (key.starts_with(kDoubled)) key.remove_prefix(kDoubled.size());
  while (!key.empty() && std::string_view(":,;").contains(key.back())) key.remove_suffix(1);
  return tools.has_parameter(function, key) ? key : std::string_view();
}

}  // namespace

bool is_space(char c) {
  return is_blank(c) || is_newline(c);
}

Match match_literal(const Input& in, std::string_view literal) {
  if (in.text.starts_with(literal)) return Match::yes;
  return literal.starts_with(in.text) ? in.need_more() : Match::no;
}

Match skip_space(const Input& in, size_t& at) {
  const size_t begin = at;
  while (at < in.text.size() && is_space(in.text[at])) {
    if (++at - begin > kMaxSpace) return Match::no;
  }
  return at < in.text.size() ? Match::yes : in.need_more();
}

Tag read_function_tag(const Input& in, const ToolSchemas& tools, Wrapper wrapper) {
  if (const Match match = match_literal(in, kFunction); match != Match::yes) return answer(match);
  size_t at = kFunction.size();
  if (at == in.text.size()) return answer(in.need_more());
  const bool canonical = in.text[at] == '=';
  if (canonical) {
    ++at;
  } else if (const Match space = skip_space(in, at); space != Match::yes) {
    return answer(space);
  }
  const std::string_view rest = in.text.substr(at);
  const auto ends_name = [](char c) { return is_space(c) || c == '<' || c == '>'; };
  const auto n = static_cast<size_t>(std::ranges::find_if(rest, ends_name) - rest.begin());
  if (n > kMaxName) return answer(Match::no);
  const std::string_view name = rest.substr(0, n);
  if (n < rest.size()) {
    if (n == 0) return answer(Match::no);
    return end_function_name(in, name, at + n, canonical, tools, wrapper);
  }
  const bool any_name = canonical && wrapper == Wrapper::present;
  return answer(any_name || tools.has_function_prefix(name) ? in.need_more() : Match::no);
}

Tag read_parameter_tag(const Input& in, const ToolSchemas& tools, std::string_view function) {
  if (const Match match = match_literal(in, kParameter); match != Match::yes) return answer(match);
  const std::string_view rest = in.text.substr(kParameter.size());
  const auto ends_key = [](char c) { return is_newline(c) || c == '<' || c == '>'; };
  const auto n = static_cast<size_t>(std::ranges::find_if(rest, ends_key) - rest.begin());
  if (n > kMaxName) return answer(Match::no);
  if (n == rest.size()) return answer(in.need_more());
  if (n == 0 || rest[n] == '<') return answer(Match::no);
  const std::string_view key = rest.substr(0, n);
  const std::string_view repaired = repaired_key(key, tools, function);
  const size_t size = kParameter.size() + n;
  if (rest[n] == '>') {
    return repaired.empty() ? found(key, false, size + 1) : found(repaired, true, size + 1);
  }
  return repaired.empty() ? answer(Match::no) : found(repaired, true, size);
}

Opener read_opener(const Input& in, const ToolSchemas& tools) {
  Opener out;
  size_t at = 0;
  const Match wrapped = match_literal(in, token::kCallBegin);
  if (wrapped == Match::yes) {
    at = token::kCallBegin.size();
    out.match = skip_space(in, at);
    if (out.match != Match::yes) return out;
  } else {
    out.wrapper = Wrapper::absent;
  }
  out.function = read_function_tag(in.from(at), tools, out.wrapper);
  out.match = wrapped == Match::more ? Match::more : out.function.match;
  out.size = at + out.function.size;
  return out;
}

}  // namespace stride::chat::syntax
