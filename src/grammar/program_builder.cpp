// SPDX-License-Identifier: Apache-2.0
#include "grammar/program_builder.h"

#include <algorithm>

namespace stride::grammar {

std::string_view marker_text(Marker marker) {
  return marker == Marker::call_begin ? "<tool_call>" : "</tool_call>";
}

size_t Program::n_byte() const {
  size_t out = code.size() * sizeof(Instruction) + targets.size() * sizeof(uint32_t) +
               bytes.size() + key_nodes.size() * sizeof(KeyNode) + objects.size() * sizeof(Object);
  for (const Dfa& dfa : dfas) {
    out += dfa.n_state() * dfa.classes().sample.size() * sizeof(Dfa::State);
  }
  return out;
}

ProgramBuilder::ProgramBuilder() {
  emit(Op::give_back, 0);
  program_.limits.emplace_back();
  program_.key_nodes.emplace_back();
}

Place ProgramBuilder::emit(Op op, Place next, uint32_t a, uint32_t b) {
  program_.code.push_back({op, next, a, b});
  return static_cast<Place>(program_.code.size() - 1);
}

Place ProgramBuilder::literal(std::string_view text, Place next) {
  const size_t known = program_.bytes.find(text);
  const size_t offset = known == std::string::npos ? program_.bytes.size() : known;
  if (known == std::string::npos) program_.bytes += text;
  return emit(Op::literal, next, static_cast<uint32_t>(offset), static_cast<uint32_t>(text.size()));
}

Place ProgramBuilder::split(std::span<const Place> targets) {
  if (targets.size() == 1) return targets[0];
  const Place out = reserve();
  define(out, targets);
  return out;
}

Place ProgramBuilder::marker(Marker marker, Place next) {
  return emit(Op::marker, next, static_cast<uint32_t>(marker), literal(marker_text(marker), next));
}

void ProgramBuilder::define(Place reserved, std::span<const Place> targets) {
  program_.code[reserved].a = static_cast<uint32_t>(program_.targets.size());
  program_.code[reserved].b = static_cast<uint32_t>(targets.size());
  program_.targets.insert(program_.targets.end(), targets.begin(), targets.end());
}

uint32_t ProgramBuilder::add_dfa(Dfa dfa) {
  n_dfa_state_ += dfa.n_state();
  program_.dfas.push_back(std::move(dfa));
  return static_cast<uint32_t>(program_.dfas.size() - 1);
}

uint32_t ProgramBuilder::add_limit(size_t least, std::optional<size_t> most) {
  constexpr size_t kMost = 1'000'000'000;
  Limit limit{.least = static_cast<uint32_t>(std::min(least, kMost))};
  if (most) limit.most = static_cast<uint32_t>(std::min(*most, kMost));
  program_.limits.push_back(limit);
  return static_cast<uint32_t>(program_.limits.size() - 1);
}

uint32_t ProgramBuilder::add_object() {
  program_.key_nodes.emplace_back();
  Object& object = program_.objects.emplace_back();
  object.root = static_cast<uint32_t>(program_.key_nodes.size() - 1);
  return static_cast<uint32_t>(program_.objects.size() - 1);
}

void ProgramBuilder::add_key(uint32_t index, std::string_view text, Object::Entry entry) {
  Object& object = program_.objects[index];
  const auto mark = [&](uint32_t node) {
    if (entry.bit) program_.key_nodes[node].bits |= uint64_t{1} << *entry.bit;
    if (!entry.bit) program_.key_nodes[node].unlimited = true;
  };
  uint32_t at = object.root;
  mark(at);
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    uint32_t next = program_.key_nodes[at].child(byte);
    if (next == 0) {
      next = static_cast<uint32_t>(program_.key_nodes.size());
      program_.key_nodes.emplace_back();
      auto& children = program_.key_nodes[at].children;
      children.insert(std::ranges::upper_bound(children, std::pair{byte, next}), {byte, next});
    }
    at = next;
    mark(at);
  }
  program_.key_nodes[at].entry = static_cast<int32_t>(object.entries.size());
  if (entry.bit) object.declared |= uint64_t{1} << *entry.bit;
  object.max_height = std::max(object.max_height, entry.height);
  object.entries.push_back(entry);
}

Result<Program> ProgramBuilder::finish(Place start, uint32_t max_depth) && {
  if (n_state() > kMaxStates) {
    return fail(Errc::exhausted, "the grammar needs more than {} states", kMaxStates);
  }
  program_.start = start;
  program_.max_depth = max_depth;
  return std::move(program_);
}

}  // namespace stride::grammar
