// SPDX-License-Identifier: Apache-2.0
#include "adversarial_outputs.h"

#include <algorithm>
#include <array>
#include <utility>

#include "chat/render.h"

namespace stride {
namespace {

class Writer {
 public:
  explicit Writer(uint64_t seed) : random_(seed) {}

  AdversarialOutput write() {
    if (!one_in(8)) reasoning();
    close_reasoning();
    const uint32_t n = below(5);
    for (uint32_t i = 0; i < n; ++i) one_in(2) ? call() : content();
    if (one_in(12)) loop();
    if (one_in(3)) add(control::kEnd);
    if (one_in(6)) content();
    if (repeats_) forget_values();
    return std::move(out_);
  }

 private:
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_.below(n)); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  std::string_view pick(std::initializer_list<std::string_view> list) {
    return list.begin()[below(static_cast<uint32_t>(list.size()))];
  }

  void add(std::string_view text) { out_.script += text; }
  void add(char byte) { out_.script += byte; }

  void word() {
    std::string text = "kept" + std::to_string(n_word_++) + "x";
    add(text);
    out_.kept.push_back({std::move(text), out_.script.size()});
  }
  void words() {
    for (uint32_t n = 1 + below(3); n > 0; --n) {
      word();
      add(pick({" ", ", ", "\n", ". "}));
    }
  }

  // What has no place in a text, or looks as if it had one elsewhere.
  void noise() {
    switch (below(9)) {
      case 0:
        return add(
            pick({"\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\x80", "\xf5", "\0"}));
      case 1:
        return add(pick({"\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80", "\xc3\xa9"}));
      case 2:
        return add(std::array{control::kTurn, control::kResponse, control::kBos}[below(3)]);
      case 3:
        return add(pick({"<b>bold</b>", "<functions>", "<functionality", "<parameterization>",
                         "a<b", "<", "</", "&lt;", "<function unknown in prose"}));
      case 4:
        return add(pick({"</parameter>", "</function>", "</tool_call>", "</tool_response>"}));
      case 5:
        return add(pick({"<think>", "</think", "</thnk>", "</ think>", "<\\/think>"}));
      case 6:
        return add(pick({"\r\n", "\r", "\t", "\n\n"}));
      case 7:
        return add(pick({"HALT", "HAL", "H"}));
      default:
        return add(pick({"{\"name\": \"look\"}", "```json\n{}\n```", "<|im_end|>", "[1, 2"}));
    }
  }

  void reasoning() {
    if (one_in(10)) add(control::kThink);
    if (one_in(10)) add("\n<think>");
    words();
    for (uint32_t n = below(4); n > 0; --n) {
      one_in(3) ? words() : noise();
      if (one_in(6)) add(kStopWord);
      if (one_in(6)) call();
      if (one_in(8)) add(control::kEnd);
    }
    if (one_in(12)) loop();
  }

  void close_reasoning() {
    if (one_in(3)) add("\n");
    switch (below(8)) {
      case 0:
        break;  // never
      case 1:
        add("</think>");
        break;
      case 2:
        add(control::kThinkEnd);
        add(control::kThinkEnd);
        break;
      case 3:
        add("</thi\n");
        add(control::kThinkEnd);
        break;
      default:
        add(control::kThinkEnd);
    }
    if (!one_in(3)) add(pick({"\n", "\n\n", "\r\n", " "}));
  }

  void content() {
    if (one_in(8)) return;
    words();
    if (one_in(2)) noise();
    if (one_in(16)) add(kStopWord);
    if (one_in(12)) add(control::kThinkEnd);
    words();
  }

  // The same few words for a long time.
  void loop() {
    const std::string again = pick({"ha ", "so, again, from the start: ", "=-", "\n- "}).data();
    for (uint32_t n = 40 + below(200) / static_cast<uint32_t>(again.size()); n > 0; --n) add(again);
  }

  void open_wrapper() {
    switch (below(8)) {
      case 0:
        return;  // missing
      case 1:
        return add("<tool_call>");
      case 2:
        add(control::kCall);
        return add(control::kCall);
      case 3:
        return add("<toolcall>");
      default:
        add(control::kCall);
    }
  }

