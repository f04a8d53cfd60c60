// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <type_traits>

namespace stride::cli {
namespace {

// Levenshtein distance, to name the option a mistyped one was meant to be.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

bool looks_like_option(std::string_view arg) {
  const bool number =
      arg.size() > 1 && (std::isdigit(static_cast<unsigned char>(arg[1])) || arg[1] == '.');
  return arg.size() > 1 && arg[0] == '-' && !number;
}

std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> out;
  while (!names.empty()) {
    const size_t comma = names.find(',');
    out.emplace_back(names.substr(0, comma));
    names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
  }
  return out;
}

}  // namespace

std::string nearest_name(std::string_view wanted, std::span<const std::string> known) {
  std::string best;
  size_t best_distance = std::max<size_t>(1, wanted.size() / 2) + 1;
  for (const std::string& name : known) {
    const size_t distance = edit_distance(wanted, name);
    if (distance < best_distance) {
      best_distance = distance;
      best = name;
    }
  }
  return best;
}

namespace {

// Of a short option only what begins with the same letter and differs in one more can be meant.
std::string nearest_option(std::string_view wanted, std::span<const std::string> known) {
  constexpr size_t kShort = 4;  // dash included
  if (wanted.starts_with("--") || wanted.size() > kShort) return nearest_name(wanted, known);
  std::vector<std::string> like;
  for (const std::string& name : known)
    if (name.size() <= kShort && name.starts_with(wanted.substr(0, 2)) &&
        edit_distance(wanted, name) <= 1)
      like.push_back(name);
  return nearest_name(wanted, like);
}

}  // namespace

// The parser underneath knows one-letter short options only, so "-ub" is declared as "--ub" and
// translated on the way in; messages and help show the name as it was declared.
struct CommandLine::State {
  explicit State(std::string_view command, std::string_view summary)
      : app(std::string(summary), fmt::format("stride {}", command)) {}

  std::string declare(std::string_view names) {
    std::string declared;
    for (const std::string& name : split_names(names)) {
      known.push_back(name);
      const bool wide_short = name.size() > 2 && name[0] == '-' && name[1] != '-';
      if (wide_short) wide.push_back(name);
      declared += (declared.empty() ? "" : ",") + (wide_short ? "-" + name : name);
    }
    return declared;
  }

  template <class T>
  CLI::Option* add(std::string_view names, T& value, std::string_view help, std::string_view type) {
    CLI::Option* option = app.add_option(declare(names), value, std::string(help));
    option->type_name(std::string(type));
    wanted[option->get_name()] = kind_of<T>();
    constexpr bool kRepeatable = std::is_same_v<T, std::vector<std::string>>;
    if constexpr (!requires { value.has_value(); } && !kRepeatable) option->capture_default_str();
    if constexpr (!kRepeatable) option->take_last();
    return option;
  }

  // "-ub", "-ub=512" and "-n=5" as the parser underneath spells them.
  std::string translated(const std::string& arg) const {
    const std::string name = arg.substr(0, arg.find('='));
    if (std::ranges::find(wide, name) != wide.end()) return "-" + arg;
    const bool short_with_value = name.size() == 2 && arg.size() > 3 && looks_like_option(name);
    return short_with_value ? name + arg.substr(3) : arg;
  }

  // What was written as one dash and several letters is shown that way.
  std::string shown(const std::string& name) const {
    return std::ranges::find(wide, name.substr(1)) == wide.end() ? name : name.substr(1);
  }

  // A sentence about the first argument that looks like an option and is none; empty without one.
  std::string unknown_option(Arguments args) const {
    for (const std::string& arg : args) {
      const std::string given = arg.substr(0, arg.find('='));
      if (!looks_like_option(arg) || std::ranges::find(known, given) != known.end()) continue;
      const std::string nearest = nearest_option(given, known);
      return fmt::format("unknown option {}; {}", given,
                         nearest.empty() ? fmt::format("`{} --help` lists them", app.get_name())
                                         : fmt::format("did you mean {}?", nearest));
    }
    return {};
  }

  // The parser's message about a value in words of ours. Its forms: "Could not convert: NAME =
  // VALUE", "NAME: VALUE not in {a,b}", "NAME: 1 required TEXT missing".
  std::string explained(const CLI::ParseError& error) const {
    std::string message = error.what();
    constexpr std::string_view kConvert = "Could not convert: ", kChoice = " not in {",
                               kMissing = " required ";
    if (const size_t is = message.find(" = ");
        message.starts_with(kConvert) && is != message.npos) {
      const std::string name = message.substr(kConvert.size(), is - kConvert.size());
      const auto kind = wanted.find(name);
      return fmt::format("{} is {}; {} is wanted", shown(name), message.substr(is + 3),
                         kind == wanted.end() ? "another value" : kind->second);
    }
    const size_t colon = message.find(": ");
    if (colon == message.npos)
      return fmt::format("{}; `{} --help` shows the usage", message, app.get_name());
    const std::string name = shown(message.substr(0, colon));
    if (const size_t at = message.find(kChoice); at != message.npos && message.ends_with('}')) {
      std::string words = message.substr(at + kChoice.size());
      words.pop_back();
      for (size_t comma = 0; (comma = words.find(',', comma)) != words.npos; comma += 2)
        words.replace(comma, 1, words.find(',', comma + 1) == words.npos ? " or " : ", ");
      return fmt::format("{} is {}; it must be {}", name, message.substr(colon + 2, at - colon - 2),
                         words);
    }
    return message.find(kMissing) == message.npos ? message : name + " needs a value";
  }

