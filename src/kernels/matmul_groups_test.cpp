// SPDX-License-Identifier: Apache-2.0
// Weights in groups of sixteen rows give the bits that the same weights give row by row.
#include <gtest/gtest.h>

#include "kernels/matmul_testing.h"
#include "quant/row_groups.h"

namespace stride::kernels {
namespace {

constexpr Type kGrouped[] = {Type::q8_0, Type::q4_0, Type::iq4_nl, Type::q4_k,
                             Type::q5_k, Type::q6_k, Type::iq4_xs};

// The matrix in groups, ending at an unreadable page.
struct Grouped {
  explicit Grouped(const Matrix& m) : bytes(m.n_row * m.w.row_bytes), w(m.w) {
    const size_t group = quant::kGroupRows * w.row_bytes;
    for (size_t at = 0; at < m.n_row * w.row_bytes; at += group)
      quant::group_rows(w.type, w.n_in, {m.w.data + at, group}, {bytes.data() + at, group});
    w.data = bytes.data();
    w.layout = quant::Layout::groups;
  }

  GuardedBytes bytes;
  Weights w;
};

class GroupProduct : public testing::TestWithParam<const Kernels*> {};

INSTANTIATE_TEST_SUITE_P(Tables, GroupProduct, testing::ValuesIn(tables_to_test()),
                         [](const auto& test) { return table_name(test.param); });

void expect_same(const Kernels& k, const Matrix& m, Columns& x, size_t begin, size_t end) {
  const auto expected = multiply(*kernels_by_name("scalar"), m, x);
  const Grouped grouped(m);
  for (size_t n_col = 1; n_col <= x.n; ++n_col) {
    std::vector<float> out(n_col * m.n_row, -7);
    k.matmul_q8(out.data(), m.n_row, grouped.w, begin, end, x.row(0), x.stride, n_col);
    for (size_t i = 0; i < out.size(); ++i) {
      const bool inside = i % m.n_row >= begin && i % m.n_row < end;
      ASSERT_TRUE(same_bits(out[i], inside ? expected[i] : -7))
          << quant::type_name(m.w.type) << " n " << m.w.n_in << " columns " << n_col << " at " << i;
    }
  }
}

TEST_P(GroupProduct, HasTheBitsOfTheRows) {
  Random random(21);
  for (const Type type : kGrouped) {
    const size_t unit = quant::type_info(type)->block_values;
    for (const size_t n_in : {unit, 3 * unit, 17 * unit}) {
      const Matrix m(type, 48, n_in, Fill::random_values, n_in);
      Columns x(type, random_floats(random, 11 * n_in), n_in);
      expect_same(*GetParam(), m, x, 0, 48);
      expect_same(*GetParam(), m, x, 16, 32);
    }
  }
}

TEST_P(GroupProduct, OfManyColumnsHasTheBitsOfTheRows) {
  Random random(22);
  for (const Type type : kGrouped) {
    const Matrix m(type, 16, 512, Fill::random_values, 3);
    Columns x(type, random_floats(random, 70 * 512), 512);
    const auto expected = multiply(*kernels_by_name("scalar"), m, x);
    const Grouped grouped(m);
    std::vector<float> out(expected.size());
    GetParam()->matmul_q8(out.data(), m.n_row, grouped.w, 0, 16, x.row(0), x.stride, x.n);
    ASSERT_EQ(first_difference(out.data(), expected.data(), out.size()), out.size())
        << quant::type_name(type);
  }
}

TEST_P(GroupProduct, OfHostileBytesHasTheBitsOfTheRows) {
  Random random(23);
  for (const Type type : kGrouped) {
    const size_t n_in = 768;
    std::vector<float> x;
    for (size_t kind = 0; kind < 9; ++kind) {
      const auto row = hostile_row(kind, n_in, random);
      x.insert(x.end(), row.begin(), row.end());
    }
    Columns columns(type, x, n_in);
    for (const Fill fill : {Fill::random_bytes, Fill::zeros, Fill::ones, Fill::high_bits,
                            Fill::low_bits, Fill::random_values}) {
      const Matrix m(type, 16, n_in, fill, 8);
      expect_same(*GetParam(), m, columns, 0, 16);
    }
  }
}

}  // namespace
}  // namespace stride::kernels
