// SPDX-License-Identifier: Apache-2.0
// Writes a Program. Code is written backwards: every call takes the place to go on at and returns
// the place where the new code begins.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "grammar/program.h"

namespace stride::grammar {

using Place = uint32_t;

class ProgramBuilder {
 public:
  ProgramBuilder();

  Place emit(Op op, Place next, uint32_t a = 0, uint32_t b = 0);
  Place literal(std::string_view text, Place next);
  Place dfa(uint32_t index, Place next) { return emit(Op::dfa, next, index); }
  Place split(std::span<const Place> targets);
  Place space(Place next) { return emit(Op::space, next); }
  // The control token, or its spelling.
  Place marker(Marker marker, Place next);
  Place give_back() const { return 0; }

  // An instruction to be filled in later, for loops.
  Place reserve() { return emit(Op::split, 0); }
  void define(Place reserved, Place target) { define(reserved, std::span(&target, 1)); }
  void define(Place reserved, std::span<const Place> targets);

  uint32_t add_dfa(Dfa dfa);
  // The automaton of that name, which `make` builds on first use.
  template <class Make>
  uint32_t shared_dfa(const std::string& name, Make make) {
    if (const auto found = shared_.find(name); found != shared_.end()) return found->second;
    return shared_[name] = add_dfa(make());
  }
  uint32_t add_limit(size_t least, std::optional<size_t> most);
  uint32_t add_rule() {
    return static_cast<uint32_t>((program_.rules.emplace_back(), program_.rules.size() - 1));
  }
  Rule& rule(uint32_t index) { return program_.rules[index]; }
  uint32_t add_object();
  Object& object(uint32_t index) { return program_.objects[index]; }
  // A key of the object; `text` as it is spelled, without its terminator.
  void add_key(uint32_t object, std::string_view text, Object::Entry entry);

  size_t n_state() const { return n_dfa_state_ + program_.code.size() + program_.key_nodes.size(); }
  // Errors: exhausted where the whole is too large.
  Result<Program> finish(Place start, uint32_t max_depth) &&;

 private:
  Program program_;
  std::map<std::string, uint32_t> shared_;
  size_t n_dfa_state_ = 0;
};

std::string_view marker_text(Marker marker);

}  // namespace stride::grammar
