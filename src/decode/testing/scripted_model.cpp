// SPDX-License-Identifier: Apache-2.0
// Sequences of the scripted model are just their tokens.
#include "decode/testing/scripted_model.h"

#include <algorithm>
#include <utility>

namespace stride::decode::testing {

namespace {

struct ScriptedPoint : model::RewindPoint {
  explicit ScriptedPoint(std::vector<Token> t) : tokens(std::move(t)) {}
  uint32_t size() const override { return static_cast<uint32_t>(tokens.size()); }
  uint64_t bytes() const override { return tokens.size() * sizeof(Token); }

  std::vector<Token> tokens;
};

struct ScriptedSequence : model::Sequence {
  ScriptedSequence(uint32_t capacity_in, uint32_t look_back_in)
      : limit(capacity_in), look_back(look_back_in) {}
  uint32_t size() const override { return static_cast<uint32_t>(tokens.size()); }
  uint32_t capacity() const override { return limit; }
  uint32_t earliest() const override { return longest > look_back ? longest - look_back : 0; }

  Result<> truncate(uint32_t n) override {
    if (n > size() || n < earliest())
      return fail(Errc::invalid_argument, "cannot truncate {} tokens to {}", size(), n);
    tokens.resize(n);
    return {};
  }
  std::unique_ptr<model::RewindPoint> mark() const override {
    return std::make_unique<ScriptedPoint>(tokens);
  }
  Result<> rewind(const model::RewindPoint& point) override {
    const auto& p = dynamic_cast<const ScriptedPoint&>(point);
    if (p.size() > size() || !std::equal(p.tokens.begin(), p.tokens.end(), tokens.begin()))
      return fail(Errc::invalid_argument, "the point is not of this text");
    tokens = p.tokens;
    longest = size();
    return {};
  }

  std::vector<Token> tokens;
  uint32_t limit;
  uint32_t look_back;
  uint32_t longest = 0;  // rows that the rings have seen
};

LogitScript one_hot(uint32_t n_vocab, TokenScript script) {
  return [n_vocab, script = std::move(script)](std::span<const Token> tokens) {
    std::vector<float> logits(n_vocab, 0);
    logits[script(tokens)] = 1;
    return logits;
  };
}

}  // namespace

ScriptedModel::ScriptedModel(uint32_t n_vocab, uint32_t look_back, LogitScript script)
    : look_back_(look_back), script_(std::move(script)) {
  config_.n_vocab = n_vocab;
  config_.n_embd = 1;
  config_.n_ctx_train = 1 << 20;
}

ScriptedModel::ScriptedModel(uint32_t n_vocab, uint32_t look_back, TokenScript script)
    : ScriptedModel(n_vocab, look_back, one_hot(n_vocab, std::move(script))) {}

Result<std::unique_ptr<model::Sequence>> ScriptedModel::new_sequence(uint32_t capacity) {
  return std::make_unique<ScriptedSequence>(capacity, look_back_);
}

Result<> ScriptedModel::forward(model::Sequence& sequence, const model::Request& request,
                                model::Output& out) {
  on_forward();
  auto& s = dynamic_cast<ScriptedSequence&>(sequence);
  if (request.ids.size() > s.limit - s.size())
    return fail(Errc::exhausted, "{} rows do not fit", request.ids.size());
  ++n_call_;
  n_row_ += request.ids.size();
  largest_ = std::max(largest_, static_cast<uint32_t>(request.ids.size()));
  out = {};
  for (size_t i = 0; i < request.ids.size(); ++i) {
    s.tokens.push_back(request.ids[i]);
    const bool wanted = request.logits == model::Logits::all ||
                        (request.logits == model::Logits::last && i + 1 == request.ids.size());
    if (!wanted) continue;
    const std::vector<float> row = script_(s.tokens);
    out.logits.insert(out.logits.end(), row.begin(), row.end());
  }
  s.longest = std::max(s.longest, s.size());
  return {};
}

Result<> ScriptedModel::forward_mtp(model::Sequence&, uint32_t, const model::Request&,
                                    std::span<const float>, model::Output&) {
  return fail(Errc::unsupported, "the scripted model has no MTP heads");
}

uint32_t ScriptedModel::mtp_size(const model::Sequence&, uint32_t) const {
  return 0;
}

Result<> ScriptedModel::truncate_mtp(model::Sequence&, uint32_t, uint32_t) {
  return fail(Errc::unsupported, "the scripted model has no MTP heads");
}

}  // namespace stride::decode::testing
