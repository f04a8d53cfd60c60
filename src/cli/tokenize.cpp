// SPDX-License-Identifier: Apache-2.0
// stride tokenize and stride detokenize: text to token ids and back, for people and for scripts.
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/load_tokenizer.h"
#include "json/json.h"

namespace stride::cli {
namespace {

struct TokenizeOptions {
  std::string model;
  std::optional<std::string> text;
  bool special = false;
  bool bos = false;
  bool ids = false;
  bool json = false;
  bool batch = false;
};

int report(const Error& error) {
  fmt::print(stderr, "stride: {}\n", error.message);
  return 1;
}

std::string read_standard_input() {
  std::string all;
  std::array<char, 1 << 16> buffer;
  while (const size_t n = std::fread(buffer.data(), 1, buffer.size(), stdin)) {
    all.append(buffer.data(), n);
  }
  return all;
}

std::string join(std::span<const text::Token> ids, std::string_view separator) {
  std::string line;
  for (const text::Token id : ids) {
    if (!line.empty()) line += separator;
    line += std::to_string(id);
  }
  return line;
}

std::vector<text::Token> encode(const text::Tokenizer& tokenizer, const TokenizeOptions& options,
                                std::string_view text) {
  std::vector<text::Token> ids;
  if (options.bos && tokenizer.bos() >= 0) ids.push_back(tokenizer.bos());
  tokenizer.encode(text, options.special ? text::Special::allow : text::Special::forbid, ids);
  return ids;
}

// A piece in quotes: JSON's escapes, and \xNN for bytes that are only a part of a character.
std::string quoted(std::string_view piece) {
  std::string out = "\"";
  for (size_t at = 0; at < piece.size();) {
    const Utf8Character c = decode_utf8(piece, at);
    if (c.valid) {
      json::append_escaped(out, piece.substr(at, c.size));
    } else {
      for (const char byte : piece.substr(at, c.size)) {
        out += fmt::format("\\x{:02x}", static_cast<uint8_t>(byte));
      }
    }
    at += c.size;
  }
  return out + '"';
}

void print_tokens(const text::Tokenizer& tokenizer, const TokenizeOptions& options,
                  std::span<const text::Token> ids) {
  if (options.ids) {
    fmt::print("{}\n", join(ids, " "));
  } else if (options.json) {
    Json out;
    out["count"] = ids.size();
    out["tokens"] = ids;
    out["pieces"] = Json::array();
    for (const text::Token id : ids) out["pieces"].push_back(to_valid_utf8(tokenizer.piece(id)));
    fmt::print("{}\n", json::dump(out));
  } else {
    for (const text::Token id : ids) fmt::print("{:>6}  {}\n", id, quoted(tokenizer.piece(id)));
  }
}

// One JSON string a line in, one JSON array of ids a line out.
Result<> tokenize_lines(const text::Tokenizer& tokenizer, const TokenizeOptions& options,
                        std::string_view input) {
  for (size_t n_line = 1; !input.empty(); ++n_line) {
    const size_t end = std::min(input.find('\n'), input.size());
    const Json text =
        STRIDE_TRY_AT(fmt::format("line {}", n_line), json::parse(input.substr(0, end)));
    if (!text.is_string()) {
      return fail(Errc::format, "line {}: --batch wants one JSON string a line", n_line);
    }
    const auto ids = encode(tokenizer, options, text.get_ref<const std::string&>());
    fmt::print("[{}]\n", join(ids, ","));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  return {};
}

Result<std::vector<text::Token>> parse_ids(const text::Tokenizer& tokenizer,
                                           std::string_view text) {
  constexpr std::string_view kSeparators = " ,\t\r\n[]";
  std::vector<text::Token> ids;
  for (size_t at = text.find_first_not_of(kSeparators); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(kSeparators, at), text.size());
    const std::string_view word = text.substr(at, end - at);
    text::Token id = -1;
    const auto [last, error] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (error != std::errc{} || last != word.data() + word.size() || id < 0 ||
        static_cast<size_t>(id) >= tokenizer.size()) {
      return fail(Errc::invalid_argument, "'{}' is no token id (0 to {} are)", word,
                  tokenizer.size() - 1);
    }
    ids.push_back(id);
    at = text.find_first_not_of(kSeparators, end);
  }
  return ids;
}

}  // namespace

int tokenize_command(Arguments args) {
  TokenizeOptions options;
  std::optional<std::string> prompt;
  CommandLine line("tokenize", "Shows the tokens of a text, one a line: its id and its bytes.");
  line.option("-m,--model", options.model, "model file, or tokenizer.json, or its folder")
      .option("-p,--prompt", prompt, "the text (as TEXT)")
      .flag("--special", options.special, "let strings such as <|im_end|> become special tokens")
      .flag("--bos", options.bos, "begin with the token of the beginning of a text")
      .flag("--ids", options.ids, "print the ids only, on one line")
      .flag("--json", options.json, "print JSON")
      .flag("--batch", options.batch, "read one JSON string a line, write one array of ids a line")
      .optional_positional("TEXT", options.text, "the text; standard input without it");
  line.example("stride tokenize -m model.gguf 'Hello, world!'", "a table of ids and pieces");
  line.example("stride tokenize -m tokenizer.json --ids < book.txt", "the ids of a file");
  if (const auto stop = line.parse(args)) return *stop;
  if (options.model.empty()) {
    fmt::print(stderr, "stride: tokenize needs a model: -m FILE\n");
    return 2;
  }
  const auto tokenizer = load_tokenizer(options.model);
  if (!tokenizer) return report(tokenizer.error());
  if (options.batch) {
    const auto done = tokenize_lines(*tokenizer, options, read_standard_input());
    return done ? 0 : report(done.error());
  }
  const std::optional<std::string>& given = prompt ? prompt : options.text;
  const std::string text = given ? *given : read_standard_input();
  print_tokens(*tokenizer, options, encode(*tokenizer, options, text));
  return 0;
}

int detokenize_command(Arguments args) {
  std::string model;
  std::vector<std::string> words;
  bool json_output = false;
  CommandLine line("detokenize", "Writes the exact bytes of token ids to standard output.");
  line.option("-m,--model", model, "model file, or tokenizer.json, or its folder")
      .flag("--json", json_output, "print a JSON string; bytes that are no UTF-8 become U+FFFD")
      .rest("IDS", words, "token ids, apart by spaces or commas; standard input without them");
  line.example("stride detokenize -m model.gguf 19923 14 2058", "Hello, world");
  if (const auto stop = line.parse(args)) return *stop;
  if (model.empty()) {
    fmt::print(stderr, "stride: detokenize needs a model: -m FILE\n");
    return 2;
  }
  const auto tokenizer = load_tokenizer(model);
  if (!tokenizer) return report(tokenizer.error());
  std::string text = words.empty() ? read_standard_input() : std::string();
  for (const std::string& word : words) text += word + ' ';
  const auto ids = parse_ids(*tokenizer, text);
  if (!ids) return report(ids.error());
  std::string bytes = tokenizer->decode(*ids);
  if (json_output) bytes = json::dump(Json(to_valid_utf8(bytes))) + '\n';
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  // A terminal gets a line end; a pipe or a file gets the bytes as they are.
  if (!json_output && isatty(STDOUT_FILENO) != 0) fmt::print("\n");
  return 0;
}

}  // namespace stride::cli
