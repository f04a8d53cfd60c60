// SPDX-License-Identifier: Apache-2.0
// What the compilers of whole answers share.
#pragma once

#include <string_view>

#include "grammar/grammar.h"
#include "grammar/program_builder.h"
#include "json/json_fwd.h"

namespace stride::grammar {

// The grammar of the content that begins at `body`, with an optional newline in front.
Result<GrammarPtr> finish_content(ProgramBuilder builder, Place body, uint32_t max_depth);

// Bounded in size and depth, with exact numbers.
Result<Json> parse_schema(std::string_view text);

// Code for one JSON text of the schema, which ends the content.
Result<Place> emit_schema(const Json& schema, Enforcement enforcement, ProgramBuilder& builder);

}  // namespace stride::grammar
