// SPDX-License-Identifier: Apache-2.0
// The instructions that wait for a byte.
#include <algorithm>

#include "grammar/machine.h"

namespace stride::grammar {
namespace {

// One newline may be followed by so many spaces or tabs: an indentation, but no endless run.
constexpr uint32_t kMaxIndent = 64;

constexpr std::string_view kEnd = Program::kParameterEnd;

// How much of kEnd the text ends with after one byte more. The end begins with a newline and has
// another one only as its last byte, so only a newline can begin it anew.
uint32_t follow_end(uint32_t at, uint8_t byte) {
  if (byte == static_cast<uint8_t>(kEnd[at])) return at + 1;
  return byte == '\n' ? 1 : 0;
}

}  // namespace

void Machine::step(const Frame& frame, Symbol symbol, const std::string_view* key,
                   bool& closes_key) {
  const Instruction& at = program_.code[frame.pc];
  if (at.op == Op::marker) {
    if (symbol == 256 + at.a) go(frame, at.next);
    return;
  }
  if (symbol >= 256) return;
  const auto byte = static_cast<uint8_t>(symbol);
  Frame next = frame;
  switch (at.op) {
    case Op::literal:
      if (static_cast<uint8_t>(program_.bytes[at.a + frame.pos]) != byte) return;
      ++next.pos;
      return next.pos == at.b ? go(next, at.next) : rest(next);
    case Op::dfa:
      next.pos = program_.dfas[at.a].next(frame.pos, byte);
      if (next.pos != Dfa::kDead) pending_.push_back(next);
      return;
    case Op::space:
      return step_space(frame, at, byte);
    case Op::key:
      return step_key(frame, at, byte);
    case Op::dynamic_key:
      closes_key |= step_dynamic_key(frame, at, byte, key);
      return;
    case Op::characters:
      return step_characters(frame, at, byte);
    default:
      return step_raw_text(frame, at, byte);
  }
}

void Machine::step_space(Frame frame, const Instruction& at, uint8_t byte) {
  const bool indents = byte == ' ' || byte == '\t';
  if (frame.pos == 0 && byte == ' ') return go(frame, at.next);
  const bool goes_on = frame.pos == 0 ? byte == '\n' : indents && frame.pos <= kMaxIndent;
  if (!goes_on) return;
  ++frame.pos;
  pending_.push_back(frame);
}

void Machine::step_key(Frame frame, const Instruction& at, uint8_t byte) {
  const Object& object = program_.objects[at.a];
  const KeyNode& node = key_node(frame.pos);
  const uint64_t allowed = allowed_keys(frame, object);
  if (const uint32_t child = node.child(byte); child != 0) {
    const KeyNode& below = key_node(child);
    if (!below.unlimited && (below.bits & allowed) == 0) return;
    frame.pos = child;
    return rest(frame);
  }
  if (byte != object.terminator || node.entry < 0) return;
  const Object::Entry& entry = object.entries[static_cast<size_t>(node.entry)];
  if (frame.depth + entry.height > program_.max_depth) return;
  if (entry.bit) {
    const uint64_t bit = uint64_t{1} << *entry.bit;
    if ((allowed & bit) == 0) return;
    frame.bits |= bit;
  }
  if (count_up(frame)) go(frame, entry.target);
}

// True where the key ended.
bool Machine::step_dynamic_key(Frame frame, const Instruction& at, uint8_t byte,
                               const std::string_view* key) {
  const Object& object = program_.objects[at.a];
  const Object::Dynamic& dynamic = object.dynamic[at.b];
  const Dfa& dfa = program_.dfas[dynamic.dfa];
  if (byte == '"' && dfa.accepts(frame.aux)) {
    if (frame.pos != 0 && key_node(frame.pos).entry != KeyNode::kNone) return false;
    if (key != nullptr) frame.keys = add_key(frame.keys, *key);
    if (count_up(frame)) go(frame, dynamic.target);
    return true;
  }
  frame.aux = dfa.next(frame.aux, byte);
  if (frame.aux == Dfa::kDead) return false;
  if (frame.pos != 0) frame.pos = key_node(frame.pos).child(byte);
  rest(frame);
  return false;
}

void Machine::step_characters(Frame frame, const Instruction& at, uint8_t byte) {
  const Dfa& dfa = program_.dfas[at.a];
  frame.pos = dfa.next(frame.pos, byte);
  if (frame.pos == Dfa::kDead) return;
  if (dfa.accepts(frame.pos)) {
    frame.pos = dfa.start();
    if (!count_up(frame)) return;
  }
  pending_.push_back(frame);
}

void Machine::step_raw_text(Frame frame, const Instruction& at, uint8_t byte) {
  const Limit& limit = program_.limits[frame.limit];
  frame.pos = follow_end(frame.pos, byte);
  if ((byte & 0xc0) != 0x80) ++frame.count;
  const auto n_end = static_cast<uint32_t>(kEnd.size());
  if (frame.pos == n_end) {
    if (frame.count - n_end >= limit.least) go(frame, at.next);
    return;
  }
  // What may still be the end is no text yet.
  if (limit.most && frame.count - frame.pos > *limit.most) return;
  if (!limit.most) frame.count = std::min(frame.count, limit.least + n_end);
  rest(frame);
}

}  // namespace stride::grammar
