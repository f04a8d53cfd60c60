// SPDX-License-Identifier: Apache-2.0
// The instructions that take effect at once.
#include <algorithm>
#include <bit>

#include "grammar/machine.h"

namespace stride::grammar {

void Machine::go(Frame frame, uint32_t pc) {
  frame.pc = pc;
  frame.pos = frame.aux = 0;
  pending_.push_back(frame);
}

void Machine::rest(const Frame& frame) {
  const uint32_t id = intern(frame);
  if (tops_.size() < kMaxStacks && std::ranges::find(tops_, id) == tops_.end()) tops_.push_back(id);
}

// What an absurdly ambiguous grammar would lead to beyond the limits is dropped: its texts cannot
// be written, but none that do not fit it can.
void Machine::settle() {
  for (size_t n = 0; !pending_.empty() && n < kMaxSettled; ++n) {
    const Frame frame = pending_.back();
    pending_.pop_back();
    const uint32_t id = intern(frame);
    if (std::exchange(stamps_[id], stamp_) != stamp_) settle(frame);
  }
  pending_.clear();
}

void Machine::settle(Frame frame) {
  const Instruction& at = program_.code[frame.pc];
  switch (at.op) {
    case Op::literal:
    case Op::raw_text:
      return rest(frame);
    case Op::dfa:
    case Op::space:
    case Op::key:
    case Op::dynamic_key:
    case Op::characters:
      return settle_waiting(frame, at);
    case Op::marker:
      return has_marker_[at.a] ? rest(frame) : go(frame, at.b);
    case Op::split:
      for (uint32_t i = 0; i < at.b; ++i) go(frame, program_.targets[at.a + i]);
      return;
    case Op::call:
      return call(frame, at);
    case Op::give_back:
      return give_back(frame);
    case Op::limit:
      frame.count = 0;
      frame.limit = at.a;
      return go(frame, at.next);
    case Op::open_object:
      frame.bits = 0;
      frame.count = 0;
      frame.limit = program_.objects[at.a].limit;
      frame.keys = program_.objects[at.a].root;
      frame.object = at.a + 1;
      return go(frame, at.next);
    default:
      return settle_guard(frame, at);
  }
}

void Machine::settle_guard(const Frame& frame, const Instruction& at) {
  Frame next = frame;
  bool passes = false;
  switch (at.op) {
    case Op::count_up:
      passes = count_up(next);
      break;
    case Op::count_least:
      passes = frame.count >= program_.limits[frame.limit].least;
      break;
    case Op::more_keys:
      passes = more_keys(frame, program_.objects[at.a]);
      break;
    case Op::close_object:
      passes = can_close(frame, program_.objects[at.a]);
      break;
    case Op::once:
      passes = (frame.bits >> at.a & 1) == 0;
      next.bits |= uint64_t{1} << at.a;
      break;
    case Op::found:
      passes = true;
      next.bits = std::min<uint64_t>(frame.bits + 1, at.a);
      break;
    case Op::found_least:
      passes = frame.bits >= at.a;
      break;
    case Op::can_call:
      passes = frame.depth + 1 + program_.rules[at.a].height <= program_.max_depth;
      break;
    default:
      break;
  }
  if (passes) go(next, at.next);
}

void Machine::settle_waiting(Frame frame, const Instruction& at) {
  switch (at.op) {
    case Op::dfa: {
      const Dfa& dfa = program_.dfas[at.a];
      if (frame.pos == Dfa::kDead) frame.pos = dfa.start();
      if (dfa.accepts(frame.pos)) go(frame, at.next);
      if (dfa.moves(frame.pos)) rest(frame);
      return;
    }
    case Op::space:
      rest(frame);
      return go(frame, at.next);
    case Op::key: {
      const Object& object = program_.objects[at.a];
      frame.pos = object.root;
      const KeyNode& root = key_node(object.root);
      if (root.unlimited || (root.bits & allowed_keys(frame, object)) != 0) rest(frame);
      return;
    }
    case Op::dynamic_key: {
      const Object& object = program_.objects[at.a];
      const Object::Dynamic& dynamic = object.dynamic[at.b];
      frame.pos = frame.keys;
      frame.aux = program_.dfas[dynamic.dfa].start();
      if (allows_dynamic(frame, object, dynamic.height)) rest(frame);
      return;
    }
    default: {
      const Limit& limit = program_.limits[frame.limit];
      const Dfa& dfa = program_.dfas[at.a];
      if (frame.pos == Dfa::kDead) frame.pos = dfa.start();
      const bool between = frame.pos == dfa.start();
      if (between && frame.count >= limit.least) go(frame, at.next);
      if (!between || !limit.most || frame.count < *limit.most) rest(frame);
    }
  }
}

void Machine::call(const Frame& frame, const Instruction& at) {
  const Rule& rule = program_.rules[at.a];
  if (frame.depth + 1 + rule.height > program_.max_depth) return;
  Frame callee{.pc = rule.start, .depth = frame.depth + 1};
  if (program_.code[at.next].op == Op::give_back) {
    // Nothing is left to do in this frame, so lists by recursion at their end do not nest.
    callee.parent = frame.parent;
    callee.depth = frame.depth;
  } else {
    Frame caller = frame;
    caller.pc = at.next;
    caller.pos = caller.aux = 0;
    callee.parent = intern(caller);
  }
  pending_.push_back(callee);
}

void Machine::give_back(const Frame& frame) {
  if (frame.parent != 0) {
    pending_.push_back(frames_[frame.parent]);
  } else if (std::ranges::find(tops_, kAccepted) == tops_.end()) {
    tops_.push_back(kAccepted);
  }
}

bool Machine::count_up(Frame& frame) const {
  const Limit& limit = program_.limits[frame.limit];
  if (limit.most && frame.count >= *limit.most) return false;
  if (frame.count < limit.cap()) ++frame.count;
  return true;
}

uint64_t Machine::allowed_keys(const Frame& frame, const Object& object) const {
  uint64_t allowed = object.declared & ~frame.bits;
  const Limit& limit = program_.limits[object.limit];
  if (limit.most) {
    const auto n_missing = static_cast<uint32_t>(std::popcount(object.required & ~frame.bits));
    if (frame.count + n_missing >= *limit.most) allowed &= object.required;
  }
  if (frame.depth + object.max_height > program_.max_depth) {
    for (const Object::Entry& entry : object.entries) {
      const bool too_deep = frame.depth + entry.height > program_.max_depth;
      if (entry.bit && too_deep) allowed &= ~(uint64_t{1} << *entry.bit);
    }
  }
  return allowed;
}

bool Machine::allows_dynamic(const Frame& frame, const Object& object, uint32_t height) const {
  if (frame.depth + height > program_.max_depth) return false;
  const Limit& limit = program_.limits[object.limit];
  const auto n_missing = static_cast<uint32_t>(std::popcount(object.required & ~frame.bits));
  return !limit.most || frame.count + n_missing < *limit.most;
}

bool Machine::more_keys(const Frame& frame, const Object& object) const {
  const Limit& limit = program_.limits[object.limit];
  if (limit.most && frame.count >= *limit.most) return false;
  if (allowed_keys(frame, object) != 0 || key_node(object.root).unlimited) return true;
  for (const Object::Dynamic& dynamic : object.dynamic) {
    if (allows_dynamic(frame, object, dynamic.height)) return true;
  }
  return false;
}

bool Machine::can_close(const Frame& frame, const Object& object) const {
  if ((object.required & ~frame.bits) != 0) return false;
  return frame.count >= program_.limits[object.limit].least;
}

}  // namespace stride::grammar
