// SPDX-License-Identifier: Apache-2.0
// Sequences of the scripted model are just their tokens. A hidden row is the position of its token
// and a print of the text up to there, then the tokens that the heads it went through joined to it.
#include "decode/testing/scripted_model.h"

#include <algorithm>
#include <utility>

namespace stride::decode::testing {

namespace {

constexpr uint64_t kPageBytes = uint64_t{4} * cache::kPageTokens;

struct ScriptedPoint : model::RewindPoint {
  ScriptedPoint(std::vector<Token> t, std::shared_ptr<PointBytes> sum)
      : tokens(std::move(t)), bytes_of_all(std::move(sum)) {
    bytes_of_all->now += bytes();
  }
  ~ScriptedPoint() override { bytes_of_all->now -= bytes(); }
  ScriptedPoint(const ScriptedPoint&) = delete;
  ScriptedPoint& operator=(const ScriptedPoint&) = delete;
  uint32_t size() const override { return static_cast<uint32_t>(tokens.size()); }
  uint64_t bytes() const override { return tokens.size() * sizeof(Token); }

  std::vector<Token> tokens;
  std::shared_ptr<PointBytes> bytes_of_all;
};

// What a head was given for one row: x[position + 1], x[position + 2], ...
struct HeadRow {
  uint32_t position;
  std::vector<Token> joined;
};

struct ScriptedSequence : model::Sequence {
  ScriptedSequence(uint32_t capacity_in, uint32_t look_back_in, std::shared_ptr<PointBytes> points)
      : limit(capacity_in), look_back(look_back_in), point_bytes(std::move(points)) {}
  uint32_t size() const override { return static_cast<uint32_t>(tokens.size()); }
  uint32_t capacity() const override { return limit; }
  uint32_t earliest() const override {
    const uint32_t seen = std::max(longest, size() - n_draft);
    return seen > look_back ? seen - look_back : 0;
  }

  Result<> truncate(uint32_t n) override {
    if (n > size() || (n > 0 && n < earliest()))
      return fail(Errc::invalid_argument, "cannot truncate {} tokens to {}", size(), n);
    if (n + n_draft < size()) longest = std::max(longest, size());
    if (n == 0) longest = 0;
    tokens.resize(n);
    table.truncate(n);
    n_draft = 0;
    return {};
  }
  std::unique_ptr<model::RewindPoint> mark() const override { return mark_at(size()); }
  std::unique_ptr<model::RewindPoint> mark_at(uint32_t n) const override {
    if (n > size() || n < earliest()) return nullptr;
    auto point = std::make_unique<ScriptedPoint>(std::vector(tokens.begin(), tokens.begin() + n),
                                                 point_bytes);
    const uint64_t pages_bytes = pages().size() * kPageBytes;
    point_bytes->most = std::max(point_bytes->most, point_bytes->now + pages_bytes);
    return point;
  }
  uint64_t mark_bytes() const override { return tokens.size() * sizeof(Token); }
  Result<> rewind(const model::RewindPoint& point) override {
    const auto& p = dynamic_cast<const ScriptedPoint&>(point);
    if (p.size() > size() || !std::equal(p.tokens.begin(), p.tokens.end(), tokens.begin()))
      return fail(Errc::invalid_argument, "the point is not of this text");
    tokens = p.tokens;
    table.truncate(size());
    n_draft = 0;
    longest = size();
    return {};
  }
  std::span<const cache::SharedPage> pages() const override { return table.pages(); }
  Result<> adopt(std::span<const cache::SharedPage> pages,
                 const model::RewindPoint& point) override {
    tokens = dynamic_cast<const ScriptedPoint&>(point).tokens;
    if (pages.size() * cache::kPageTokens < size() || size() > limit)
      return fail(Errc::invalid_argument, "{} pages do not hold {} tokens", pages.size(), size());
    table.assign(pages);
    table.truncate(size());
    n_draft = 0;
    longest = size();
    for (auto& head : heads) head.clear();
    return {};
  }

