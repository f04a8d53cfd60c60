// SPDX-License-Identifier: Apache-2.0
// Counts against a model small enough to be counted by hand: one dense layer with full attention,
// one sliding layer with four experts of which two are used.
#include "bench/work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stride::bench {
namespace {

using format::Tensor;
using quant::Type;

// A table of tensors without data.
class TableCatalog final : public format::TensorCatalog {
 public:
  void add(std::string_view name, uint64_t n_in, uint64_t n_out, Type type = Type::q8_0,
           uint64_t n_stack = 1) {
    Tensor tensor;
    tensor.name = name;
    tensor.type = type;
    tensor.shape = {n_in, n_out, n_stack, 1};
    tensor.n_dims = n_stack > 1 ? 3 : 2;
    tensor.bytes = quant::row_bytes(type, n_in) * n_out * n_stack;
    tensors_.push_back(std::move(tensor));
  }
  void drop(std::string_view name) {
    std::erase_if(tensors_, [&](const Tensor& t) { return t.name == name; });
  }

  const format::Metadata& metadata() const override { return metadata_; }
  std::span<const Tensor> tensors() const override { return tensors_; }
  const Tensor* find(std::string_view name) const override {
    const auto it = std::ranges::find(tensors_, name, &Tensor::name);
    return it == tensors_.end() ? nullptr : &*it;
  }
  Result<std::span<const std::byte>> rows(const Tensor&, uint64_t, uint64_t,
                                          std::vector<std::byte>&) const override {
    return fail(Errc::internal, "there are no data");
  }
  bool is_mapped(const Tensor&) const override { return false; }
  void release(const Tensor&, uint64_t, uint64_t) const override {}
  std::string place(const Tensor&) const override { return {}; }
  std::span<const std::string> warnings() const override { return {}; }

