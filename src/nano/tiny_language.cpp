// SPDX-License-Identifier: Apache-2.0
// Statements: a program is a list of lines with their indentation; a block is a range of lines.
// Expressions are evaluated straight from the text of the line by tiny_expression.cpp, which is
// slow and short, and fast enough for programs of a dozen lines.
#include "nano/tiny_language.h"

#include <fmt/core.h>

#include <algorithm>

#include "nano/tiny_expression.h"

namespace stride::nano {
namespace {

constexpr int kMaxSteps = 20'000, kMaxCalls = 20;
constexpr size_t kMaxSource = 20'000, kMaxPrinted = 20'000;

struct Line {
  size_t indent = 0;
  std::string_view text;
};

struct Function {
  std::string_view name;
  std::vector<std::string_view> params;
  size_t begin = 0, end = 0;  // body lines
};

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Takes `word` and a blank off the front.
bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  if (text.size() > word.size() && is_name_char(text[word.size()])) return false;
  text = trim(text.substr(word.size()));
  return true;
}

class Machine : public Caller {
 public:
  Result<> load(std::string_view source);
  Result<> run() { return drop(run_block(0, lines_.size(), globals_)); }
  Result<Value> call(std::string_view name, ValueList arguments) override;
  bool knows(std::string_view name) const override { return find(name) != nullptr; }
  Result<> print(std::string_view text) override;
  std::string printed_;
  Scope globals_;

 private:
  struct Flow {
    bool returned = false;
    Value value;
  };

  static Result<> drop(Result<Flow> flow) {
    if (!flow) return std::unexpected(std::move(flow).error());
    return {};
  }
  const Function* find(std::string_view name) const;
  size_t block_end(size_t header) const;
  Result<Flow> run_block(size_t begin, size_t end, Scope& scope);
  Result<Flow> run_if(size_t& at, size_t end, Scope& scope);
  Result<Flow> run_for(size_t at, std::string_view rest, Scope& scope);
  Result<Flow> run_while(size_t at, std::string_view rest, Scope& scope);
  Result<> run_simple(std::string_view text, Scope& scope);
  Result<> define(size_t at, std::string_view rest);
  Result<Value> value_of(std::string_view text, Scope& scope) {
    return evaluate(text, scope, *this);
  }
  Result<std::string_view> header(std::string_view text) const;

