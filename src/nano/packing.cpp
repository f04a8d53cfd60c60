// SPDX-License-Identifier: Apache-2.0
#include "nano/packing.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "nano/pick.h"

namespace stride::nano {
namespace {

// Documents that may wait at a time, and a rest of a row so small that hardly any document would
// fit.
constexpr size_t kMaxWaiting = 24;
constexpr uint32_t kMinRest = 32;

void append(PackedRow& row, const Document& document) {
  const auto start = static_cast<uint32_t>(row.tokens.size());
  const size_t n = document.rendered.tokens.size();
  row.tokens.insert(row.tokens.end(), document.rendered.tokens.begin(),
                    document.rendered.tokens.end());
  row.weights.insert(row.weights.end(), document.rendered.weights.begin(),
                     document.rendered.weights.end());
  row.starts.insert(row.starts.end(), n, start);
  row.skills.insert(row.skills.end(), n, document.skill);
}

// A number at the front of the text.
bool take_number(std::string_view& text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Result<PackedRow> Packer::next_row(uint32_t length) {
  const text::Token pad = mixture_.tokenizer().pad();
  if (pad < 0) return fail(Errc::invalid_argument, "the tokenizer has no padding token");
  PackedRow row;
  const auto rest = [&] { return length - static_cast<uint32_t>(row.tokens.size()); };
  std::erase_if(waiting_,
                [&](const Waiting& w) { return w.document.rendered.tokens.size() > length; });
  for (auto w = waiting_.begin(); w != waiting_.end() && rest() >= kMinRest;) {
    if (w->document.rendered.tokens.size() <= rest()) {
      append(row, w->document);
      w = waiting_.erase(w);
    } else {
      ++w;
    }
  }
  while (rest() >= kMinRest && waiting_.size() < kMaxWaiting) {
    const uint64_t index = next_++;
    Document document = STRIDE_TRY(mixture_.document(index, length));
    if (document.rendered.tokens.size() <= rest()) {
      append(row, document);
    } else {
      waiting_.push_back({index, length, std::move(document)});
    }
  }
  row.n_used = length - rest();
  const uint32_t n_pad = rest();
  row.starts.resize(length, row.n_used);
  row.tokens.insert(row.tokens.end(), n_pad, pad);
  row.weights.resize(length, 0);
  row.skills.resize(length, Skill::arithmetic);
  return row;
}

std::string Packer::cursor() const {
  std::vector<std::string> list;
  for (const Waiting& w : waiting_) list.push_back(fmt::format("{}@{}", w.index, w.length));
  return fmt::format("nano seed={} next={} waiting={}", mixture_.seed(), next_, join(list, ","));
}

Result<> Packer::seek(std::string_view cursor) {
  std::string_view text = cursor;
  uint64_t seed = 0, next = 0;
  const bool head = take(text, "nano seed=") && take_number(text, seed) && take(text, " next=") &&
                    take_number(text, next) && take(text, " waiting=");
  if (!head) return fail(Errc::format, "\"{}\" is no place in the data of step-nano", cursor);
  if (seed != mixture_.seed())
    return fail(Errc::format, "the place belongs to the data of seed {}, not {}", seed,
                mixture_.seed());
  std::deque<Waiting> waiting;
  while (!text.empty()) {
    uint64_t index = 0, length = 0;
    const bool entry = (waiting.empty() || take(text, ",")) && take_number(text, index) &&
                       take(text, "@") && take_number(text, length);
    if (!entry || length == 0 || length > (1u << 20) || index >= next ||
        waiting.size() == kMaxWaiting)
      return fail(Errc::format, "\"{}\" is no place in the data of step-nano", cursor);
    waiting.push_back({index, static_cast<uint32_t>(length),
                       STRIDE_TRY(mixture_.document(index, static_cast<uint32_t>(length)))});
  }
  next_ = next;
  waiting_ = std::move(waiting);
  return {};
}

}  // namespace stride::nano
