// SPDX-License-Identifier: Apache-2.0
// Runs a Program. A configuration is the set of all stacks that the text so far leaves open;
// configurations, frames and the moves between them are kept, so that a place met before costs one
// look into a table.
//
// What is kept grows with what is written; whoever owns a machine asks n_byte() and starts another
// one, into which a configuration can be carried over. Beyond kMaxMachineBytes nothing moves any
// more. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "grammar/grammar.h"
#include "grammar/program.h"

namespace stride::grammar {

// A byte, or 256 and the number of a Marker.
using Symbol = uint32_t;
inline constexpr Symbol kSymbols = 256 + kMarkers;

using ConfigId = uint32_t;

struct Frame {
  uint32_t pc = 0;
  uint32_t pos = 0, aux = 0;  // progress inside the instruction
  uint32_t count = 0;
  uint32_t limit = 0;
  uint32_t object = 0;  // index and one, where the frame is an object
  uint32_t keys = 0;    // root of the keys that were given and not declared
  uint32_t depth = 0;
  uint32_t parent = 0;  // 0: none
  uint64_t bits = 0;

  bool operator==(const Frame&) const = default;
};

class Machine {
 public:
  static constexpr ConfigId kDead = 0;

  // `has_marker`: whether the vocabulary has the control token; else its spelling stands for it.
  // `serial` tells machines apart, also those that live one after the other.
  Machine(GrammarPtr grammar, std::array<bool, kMarkers> has_marker, uint64_t serial = 0);
  uint64_t serial() const { return serial_; }

  ConfigId start() const { return start_; }

  struct Move {
    ConfigId to = kDead;
    bool closes_key = false;  // an undeclared key ended; without its text it is not remembered
  };
  // `key` is the text of the undeclared key that the symbol may end; without it the move is kept.
  Move move(ConfigId from, Symbol symbol);
  Move move(ConfigId from, Symbol symbol, std::string_view key);

  bool accepts(ConfigId config) const { return configs_[config].accepts; }
  bool in_dynamic_key(ConfigId config) const { return configs_[config].in_key; }
  // Directly behind the quote that opens a key.
  bool at_key_start(ConfigId config) const { return configs_[config].key_start; }
  static constexpr size_t kUnlimited = SIZE_MAX;
  // How many characters of safe text (see is_safe_text) may follow, whatever they are: texts of
  // that many or fewer are allowed, and longer ones are not. Nothing where it depends on the text.
  std::optional<size_t> safe_room(ConfigId config) const;
  bool can_move(ConfigId config) const {
    return configs_[config].tops.size() > (configs_[config].accepts ? 1 : 0);
  }
  // The symbol that must come next, where there is exactly one and the text may not end.
  std::optional<Symbol> only_move(ConfigId config);

  // A configuration with the same moves for the next `n_byte` bytes, except that an undeclared key
  // which begins in them may repeat an earlier one. Many configurations share one.
  ConfigId representative(ConfigId config, size_t n_byte);

  // The configuration of another machine of the same grammar.
  ConfigId carry_over(const Machine& other, ConfigId config);

  size_t n_byte() const { return n_byte_; }
  const Program& program() const { return program_; }

 private:
  struct Config {
    std::vector<uint32_t> tops;  // frames, ascending; kAccepted among them if the text may end
    std::unique_ptr<std::array<uint32_t, kSymbols>> moves;
    ConfigId representative = kDead;
    std::optional<std::optional<Symbol>> only;
    bool accepts = false, in_key = false, key_start = false;
  };
  struct FrameHash {
    size_t operator()(const Frame& frame) const;
  };
  struct TopsHash {
    size_t operator()(const std::vector<uint32_t>& tops) const;
  };

  static constexpr uint32_t kAccepted = 1;

  std::optional<size_t> safe_room(const Frame& frame) const;
  bool refuses_safe_text(const Frame& frame) const;
  std::optional<Symbol> find_only_move(ConfigId config);
  uint32_t intern(const Frame& frame);
  ConfigId intern(std::vector<uint32_t> tops);
  const KeyNode& key_node(uint32_t id) const;
  uint32_t add_key(uint32_t root, std::string_view text);

  // Follows what takes effect at once, from the frames in pending_, and collects what waits.
  void settle();
  void settle(Frame frame);
  void go(Frame frame, uint32_t pc);
  void rest(const Frame& frame);
  void settle_guard(const Frame& frame, const Instruction& at);
  void settle_waiting(Frame frame, const Instruction& at);
  void call(const Frame& frame, const Instruction& at);
  void give_back(const Frame& frame);

  void step(const Frame& frame, Symbol symbol, const std::string_view* key, bool& closes_key);
  void step_space(Frame frame, const Instruction& at, uint8_t byte);
  void step_key(Frame frame, const Instruction& at, uint8_t byte);
  bool step_dynamic_key(Frame frame, const Instruction& at, uint8_t byte,
                        const std::string_view* key);
  void step_characters(Frame frame, const Instruction& at, uint8_t byte);
  void step_raw_text(Frame frame, const Instruction& at, uint8_t byte);

  uint64_t allowed_keys(const Frame& frame, const Object& object) const;
  bool allows_dynamic(const Frame& frame, const Object& object, uint32_t height) const;
  bool more_keys(const Frame& frame, const Object& object) const;
  bool can_close(const Frame& frame, const Object& object) const;
  bool count_up(Frame& frame) const;

  Frame clamped(Frame frame, size_t n_byte, bool is_top) const;
  uint32_t represent(uint32_t frame, size_t n_byte, bool is_top);
  // The byte that a literal waits for.
  std::optional<uint8_t> literal_byte(const Frame& frame) const;
  // The automaton that alone decides where bytes lead, except for those that literals wait for.
  const Dfa* deciding_dfa(const Config& config) const;
  void keep_move(ConfigId from, Symbol symbol, uint32_t kept);
  Move compute(ConfigId from, Symbol symbol, const std::string_view* key);

  GrammarPtr grammar_;
  const Program& program_;
  std::array<bool, kMarkers> has_marker_;
  uint64_t serial_;
  std::vector<Frame> frames_;
  std::unordered_map<Frame, uint32_t, FrameHash> frame_ids_;
  std::vector<uint32_t> stamps_;  // [frame] when it was last reached
  uint32_t stamp_ = 0;
  std::vector<Config> configs_;
  std::unordered_map<std::vector<uint32_t>, ConfigId, TopsHash> config_ids_;
  std::vector<KeyNode> own_keys_;  // numbered behind those of the program
  std::vector<Frame> pending_;
  std::vector<uint32_t> tops_;
  ConfigId start_ = kDead;
  size_t n_byte_ = 0;
};

}  // namespace stride::grammar