  std::vector<Token> tokens;
  cache::PageTable table{cache::PageShape({{cache::KvType::f16, 1, 1}})};  // holds nothing
  uint32_t limit;
  uint32_t look_back;
  uint32_t longest = 0;  // rows that the rings have seen, but for drafts
  uint32_t n_draft = 0;
  std::vector<std::vector<HeadRow>> heads;
  std::shared_ptr<PointBytes> point_bytes;
};

constexpr uint32_t kJoined = 2;  // where the joined tokens begin in a hidden row

// Of the last of these tokens; exact in float.
float print_of(std::span<const Token> tokens) {
  uint32_t hash = 0;
  for (const Token t : tokens.last(std::min<size_t>(tokens.size(), 16)))
    hash = (hash ^ static_cast<uint32_t>(t)) * 2654435761U;
  return static_cast<float>(hash >> 8);
}

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
  config_.n_embd = kJoined;
  config_.n_ctx_train = 1 << 20;
  config_.window = look_back;
}

ScriptedModel::ScriptedModel(uint32_t n_vocab, uint32_t look_back, TokenScript script)
    : ScriptedModel(n_vocab, look_back, one_hot(n_vocab, std::move(script))) {}

Result<std::unique_ptr<model::Sequence>> ScriptedModel::new_sequence(uint32_t capacity) {
  auto sequence = std::make_unique<ScriptedSequence>(capacity, look_back_, points_);
  sequence->heads.resize(config_.n_mtp);
  return sequence;
}

void ScriptedModel::add_heads(uint32_t n, HeadScript script) {
  config_.n_mtp = n;
  config_.n_embd = kJoined + n;
  head_script_ = std::move(script);
}

Result<> ScriptedModel::forward(model::Sequence& sequence, const model::Request& request,
                                model::Output& out) {
  on_forward();
  auto& s = dynamic_cast<ScriptedSequence&>(sequence);
  if (request.ids.size() > s.limit - s.size())
    return fail(Errc::exhausted, "{} rows do not fit", request.ids.size());
  STRIDE_TRY(s.table.reserve(s.size(), s.size() + static_cast<uint32_t>(request.ids.size())));
  ++n_call_;
  n_row_ += request.ids.size();
  largest_ = std::max(largest_, static_cast<uint32_t>(request.ids.size()));
  s.longest = std::max(s.longest, s.size());
  out = {};
  for (size_t i = 0; i < request.ids.size(); ++i) {
    s.tokens.push_back(request.ids[i]);
    if (request.hidden) {
      out.hidden.push_back(static_cast<float>(s.size() - 1));
      out.hidden.push_back(print_of(s.tokens));
      out.hidden.resize((i + 1) * config_.n_embd, -1);
    }
    const bool wanted = request.logits == model::Logits::all ||
                        (request.logits == model::Logits::last && i + 1 == request.ids.size());
    if (!wanted) continue;
    const std::vector<float> row = script_(s.tokens);
    out.logits.insert(out.logits.end(), row.begin(), row.end());
  }
  s.n_draft = request.n_draft;
  s.longest = std::max(s.longest, s.size() - s.n_draft);
  return {};
}

Result<> ScriptedModel::forward_mtp(model::Sequence& sequence, uint32_t head,
                                    const model::Request& request, std::span<const float> hidden,
                                    model::Output& out) {
  auto& s = dynamic_cast<ScriptedSequence&>(sequence);
  const size_t n = request.ids.size(), width = config_.n_embd;
  if (n == 0 || hidden.size() != n * width || s.heads.at(head).size() + n > s.limit)
    return fail(Errc::internal, "head {} got {} ids, {} values", head, n, hidden.size());
  out = {};
  out.hidden.assign(hidden.begin(), hidden.end());
  std::vector<HeadRow>& rows = s.heads[head];
  for (size_t i = 0; i < n; ++i) {
    float* row = &out.hidden[i * width];
    row[kJoined + head] = static_cast<float>(request.ids[i]);
    HeadRow& added = rows.emplace_back(static_cast<uint32_t>(row[0]));
    added.joined.assign(row + kJoined, row + kJoined + head + 1);
    const bool follows = rows.size() == 1 || rows.rbegin()[1].position + 1 == added.position;
    const bool joins = follows && added.position < s.size() &&
                       row[1] == print_of(std::span(s.tokens).first(added.position + 1)) &&
                       std::ranges::count(added.joined, -1) == 0;
    if (!joins) return fail(Errc::internal, "row {} of head {} is misplaced", added.position, head);
  }
  const HeadRow& last = rows.back();
  std::vector<Token> text(s.tokens.begin(), s.tokens.begin() + last.position + 1);
  text.insert(text.end(), last.joined.begin(), last.joined.end());
  out.logits.assign(config_.n_vocab, 0);
  out.logits[head_script_(head, text)] = 1;
  return {};
}

uint32_t ScriptedModel::mtp_size(const model::Sequence& sequence, uint32_t head) const {
  return static_cast<uint32_t>(
      dynamic_cast<const ScriptedSequence&>(sequence).heads.at(head).size());
}

Result<> ScriptedModel::truncate_mtp(model::Sequence& sequence, uint32_t head, uint32_t n) {
  auto& rows = dynamic_cast<ScriptedSequence&>(sequence).heads.at(head);
  if (n > rows.size())
    return fail(Errc::invalid_argument, "head {} has {} rows, not {}", head, rows.size(), n);
  rows.erase(rows.begin() + n, rows.end());
  return {};
}

std::vector<int64_t> ScriptedModel::head_rows(const model::Sequence& sequence,
                                              uint32_t head) const {
  const auto& s = dynamic_cast<const ScriptedSequence&>(sequence);
  std::vector<int64_t> out;
  for (const HeadRow& row : s.heads.at(head)) {
    const size_t end = std::min<size_t>(row.position + 1 + row.joined.size(), s.size());
    const bool agrees =
        row.position < s.size() &&
        std::equal(s.tokens.begin() + row.position + 1, s.tokens.begin() + end, row.joined.begin());
    out.push_back(agrees ? row.position : -1);
  }
  return out;
}

}  // namespace stride::decode::testing
