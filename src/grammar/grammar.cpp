// SPDX-License-Identifier: Apache-2.0
#include "grammar/grammar.h"

#include "grammar/content.h"
#include "grammar/regex.h"
#include "grammar/schema_compiler.h"

namespace stride::grammar {
namespace {

Result<GrammarPtr> from_dfa(Dfa dfa, std::string_view what) {
  if (dfa.empty()) return fail(Errc::invalid_argument, "{}: no text fits it", what);
  ProgramBuilder builder;
  const Place body = builder.dfa(builder.add_dfa(std::move(dfa)), builder.give_back());
  return finish_content(std::move(builder), body, kMaxNesting);
}

}  // namespace

Grammar::Grammar(Program program)
    : program_(std::make_unique<const Program>(std::move(program))), n_byte_(program_->n_byte()) {}

Grammar::~Grammar() = default;

// One newline behind </think> belongs to the tag.
Result<GrammarPtr> finish_content(ProgramBuilder builder, Place body, uint32_t max_depth) {
  const Place start = builder.split(std::array{builder.literal("\n", body), body});
  return std::make_shared<const Grammar>(STRIDE_TRY(std::move(builder).finish(start, max_depth)));
}

Result<Place> emit_schema(const Json& schema, Enforcement enforcement, ProgramBuilder& builder) {
  SchemaReader reader(schema, enforcement);
  SchemaCompiler compiler(reader, builder);
  const uint32_t rule = STRIDE_TRY(compiler.rule_of({&schema}));
  if (auto ok = compiler.emit(); !ok) return std::unexpected(std::move(ok).error());
  return builder.emit(Op::call, builder.give_back(), rule);
}

Result<Json> parse_schema(std::string_view text) {
  if (text.size() > kMaxSourceBytes) {
    return fail(Errc::exhausted, "schema: longer than {} bytes", kMaxSourceBytes);
  }
  const json::ParseOptions options{.max_depth = 2 * kMaxNesting, .numbers = json::Numbers::exact};
  auto schema = json::parse(text, options);
  if (!schema) {
    return fail(Errc::invalid_argument, "schema: {}", schema.error().message);
  }
  return schema;
}

Result<GrammarPtr> compile_json_object() {
  return compile_json_schema(R"({"type": "object"})");
}

Result<GrammarPtr> compile_json_schema(std::string_view text, Enforcement enforcement) {
  const Json schema = STRIDE_TRY(parse_schema(text));
  ProgramBuilder builder;
  const Place body = STRIDE_TRY(emit_schema(schema, enforcement, builder));
  return finish_content(std::move(builder), body, kMaxNesting);
}

Result<GrammarPtr> compile_regex(std::string_view pattern) {
  return from_dfa(STRIDE_TRY(regex_dfa(pattern, Anchoring::whole)), "regular expression");
}

Result<GrammarPtr> compile_choice(const std::vector<std::string>& choices) {
  if (choices.empty()) return fail(Errc::invalid_argument, "choice: the list is empty");
  size_t n_byte = 0;
  for (const std::string& choice : choices) n_byte += choice.size();
  if (n_byte > kMaxSourceBytes) {
    return fail(Errc::exhausted, "choice: longer than {} bytes", kMaxSourceBytes);
  }
  return from_dfa(STRIDE_TRY_AT("choice", words_dfa(choices)), "choice");
}

}  // namespace stride::grammar