  std::vector<Line> lines_;
  std::vector<Function> functions_;
  int steps_ = 0;
  int calls_ = 0;
};

Result<> Machine::load(std::string_view source) {
  if (source.size() > kMaxSource)
    return fail(Errc::exhausted, "the program is longer than {} bytes", kMaxSource);
  while (!source.empty()) {
    const size_t stop = std::min(source.find('\n'), source.size());
    const std::string_view line = source.substr(0, stop);
    source.remove_prefix(std::min(stop + 1, source.size()));
    const std::string_view text = trim(line);
    if (text.empty() || text.starts_with('#')) continue;
    lines_.push_back({line.find_first_not_of(' '), text});
  }
  return {};
}

Result<> Machine::print(std::string_view text) {
  if (printed_.size() + text.size() > kMaxPrinted)
    return fail(Errc::exhausted, "the program prints too much");
  printed_ += text;
  printed_ += '\n';
  return {};
}

const Function* Machine::find(std::string_view name) const {
  for (size_t i = functions_.size(); i-- > 0;)
    if (functions_[i].name == name) return &functions_[i];
  return nullptr;
}

// The line after the block that belongs to a header line.
size_t Machine::block_end(size_t header) const {
  size_t at = header + 1;
  while (at < lines_.size() && lines_[at].indent > lines_[header].indent) ++at;
  return at;
}

// The text of a header line without its colon.
Result<std::string_view> Machine::header(std::string_view text) const {
  if (!text.ends_with(':')) return fail(Errc::format, "a colon is missing after \"{}\"", text);
  return trim(text.substr(0, text.size() - 1));
}

Result<Machine::Flow> Machine::run_block(size_t begin, size_t end, Scope& scope) {
  size_t at = begin;
  while (at < end) {
    if (++steps_ > kMaxSteps) return fail(Errc::exhausted, "the program runs too long");
    if (lines_[at].indent != lines_[begin].indent)
      return fail(Errc::format, "line \"{}\" is indented wrongly", lines_[at].text);
    std::string_view text = lines_[at].text;
    Flow flow;
    if (take_word(text, "if")) {
      flow = STRIDE_TRY(run_if(at, end, scope));
    } else if (take_word(text, "for")) {
      flow = STRIDE_TRY(run_for(at, text, scope));
      at = block_end(at);
    } else if (take_word(text, "while")) {
      flow = STRIDE_TRY(run_while(at, text, scope));
      at = block_end(at);
    } else if (take_word(text, "def")) {
      STRIDE_TRY(define(at, text));
      at = block_end(at);
    } else if (take_word(text, "return")) {
      flow.returned = true;
      if (!text.empty()) flow.value = STRIDE_TRY(value_of(text, scope));
    } else {
      STRIDE_TRY(run_simple(text, scope));
      ++at;
    }
    if (flow.returned) return flow;
  }
  return Flow{};
}

Result<Machine::Flow> Machine::run_if(size_t& at, size_t end, Scope& scope) {
  bool done = false, first = true;
  const size_t indent = lines_[at].indent;
  Flow flow;
  while (at < end && lines_[at].indent == indent) {
    std::string_view text = lines_[at].text;
    bool taken = false;
    if (take_word(text, first ? "if" : "elif")) {
      const std::string_view condition = STRIDE_TRY(header(text));
      taken = !done && truth(STRIDE_TRY(value_of(condition, scope)));
    } else if (!first && text == "else:") {
      taken = !done;
    } else {
      break;
    }
    const size_t stop = block_end(at);
    if (stop == at + 1)
      return fail(Errc::format, "nothing is indented under \"{}\"", lines_[at].text);
    if (taken) {
      flow = STRIDE_TRY(run_block(at + 1, stop, scope));
      done = true;
    }
    at = stop;
    first = false;
    if (flow.returned) break;
  }
  return flow;
}

Result<Machine::Flow> Machine::run_for(size_t at, std::string_view rest, Scope& scope) {
  const std::string_view head = STRIDE_TRY(header(rest));
  const size_t in = head.find(" in ");
  if (in == head.npos) return fail(Errc::format, "\"for {}\" has no \"in\"", head);
  const std::string name(trim(head.substr(0, in)));
  const Value range = STRIDE_TRY(value_of(head.substr(in + 4), scope));
  const ValueList items = STRIDE_TRY(items_of(range));
  const size_t stop = block_end(at);
  if (stop == at + 1) return fail(Errc::format, "nothing is indented under \"for {}\"", head);
  for (const Value& item : items) {
    scope[name] = item;
    Flow flow = STRIDE_TRY(run_block(at + 1, stop, scope));
    if (flow.returned) return flow;
  }
  return Flow{};
}

Result<Machine::Flow> Machine::run_while(size_t at, std::string_view rest, Scope& scope) {
  const std::string_view condition = STRIDE_TRY(header(rest));
  const size_t stop = block_end(at);
  if (stop == at + 1)
    return fail(Errc::format, "nothing is indented under \"while {}\"", condition);
  while (truth(STRIDE_TRY(value_of(condition, scope)))) {
    Flow flow = STRIDE_TRY(run_block(at + 1, stop, scope));
    if (flow.returned) return flow;
  }
  return Flow{};
}

Result<> Machine::define(size_t at, std::string_view rest) {
  const std::string_view head = STRIDE_TRY(header(rest));
  const size_t open = head.find('(');
  if (open == head.npos || !head.ends_with(')'))
    return fail(Errc::format, "\"def {}\" has no parameter list", head);
  Function function{trim(head.substr(0, open)), {}, at + 1, block_end(at)};
  if (function.begin == function.end)
    return fail(Errc::format, "nothing is indented under \"def {}\"", head);
  std::string_view list = head.substr(open + 1, head.size() - open - 2);
  while (!trim(list).empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    function.params.push_back(trim(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  functions_.push_back(std::move(function));
  return {};
}

Result<> Machine::run_simple(std::string_view text, Scope& scope) {
  if (text == "pass") return {};
  size_t name_end = 0;
  while (name_end < text.size() && is_name_char(text[name_end])) ++name_end;
  const std::string name(text.substr(0, name_end));
  const std::string_view rest = trim(text.substr(name_end));
  if (!name.empty() && rest.starts_with('=') && !rest.starts_with("==")) {
    scope[name] = STRIDE_TRY(value_of(rest.substr(1), scope));
    return {};
  }
  if (!name.empty() && rest.size() > 2 && rest[1] == '=' &&
      std::string_view("+-*").find(rest[0]) != std::string_view::npos) {
    const std::string sum = fmt::format("{} {} ({})", name, rest[0], rest.substr(2));
    scope[name] = STRIDE_TRY(value_of(sum, scope));
    return {};
  }
  if (rest.starts_with(".append(") && rest.ends_with(')')) {
    Value item = STRIDE_TRY(value_of(rest.substr(8, rest.size() - 9), scope));
    const auto place = scope.find(name);
    ValueList* list = place == scope.end() ? nullptr : std::get_if<ValueList>(&place->second.data);
    if (list == nullptr) return fail(Errc::format, "{} is not a list", name);
    list->push_back(std::move(item));
    return {};
  }
  static_cast<void>(STRIDE_TRY(value_of(text, scope)));
  return {};
}

Result<Value> Machine::call(std::string_view name, ValueList arguments) {
  const Function* function = find(name);
  if (function == nullptr) return fail(Errc::not_found, "there is no function {}", name);
  if (arguments.size() != function->params.size())
    return fail(Errc::format, "{} takes {} arguments, not {}", name, function->params.size(),
                arguments.size());
  if (++calls_ > kMaxCalls) return fail(Errc::exhausted, "calls are nested too deeply");
  Scope local;
  for (size_t i = 0; i < arguments.size(); ++i)
    local[std::string(function->params[i])] = std::move(arguments[i]);
  const size_t begin = function->begin, end = function->end;
  Flow flow = STRIDE_TRY(run_block(begin, end, local));
  --calls_;
  return flow.value;
}

}  // namespace

Result<std::string> run_program(std::string_view source) {
  Machine machine;
  STRIDE_TRY(machine.load(source));
  STRIDE_TRY(machine.run());
  if (machine.printed_.ends_with('\n')) machine.printed_.pop_back();
  return std::move(machine.printed_);
}

Result<std::string> run_function(std::string_view source, std::string_view function,
                                 std::string_view arguments) {
  Machine machine;
  STRIDE_TRY(machine.load(source));
  STRIDE_TRY(machine.run());
  const Value value =
      STRIDE_TRY(evaluate(fmt::format("{}({})", function, arguments), machine.globals_, machine));
  return repr(value);
}

}  // namespace stride::nano