  void call() {
    const std::string_view space = pick({"\n", "\n", "\n", "", " "});
    if (one_in(10)) return json_call();
    open_wrapper();
    add(space);
    const std::string_view name = pick({"look", "look", "look", "look", "run", "unknown", "loo"});
    const std::string_view form =
        pick({"<function=", "<function=", "<function=", "<function=", "<function ", "<function",
              "< function=", "<invoke name="});
    add(form);
    add(name);
    if (!one_in(12)) add(">");
    add(space);
    std::array<std::string_view, 5> keys = {"city", "state", "days", "options", "other"};
    const uint32_t n = below(4);
    for (uint32_t i = 0; i < n; ++i) {
      std::swap(keys[i], keys[i + below(static_cast<uint32_t>(keys.size()) - i)]);
      parameter(name == "look" && keys[i] != "other", keys[i], space);
    }
    if (one_in(12)) add("drop ");  // text between parameters has no place
    if (!one_in(6)) add("</function>");
    add(space);
    if (!one_in(6)) one_in(6) ? add("</tool_call>") : add(control::kCallEnd);
    if (one_in(8)) add(control::kCallEnd);
    add(pick({"", "\n", " "}));
  }

  // Only the tag of a declared key is repaired; the value behind another broken one is stray.
  void parameter(bool declared, std::string_view key, std::string_view space) {
    add(one_in(12) ? "<parameter=parameter=" : "<parameter=");
    add(key);
    if (one_in(12)) add(pick({":", ",", ";"}));
    const bool open = declared && one_in(14);
    if (!open) add(">");
    add(!open && one_in(12) ? "" : "\n");
    repeats_ |= std::ranges::find(keys_, key) != keys_.end();
    keys_.push_back(key);
    value();
    if (one_in(10)) return;  // no end
    add(one_in(6) ? "" : "\n");
    add(one_in(14) ? "</parametre>" : "</parameter>");
    add(space);
  }

  void value_word() {
    word();
    of_values_.push_back(out_.kept.back().text);
  }

  // A later value of a key takes the place of an earlier one, and where the end of a value is
  // broken others become part of it: then no word of a value need stay.
  void forget_values() {
    std::erase_if(out_.kept, [&](const KeptWord& kept) {
      return std::ranges::find(of_values_, kept.text) != of_values_.end();
    });
  }

  void value() {
    switch (below(8)) {
      case 0:
        return add(pick({"", "\n", "3", "-1.50", "true", "True", "null", "1e400", "\"q\""}));
      case 1:
        add("{\"a\": [1, \"");
        value_word();
        return add(one_in(3) ? "\"" : "\"]}");
      case 2:
        add("{'a': True, 'b': '");
        value_word();
        return add("'}");
      case 3:
        value_word();
        noise();
        return add("drop");  // stray where the noise has ended the value
      case 4:
        value_word();
        add(pick(
            {"</parameter> ", "</function>", "</tool_call>", "<function=look>", "<tool_call>"}));
        return add("drop");
      default: {
        value_word();
        add(one_in(2) ? " " : "\n");
        return value_word();
      }
    }
  }

  void json_call() {
    add(control::kCall);
    add("\n{\"name\": \"look\", \"arguments\": {\"city\": \"");
    word();
    add("\"}}\n");
    if (!one_in(4)) add(control::kCallEnd);
  }

  Random random_;
  AdversarialOutput out_;
  uint32_t n_word_ = 0;
  std::vector<std::string_view> keys_;  // that had a value
  bool repeats_ = false;                // one of them had two
  std::vector<std::string> of_values_;  // words that stand in values
};

}  // namespace

std::string_view control_text(char byte) {
  switch (byte) {
    case control::kThink:
      return "<think>";
    case control::kThinkEnd:
      return "</think>";
    case control::kCall:
      return "<tool_call>";
    case control::kCallEnd:
      return "</tool_call>";
    case control::kEnd:
      return "<|im_end|>";
    case control::kTurn:
      return "<|im_start|>";
    case control::kResponse:
      return "<tool_response>";
    case control::kBos:
      return chat::token::kBos;
    default:
      return {};
  }
}

std::vector<std::string> adversarial_tools() {
  return {R"({"type":"function","function":{"name":"look","parameters":{"type":"object",)"
          R"("properties":{"city":{"type":"string"},"state":{"type":"string"},)"
          R"("days":{"type":"integer"},"options":{"type":"object"}}}}})",
          R"({"type":"function","function":{"name":"run"}})"};
}

AdversarialOutput make_adversarial_output(uint64_t seed) {
  return Writer(seed).write();
}

}  // namespace stride
