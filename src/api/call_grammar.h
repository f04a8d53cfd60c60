// SPDX-License-Identifier: Apache-2.0
// The grammar that the content of an answer has to follow: the form that was asked for, the calls
// that are declared, or both, of which the model chooses one.
#pragma once

#include "api/call.h"
#include "api/errors.h"
#include "grammar/grammar_cache.h"

namespace stride::api {

// Null where anything may be written. What cannot be enforced is refused with its keyword and
// place; but tools that nobody asked to be exact never are: then their calls are free.
Outcome<grammar::GrammarPtr> grammar_of(const ChatCall& call, grammar::GrammarCache& cache);

}  // namespace stride::api