 private:
  format::Metadata metadata_;
  std::vector<Tensor> tensors_;
};

model::Config tiny_config() {
  model::Config c;
  c.n_vocab = 100;
  c.n_embd = 64;
  c.n_layer = 2;
  c.head_dim = 32;
  c.n_ff = 128;
  c.n_expert = 4;
  c.n_expert_used = 2;
  c.n_ff_expert = 32;
  c.n_ff_shared = 64;
  c.window = 8;
  c.layers.resize(2);
  c.layers[0].n_head = 2;
  c.layers[0].n_head_kv = 1;
  c.layers[1] = {.attention = model::Attention::sliding, .n_head = 4, .n_head_kv = 2, .moe = true};
  return c;
}

TableCatalog tiny_catalog() {
  TableCatalog t;
  t.add("token_embd.weight", 64, 100);
  t.add("output.weight", 64, 100, Type::f16);
  t.add("blk.0.attn_q.weight", 64, 64);
  t.add("blk.0.attn_k.weight", 64, 32, Type::q4_0);
  t.add("blk.0.attn_v.weight", 64, 32);
  t.add("blk.0.attn_gate.weight", 64, 2);
  t.add("blk.0.attn_output.weight", 64, 64);
  t.add("blk.0.ffn_gate.weight", 64, 128);
  t.add("blk.0.ffn_up.weight", 64, 128);
  t.add("blk.0.ffn_down.weight", 128, 64);
  t.add("blk.1.attn_q.weight", 64, 128);
  t.add("blk.1.attn_k.weight", 64, 64);
  t.add("blk.1.attn_v.weight", 64, 64);
  t.add("blk.1.attn_gate.weight", 64, 4);
  t.add("blk.1.attn_output.weight", 128, 64);
  t.add("blk.1.ffn_gate_inp.weight", 64, 4, Type::bf16);  // run in f32 whatever the file says
  t.add("blk.1.ffn_gate_exps.weight", 64, 32, Type::q8_0, 4);
  t.add("blk.1.ffn_up_exps.weight", 64, 32, Type::q8_0, 4);
  t.add("blk.1.ffn_down_exps.weight", 32, 64, Type::q8_0, 4);
  t.add("blk.1.ffn_gate_shexp.weight", 64, 64);
  t.add("blk.1.ffn_up_shexp.weight", 64, 64);
  t.add("blk.1.ffn_down_shexp.weight", 64, 64);
  return t;
}

// Q8_0 takes 34 bytes for 32 values, Q4_0 18.
constexpr uint64_t kLayer0Values = 64 * 64 + 64 * 32 + 64 * 32 + 64 * 2 + 64 * 64 + 3 * 64 * 128;
constexpr uint64_t kLayer0Bytes = (kLayer0Values - 64 * 32) / 32 * 34 + 64 * 32 / 32 * 18;
constexpr uint64_t kLayer1Values = 64 * 128 + 2 * 64 * 64 + 64 * 4 + 128 * 64 + 3 * 64 * 64;
constexpr uint64_t kLayer1Bytes = kLayer1Values / 32 * 34 + 64 * 4 * 4;  // and the router
constexpr uint64_t kExpertValues = 3 * 64 * 32;
constexpr uint64_t kExpertBytes = kExpertValues / 32 * 34;
constexpr uint64_t kHeadBytes = 64 * 100 * 2;

TEST(WorkCounter, CountsAStepByHand) {
  const auto counter =
      WorkCounter::create(tiny_config(), tiny_catalog(), cache::KvType::f16).value();
  // Three rows behind ten positions; experts 0, 1 and 3 are read once each.
  const std::vector<int32_t> picks = {0, 1, 1, 3, 0, 1};
  const Work work = counter.step(10, 3, 1, picks);
  EXPECT_EQ(work.weight_bytes,
            3 * 68 + kHeadBytes + kLayer0Bytes + kLayer1Bytes + 3 * kExpertBytes);
  EXPECT_EQ(work.weight_bytes, 111332U);
  // 13 positions of 128 bytes on the full layer; on the sliding one the first row sees positions 3
  // to 10, the last one 5 to 12: ten of 256 bytes.
  EXPECT_EQ(work.kv_bytes, 13U * 128 + 10 * 256);
  EXPECT_EQ(work.int8_ops, 3 * 2 * (kLayer0Values + kLayer1Values) + 6 * 2 * kExpertValues);
  EXPECT_EQ(work.int8_ops, 518400U);
  const uint64_t attention = 4 * 2 * 32 * (11 + 12 + 13) + 4 * 4 * 32 * (8 + 8 + 8);
  EXPECT_EQ(work.float_ops, 2U * 64 * 100 + 3 * 2 * 64 * 4 + attention);
}

TEST(WorkCounter, WithoutLogitsTheHeadIsNotRead) {
  const auto counter =
      WorkCounter::create(tiny_config(), tiny_catalog(), cache::KvType::f16).value();
  const std::vector<int32_t> picks = {0, 1};
  const Work without = counter.step(0, 1, 0, picks);
  const Work with = counter.step(0, 1, 1, picks);
  EXPECT_EQ(with.weight_bytes - without.weight_bytes, kHeadBytes);
  EXPECT_EQ(with.float_ops - without.float_ops, 2U * 64 * 100);
  EXPECT_EQ(with.int8_ops, without.int8_ops);
  EXPECT_EQ(with.kv_bytes, 128U + 256);
}

TEST(WorkCounter, Int8KeysTakeAScaleARowAndHead) {
  const auto counter =
      WorkCounter::create(tiny_config(), tiny_catalog(), cache::KvType::int8).value();
  const std::vector<int32_t> picks = {0, 1};
  EXPECT_EQ(counter.step(99, 1, 0, picks).kv_bytes, 100U * 2 * 36 + 8 * 2 * 2 * 36);
}

TEST(WorkCounter, RowsThatAgreeShareTheirExperts) {
  const auto counter =
      WorkCounter::create(tiny_config(), tiny_catalog(), cache::KvType::f16).value();
  const Work same = counter.step(0, 2, 0, std::vector<int32_t>{2, 3, 2, 3});
  const Work different = counter.step(0, 2, 0, std::vector<int32_t>{0, 1, 2, 3});
  EXPECT_EQ(different.weight_bytes - same.weight_bytes, 2 * kExpertBytes);
  EXPECT_EQ(different.int8_ops, same.int8_ops);
}

TEST(WorkCounter, NamesAMatrixThatIsMissing) {
  TableCatalog catalog = tiny_catalog();
  catalog.drop("blk.1.ffn_up_exps.weight");
  const auto counter = WorkCounter::create(tiny_config(), catalog, cache::KvType::f16);
  ASSERT_FALSE(counter);
  EXPECT_THAT(counter.error().message, testing::HasSubstr("blk.1.ffn_up_exps.weight"));
}

TEST(Work, Adds) {
  Work sum{1, 2, 3, 4};
  sum += {10, 20, 30, 40};
  EXPECT_EQ(sum, (Work{11, 22, 33, 44}));
  EXPECT_EQ(sum.bytes(), 33U);
  EXPECT_EQ(sum.ops(), 77U);
}

}  // namespace
}  // namespace stride::bench