  std::string help() const {
    std::string text = app.help();
    for (const std::string& name : wide) {
      const std::string inner = "-" + name + ",";  // "--ub," but not "--ubatch-size"
      for (size_t at = 0; (at = text.find(inner, at)) != std::string::npos;) text.erase(at, 1);
    }
    if (!examples.empty()) text += "\nExamples:\n";
    for (const auto& [command, what] : examples)
      text += fmt::format("  {}\n      {}\n", command, what);
    return text;
  }

  // What a value of this type is, for messages.
  template <class T>
  static std::string_view kind_of() {
    constexpr bool kReal = std::is_same_v<T, double> || std::is_same_v<T, std::optional<double>>;
    if constexpr (kReal) return "a number";
    return std::is_same_v<T, int32_t> ? "a whole number" : "a whole number from 0 up";
  }

  CLI::App app;
  std::vector<std::string> known;                  // every option name as declared
  std::vector<std::string> wide;                   // those with one dash and several letters
  std::map<std::string, std::string_view> wanted;  // by the parser's name of the option
  std::vector<std::pair<std::string, std::string>> examples;
};

CommandLine::CommandLine(std::string_view command, std::string_view summary)
    : state_(std::make_unique<State>(command, summary)) {
  state_->known = {"-h", "--help"};
}

CommandLine::~CommandLine() = default;

CommandLine& CommandLine::flag(std::string_view names, bool& value, std::string_view help) {
  state_->app.add_flag(state_->declare(names), value, std::string(help));
  return *this;
}

CommandLine& CommandLine::option(std::string_view names, std::string& value,
                                 std::string_view help) {
  state_->add(names, value, help, "TEXT");
  return *this;
}

CommandLine& CommandLine::option(std::string_view names, uint32_t& value, std::string_view help) {
  state_->add(names, value, help, "N");
  return *this;
}

CommandLine& CommandLine::option(std::string_view names, int32_t& value, std::string_view help) {
  state_->add(names, value, help, "N");
  return *this;
}

CommandLine& CommandLine::option(std::string_view names, uint64_t& value, std::string_view help) {
  state_->add(names, value, help, "N");
  return *this;
}

CommandLine& CommandLine::option(std::string_view names, double& value, std::string_view help) {
  state_->add(names, value, help, "X");
  return *this;
}

CommandLine& CommandLine::option(std::string_view names, std::optional<uint64_t>& value,
                                 std::string_view help) {
  state_->add(names, value, help, "N");
  return *this;
}

CommandLine& CommandLine::option(std::string_view names, std::optional<double>& value,
                                 std::string_view help) {
  state_->add(names, value, help, "X");
  return *this;
}

CommandLine& CommandLine::option(std::string_view names, std::optional<std::string>& value,
                                 std::string_view help) {
  state_->add(names, value, help, "TEXT");
  return *this;
}

CommandLine& CommandLine::option(std::string_view names, std::vector<std::string>& values,
                                 std::string_view help) {
  state_->add(names, values, help, "TEXT")->allow_extra_args(false);
  return *this;
}

CommandLine& CommandLine::choice(std::string_view names, std::string& value,
                                 std::vector<std::string> words, std::string_view help) {
  state_->add(names, value, help, "WORD")->check(CLI::IsMember(std::move(words)));
  return *this;
}

CommandLine& CommandLine::positional(std::string_view name, std::string& value,
                                     std::string_view help) {
  state_->app.add_option(std::string(name), value, std::string(help))->required()->type_name("");
  return *this;
}

CommandLine& CommandLine::optional_positional(std::string_view name,
                                              std::optional<std::string>& value,
                                              std::string_view help) {
  state_->app.add_option(std::string(name), value, std::string(help))->type_name("");
  return *this;
}

CommandLine& CommandLine::rest(std::string_view name, std::vector<std::string>& values,
                               std::string_view help) {
  state_->app.add_option(std::string(name), values, std::string(help))->type_name("");
  return *this;
}

CommandLine& CommandLine::example(std::string_view command, std::string_view what) {
  state_->examples.emplace_back(command, what);
  return *this;
}

std::optional<int> CommandLine::parse(Arguments args) {
  std::vector<std::string> reversed;  // the order the parser underneath wants
  for (const std::string& arg : args) reversed.push_back(state_->translated(arg));
  std::ranges::reverse(reversed);
  const std::string& name = state_->app.get_name();
  try {
    state_->app.parse(reversed);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", state_->help());
    return 0;
  } catch (const CLI::ExtrasError&) {
    const std::string unknown = state_->unknown_option(args);
    fmt::print(stderr, "{}: {}\n", name,
               unknown.empty()
                   ? fmt::format("too many arguments; `{} --help` shows the usage", name)
                   : unknown);
  } catch (const CLI::ParseError& error) {
    // "-ngl" was taken for "-n" with the value "gl".
    const std::string unknown = state_->unknown_option(args);
    fmt::print(stderr, "{}: {}\n", name, unknown.empty() ? state_->explained(error) : unknown);
  }
  return 2;
}

}  // namespace stride::cli
