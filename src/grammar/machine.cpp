// SPDX-License-Identifier: Apache-2.0
// Interning, and the moves from one configuration to the next. What single instructions do is in
// machine_settle.cpp and machine_step.cpp.
#include "grammar/machine.h"

#include <algorithm>

namespace stride::grammar {
namespace {

constexpr uint32_t kUnknown = UINT32_MAX;
constexpr uint32_t kCloses = uint32_t{1} << 31;

size_t mix(size_t hash, size_t value) {
  hash ^= value + 0x9e3779b97f4a7c15 + (hash << 6) + (hash >> 2);
  return hash * 0xff51afd7ed558ccd;
}

}  // namespace

size_t Machine::FrameHash::operator()(const Frame& f) const {
  size_t hash = mix(f.pc, f.pos);
  for (const size_t part : {size_t{f.aux}, size_t{f.count}, size_t{f.keys}, size_t{f.parent},
                            static_cast<size_t>(f.bits)}) {
    hash = mix(hash, part);
  }
  return hash;
}

size_t Machine::TopsHash::operator()(const std::vector<uint32_t>& tops) const {
  size_t hash = tops.size();
  for (const uint32_t top : tops) hash = mix(hash, top);
  return hash;
}

Machine::Machine(GrammarPtr grammar, std::array<bool, kMarkers> has_marker, uint64_t serial)
    : grammar_(std::move(grammar)),
      program_(grammar_->program()),
      has_marker_(has_marker),
      serial_(serial) {
  frames_.resize(2);  // none and kAccepted
  stamps_.resize(2);
  intern(std::vector<uint32_t>{});  // kDead
  ++stamp_;
  pending_.push_back({.pc = program_.start});
  settle();
  start_ = intern(std::exchange(tops_, {}));
}

uint32_t Machine::intern(const Frame& frame) {
  const auto [at, added] = frame_ids_.emplace(frame, static_cast<uint32_t>(frames_.size()));
  if (added) {
    frames_.push_back(frame);
    stamps_.push_back(0);
    n_byte_ += 3 * sizeof(Frame);
  }
  return at->second;
}

ConfigId Machine::intern(std::vector<uint32_t> tops) {
  std::ranges::sort(tops);
  const auto [at, added] = config_ids_.emplace(tops, static_cast<ConfigId>(configs_.size()));
  if (!added) return at->second;
  Config config;
  for (const uint32_t top : tops) {
    if (top == kAccepted) {
      config.accepts = true;
      continue;
    }
    const Frame& frame = frames_[top];
    if (program_.code[frame.pc].op != Op::dynamic_key) continue;
    config.in_key = true;
    if (frame.pos == frame.keys) config.key_start = true;
  }
  n_byte_ += sizeof(Config) + 64 + 2 * tops.size() * sizeof(uint32_t);
  config.tops = std::move(tops);
  configs_.push_back(std::move(config));
  return at->second;
}

const KeyNode& Machine::key_node(uint32_t id) const {
  const size_t n_shared = program_.key_nodes.size();
  return id < n_shared ? program_.key_nodes[id] : own_keys_[id - n_shared];
}

// A new root: the nodes on the way are copied, the others shared.
uint32_t Machine::add_key(uint32_t root, std::string_view text) {
  std::vector<uint32_t> path{root};
  for (const char c : text) path.push_back(key_node(path.back()).child(static_cast<uint8_t>(c)));
  uint32_t below = 0;
  for (size_t i = path.size(); i-- > 0;) {
    KeyNode node = key_node(path[i]);
    if (i == text.size()) node.entry = KeyNode::kTaken;
    if (below != 0) {
      const auto label = static_cast<uint8_t>(text[i]);
      const auto same = [label](const auto& child) { return child.first == label; };
      const auto found = std::ranges::find_if(node.children, same);
      if (found != node.children.end()) {
        found->second = below;
      } else {
        node.children.emplace_back(label, below);
      }
    }
    n_byte_ += sizeof(KeyNode) + node.children.size() * sizeof(node.children[0]);
    own_keys_.push_back(std::move(node));
    below = static_cast<uint32_t>(program_.key_nodes.size() + own_keys_.size() - 1);
  }
  return below;
}

Machine::Move Machine::move(ConfigId from, Symbol symbol) {
  if (from == kDead) return {};
  auto& moves = configs_[from].moves;
  if (!moves) {
    moves = std::make_unique<std::array<uint32_t, kSymbols>>();
    moves->fill(kUnknown);
    n_byte_ += sizeof(*moves);
  }
  if (const uint32_t known = (*moves)[symbol]; known != kUnknown) {
    return {known & ~kCloses, (known & kCloses) != 0};
  }
  const Move out = compute(from, symbol, nullptr);
  keep_move(from, symbol, out.to | (out.closes_key ? kCloses : 0));
  return out;
}

// Bytes that the automaton does not tell apart lead to the same place.
void Machine::keep_move(ConfigId from, Symbol symbol, uint32_t kept) {
  std::array<uint32_t, kSymbols>& row = *configs_[from].moves;
  row[symbol] = kept;
  const Dfa* dfa = symbol < 256 ? deciding_dfa(configs_[from]) : nullptr;
  if (dfa == nullptr) return;
  std::array<bool, 256> apart{};
  for (const uint32_t top : configs_[from].tops) {
    if (const auto byte = literal_byte(frames_[top])) apart[*byte] = true;
  }
  if (apart[symbol]) return;
  const std::array<uint8_t, 256>& classes = dfa->classes().of;
  for (size_t byte = 0; byte < 256; ++byte) {
    if (classes[byte] == classes[symbol] && !apart[byte]) row[byte] = kept;
  }
}

std::optional<uint8_t> Machine::literal_byte(const Frame& frame) const {
  const Instruction& at = program_.code[frame.pc];
  if (at.op != Op::literal) return {};
  return static_cast<uint8_t>(program_.bytes[at.a + frame.pos]);
}

const Dfa* Machine::deciding_dfa(const Config& config) const {
  const Dfa* out = nullptr;
  for (const uint32_t top : config.tops) {
    const Frame& frame = frames_[top];
    const Instruction& at = program_.code[frame.pc];
    if (top == kAccepted || at.op == Op::literal || at.op == Op::marker) continue;
    // The quote that ends a key is in a class of its own.
    const bool is_new_key = at.op == Op::dynamic_key && frame.pos == 0;
    if (out != nullptr || (at.op != Op::dfa && at.op != Op::characters && !is_new_key)) {
      return nullptr;
    }
    out = &program_.dfas[is_new_key ? program_.objects[at.a].dynamic[at.b].dfa : at.a];
  }
  return out;
}

Machine::Move Machine::move(ConfigId from, Symbol symbol, std::string_view key) {
  const bool may_close = symbol == '"' && configs_[from].in_key;
  return may_close ? compute(from, symbol, &key) : move(from, symbol);
}

Machine::Move Machine::compute(ConfigId from, Symbol symbol, const std::string_view* key) {
  Move out;
  if (n_byte_ > kMaxMachineBytes) return out;
  ++stamp_;
  const std::vector<uint32_t> tops = configs_[from].tops;
  for (const uint32_t top : tops) {
    if (top == kAccepted) continue;
    const Frame frame = frames_[top];
    step(frame, symbol, key, out.closes_key);
    settle();
  }
  out.to = intern(std::exchange(tops_, {}));
  return out;
}

// A counter matters only near its limits, and the keys of an object only where one is being
// written.
Frame Machine::clamped(Frame frame, size_t n_byte, bool is_top) const {
  const Op op = program_.code[frame.pc].op;
  const bool in_key = is_top && op == Op::dynamic_key && frame.pos != 0;
  if (frame.object != 0 && !in_key) frame.keys = program_.objects[frame.object - 1].root;
  if (frame.limit == 0) return frame;
  const Limit& limit = program_.limits[frame.limit];
  // Raw text counts the characters of its end as well.
  const auto n_end = static_cast<uint32_t>(Program::kParameterEnd.size());
  const auto margin = static_cast<uint32_t>(n_byte + n_end + 1);
  if (limit.least > margin && frame.count < limit.least - margin) {
    frame.count = limit.least - margin - 1;
  } else if (limit.most && frame.count >= limit.least + n_end && *limit.most > margin &&
             frame.count < *limit.most - margin) {
    frame.count = std::max(limit.least + n_end, *limit.most - margin - 1);
  }
  return frame;
}

uint32_t Machine::represent(uint32_t id, size_t n_byte, bool is_top) {
  if (id == 0 || id == kAccepted) return id;
  Frame frame = frames_[id];
  frame.parent = represent(frame.parent, n_byte, false);
  return intern(clamped(frame, n_byte, is_top));
}

ConfigId Machine::representative(ConfigId config, size_t n_byte) {
  if (configs_[config].representative != kDead || config == kDead) {
    return configs_[config].representative;
  }
  const std::vector<uint32_t> tops = configs_[config].tops;
  std::vector<uint32_t> out;
  for (const uint32_t top : tops) out.push_back(represent(top, n_byte, true));
  std::ranges::sort(out);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  const ConfigId id = intern(std::move(out));
  configs_[config].representative = id;
  configs_[id].representative = id;
  return id;
}

std::optional<size_t> Machine::safe_room(const Frame& frame) const {
  const Instruction& at = program_.code[frame.pc];
  const auto unlimited_if = [](bool safe) {
    return safe ? std::optional(kUnlimited) : std::nullopt;
  };
  switch (at.op) {
    case Op::dfa:
      return unlimited_if(program_.dfas[at.a].is_safe(frame.pos));
    case Op::dynamic_key:
      // Safe text does not end a key, so it does not matter which keys were given.
      return unlimited_if(
          program_.dfas[program_.objects[at.a].dynamic[at.b].dfa].is_safe(frame.aux));
    case Op::characters:
      if (frame.pos != program_.dfas[at.a].start()) return {};
      break;
    case Op::raw_text:
      // Inside the tag that ends it, characters may belong to the tag and do not count.
      if (program_.limits[frame.limit].most && frame.pos > 1) return {};
      break;
    default:
      return {};
  }
  const Limit& limit = program_.limits[frame.limit];
  return limit.most ? *limit.most - std::min(*limit.most, frame.count) : kUnlimited;
}

bool Machine::refuses_safe_text(const Frame& frame) const {
  if (program_.code[frame.pc].op == Op::marker) return true;
  const auto byte = literal_byte(frame);
  return byte && !is_safe_text(std::string_view(reinterpret_cast<const char*>(&*byte), 1));
}

std::optional<size_t> Machine::safe_room(ConfigId config) const {
  std::optional<size_t> out;
  bool alone = true;
  for (const uint32_t top : configs_[config].tops) {
    if (top == kAccepted || refuses_safe_text(frames_[top])) continue;
    const auto room = safe_room(frames_[top]);
    if (room == kUnlimited) return room;
    // Beside another stack that takes such text, a limit does not tell what is not allowed.
    alone = alone && !out && room;
    out = room;
  }
  return alone ? out : std::nullopt;
}

std::optional<Symbol> Machine::only_move(ConfigId config) {
  if (!configs_[config].only) configs_[config].only = find_only_move(config);
  return *configs_[config].only;
}

std::optional<Symbol> Machine::find_only_move(ConfigId config) {
  const Config& at = configs_[config];
  if (at.accepts || at.tops.empty()) return {};
  if (at.tops.size() == 1) {
    const Frame& frame = frames_[at.tops[0]];
    const Instruction& code = program_.code[frame.pc];
    if (code.op == Op::marker) return 256 + code.a;
    if (code.op == Op::literal) {
      return static_cast<uint8_t>(program_.bytes[code.a + frame.pos]);
    }
  }
  std::optional<Symbol> only;
  for (Symbol symbol = 0; symbol < kSymbols; ++symbol) {
    if (move(config, symbol).to == kDead) continue;
    if (only) return {};
    only = symbol;
  }
  return only;
}

ConfigId Machine::carry_over(const Machine& other, ConfigId config) {
  std::unordered_map<uint32_t, uint32_t> frames{{0, 0}, {kAccepted, kAccepted}};
  std::unordered_map<uint32_t, uint32_t> keys;
  const size_t n_shared = program_.key_nodes.size();
  // Children of a key node were made before it, so a node's number is larger than theirs.
  const auto carry_keys = [&](auto& self, uint32_t id) -> uint32_t {
    if (id < n_shared) return id;
    if (const auto known = keys.find(id); known != keys.end()) return known->second;
    KeyNode node = other.key_node(id);
    for (auto& child : node.children) child.second = self(self, child.second);
    n_byte_ += sizeof(KeyNode) + node.children.size() * sizeof(node.children[0]);
    own_keys_.push_back(std::move(node));
    return keys[id] = static_cast<uint32_t>(n_shared + own_keys_.size() - 1);
  };
  const auto carry_frame = [&](auto& self, uint32_t id) -> uint32_t {
    if (const auto known = frames.find(id); known != frames.end()) return known->second;
    Frame frame = other.frames_[id];
    frame.parent = self(self, frame.parent);
    frame.keys = carry_keys(carry_keys, frame.keys);
    // Of a dynamic key the progress is a node as well.
    if (program_.code[frame.pc].op == Op::dynamic_key) {
      frame.pos = carry_keys(carry_keys, frame.pos);
    }
    return frames[id] = intern(frame);
  };
  std::vector<uint32_t> tops;
  for (const uint32_t top : other.configs_[config].tops) {
    tops.push_back(carry_frame(carry_frame, top));
  }
  return intern(std::move(tops));
}

}  // namespace stride::grammar
