// SPDX-License-Identifier: Apache-2.0
// Products: every table against the scalar one bit for bit, the scalar one against double
// precision, and every result against itself in other company.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/half.h"
#include "kernels/generic/group.h"
#include "kernels/matmul_testing.h"
#include "quant/blocks.h"

namespace stride::kernels {
namespace {

using quant::Type;

// Sums of what stands in the bytes, and of its magnitudes.
struct Exact {
  double value = 0;
  double magnitude = 0;
};

Exact exact_q8(const Weights& w, size_t r, const std::byte* x) {
  const quant::TypeInfo& info = *quant::type_info(w.type);
  std::vector<float> values(w.n_in);
  quant::decode(w.type, {w.data + r * w.row_bytes, w.row_bytes}, values);
  const Q8Row row = q8_row(x, w.n_in);
  Exact sum;
  Block32 blocks[8];
  for (size_t i = 0; i < w.n_in; ++i) {
    if (i % info.block_values == 0) {
      const size_t group = i / info.block_values;
      decode_group(w.type, w.data + r * w.row_bytes + group * info.block_bytes, blocks);
    }
    const Block32& b = blocks[i % info.block_values / 32];
    const double v = static_cast<double>(row.scale[i / 32]) * row.value[i];
    const double scaled = static_cast<double>(b.d) * b.scale[i % 32 / 16] * b.q[i % 32];
    const double min = static_cast<double>(b.d_min) * b.min[i % 32 / 16];
    sum.value += values[i] * v;
    sum.magnitude += (std::abs(scaled) + std::abs(min)) * std::abs(v);
  }
  return sum;
}

Exact exact_f32(const Weights& w, size_t r, const std::byte* x) {
  std::vector<float> values(w.n_in);
  quant::decode(w.type, {w.data + r * w.row_bytes, w.row_bytes}, values);
  const auto* row = reinterpret_cast<const float*>(x);
  Exact sum;
  for (size_t i = 0; i < w.n_in; ++i) {
    sum.value += static_cast<double>(values[i]) * row[i];
    sum.magnitude += std::abs(static_cast<double>(values[i]) * row[i]);
  }
  return sum;
}

class Product : public testing::TestWithParam<const Kernels*> {};

INSTANTIATE_TEST_SUITE_P(Tables, Product, testing::ValuesIn(tables_to_test()),
                         [](const auto& test) { return table_name(test.param); });

// With u = 2^-24 and b blocks: each block product takes two roundings, each addition one, the
// decoded value that it is compared with up to three, all of terms below the sum of magnitudes: the
// error is at most (b + 5) u times that sum; one u more for products of roundings.
TEST_P(Product, IsNearTheExactSum) {
  Random random(11);
  for (const Type type : kBlockTypes) {
    for (const size_t n_in : {256U, 1280U, 4096U}) {
      const Matrix m(type, 19, n_in, Fill::random_values, 5);
      Columns x(type, random_floats(random, 5 * n_in), n_in);
      const auto out = multiply(*GetParam(), m, x);
      for (size_t i = 0; i < out.size(); ++i) {
        const Exact exact = exact_q8(m.w, i % m.n_row, x.row(i / m.n_row));
        const double bound = (static_cast<double>(n_in) / 32 + 6) * 0x1p-24 * exact.magnitude;
        ASSERT_NEAR(out[i], exact.value, bound) << quant::type_name(type) << " n " << n_in;
        ASSERT_GT(exact.magnitude, 0);
      }
    }
  }
}

// 16 lanes: n / 16 roundings in a lane and 4 of the folding.
TEST_P(Product, OfFloatsIsNearTheExactSum) {
  Random random(12);
  for (const Type type : kFloatTypes) {
    for (const size_t n_in : {1U, 7U, 16U, 40U, 333U, 4096U}) {
      const Matrix m(type, 9, n_in, Fill::random_values, 5);
      Columns x(type, random_floats(random, 3 * n_in), n_in);
      const auto out = multiply(*GetParam(), m, x);
      for (size_t i = 0; i < out.size(); ++i) {
        const Exact exact = exact_f32(m.w, i % m.n_row, x.row(i / m.n_row));
        const double bound = (static_cast<double>(n_in) / 16 + 6) * 0x1p-24 * exact.magnitude;
        ASSERT_NEAR(out[i], exact.value, bound) << quant::type_name(type) << " n " << n_in;
      }
    }
  }
}

std::vector<size_t> lengths(Type type) {
  if (!takes_q8(type)) return {1, 15, 16, 33, 250, 1024};
  if (quant::type_info(type)->block_values == 256) return {256, 512, 2304, 4352};
  return {32, 96, 256, 288, 2080, 4384};
}

template <class Visit>
void for_each_type(Visit visit) {
  for (const Type type : kBlockTypes) visit(type);
  for (const Type type : kFloatTypes) visit(type);
}

TEST_P(Product, HasTheBitsOfTheScalarOne) {
  const Kernels& scalar = *kernels_by_name("scalar");
  Random random(13);
  for_each_type([&](Type type) {
    for (const size_t n_in : lengths(type)) {
      for (const size_t n_row : {1U, 8U, 16U, 21U}) {
        const Matrix m(type, n_row, n_in, Fill::random_values, n_in + n_row);
        const size_t n_col = n_in > 1000 ? 7 : 9;
        Columns x(type, random_floats(random, n_col * n_in), n_in);
        const auto expected = multiply(scalar, m, x);
        const auto out = multiply(*GetParam(), m, x);
        ASSERT_EQ(first_difference(out.data(), expected.data(), out.size()), out.size())
            << quant::type_name(type) << " n " << n_in << " rows " << n_row;
      }
    }
  });
}

// Every number of columns, and every part of the rows, gives what all together give.
TEST_P(Product, DoesNotDependOnItsCompany) {
  const Kernels& k = *GetParam();
  Random random(14);
  for_each_type([&](Type type) {
    const size_t n_in = takes_q8(type) ? 512 : 77;
    const Matrix m(type, 37, n_in, Fill::random_values, 6);
    Columns x(type, random_floats(random, 70 * n_in), n_in);
    const auto all = multiply(k, m, x);
    for (const size_t n_col : {1U, 2U, 3U, 4U, 5U, 6U, 8U, 17U, 64U, 65U, 69U}) {
      const size_t first = random.below(x.n - n_col + 1);
      const size_t begin = random.below(m.n_row);
      const size_t end = begin + 1 + random.below(m.n_row - begin);
      const size_t stride = m.n_row + 3;
      std::vector<float> out(n_col * stride, -7);
      multiply(k, out.data(), stride, m.w, begin, end, x.row(first), x.stride, n_col);
      for (size_t c = 0; c < n_col; ++c) {
        const float* row = out.data() + c * stride;
        for (size_t r = 0; r < stride; ++r) {
          const bool inside = r >= begin && r < end;
          const float expected = inside ? all[(first + c) * m.n_row + r] : -7;
          ASSERT_TRUE(same_bits(row[r], expected))
              << quant::type_name(type) << " columns " << n_col << " rows " << begin << "-" << end;
        }
      }
    }
  });
}

// Largest and smallest stored values, where pair sums would saturate if they could; damaged scales.
TEST_P(Product, OfHostileBytesHasTheBitsOfTheScalarOne) {
  const Kernels& scalar = *kernels_by_name("scalar");
  Random random(15);
  for_each_type([&](Type type) {
    const size_t n_in = takes_q8(type) ? 768 : 100;
    std::vector<float> x;
    for (size_t kind = 0; kind < 9; ++kind) {
      const auto row = hostile_row(kind, n_in, random);
      x.insert(x.end(), row.begin(), row.end());
    }
    Columns columns(type, x, n_in);
    for (const Fill fill : {Fill::random_bytes, Fill::zeros, Fill::ones, Fill::high_bits,
                            Fill::low_bits, Fill::random_values}) {
      const Matrix m(type, 18, n_in, fill, 8);
      const auto expected = multiply(scalar, m, columns);
      const auto out = multiply(*GetParam(), m, columns);
      ASSERT_EQ(first_difference(out.data(), expected.data(), out.size()), out.size())
          << quant::type_name(type) << " fill " << static_cast<int>(fill);
      std::vector<float> one(m.n_row);
      for (size_t c = 0; c < columns.n; ++c) {
        multiply(*GetParam(), one.data(), m.n_row, m.w, 0, m.n_row, columns.row(c), columns.stride,
                 1);
        ASSERT_EQ(first_difference(one.data(), expected.data() + c * m.n_row, m.n_row), m.n_row)
            << quant::type_name(type) << " fill " << static_cast<int>(fill) << " column " << c;
      }
    }
  });
}

TEST_P(Product, OfNothingWritesNothing) {
  const Matrix m(Type::q4_k, 4, 256, Fill::random_values, 1);
  std::vector<float> out(4, 5);
  Columns x(Type::q4_k, std::vector<float>(256, 1), 256);
  GetParam()->matmul_q8(out.data(), 4, m.w, 2, 2, x.row(0), x.stride, 1);
  GetParam()->matmul_q8(out.data(), 4, m.w, 0, 4, x.row(0), x.stride, 0);
  EXPECT_EQ(out, std::vector<float>(4, 5));
}

TEST_P(Product, DotIsTheFloatProduct) {
  Random random(16);
  for (const size_t n : {0U, 1U, 16U, 31U, 288U}) {
    const auto a = random_floats(random, n);
    const auto b = random_floats(random, n);
    const float expected = kernels_by_name("scalar")->dot(a.data(), b.data(), n);
    EXPECT_TRUE(same_bits(GetParam()->dot(a.data(), b.data(), n), expected)) << n;
  }
}

TEST_P(Product, RowsAreQuantisedToTheSameBytes) {
  const Kernels& scalar = *kernels_by_name("scalar");
  Random random(17);
  for (const size_t n : {32U, 256U, 288U, 4096U}) {
    for (size_t kind = 0; kind < 12; ++kind) {
      const auto x = kind < 9 ? hostile_row(kind, n, random) : random_floats(random, n);
      AlignedVector<std::byte> expected(q8_row_bytes(n));
      AlignedVector<std::byte> out(q8_row_bytes(n));
      std::memset(out.data(), 0xee, out.size());
      scalar.quantize_row(expected.data(), x.data(), n);
      GetParam()->quantize_row(out.data(), x.data(), n);
      EXPECT_EQ(std::memcmp(out.data(), expected.data(), out.size()), 0) << n << " kind " << kind;
    }
  }
}

TEST(QuantizeRow, FollowsItsFormula) {
  std::vector<float> x(64);
  for (size_t i = 0; i < 64; ++i) x[i] = static_cast<float>(i) - 32;
  x[40] = 127;  // scale 1 in the second block: halves round to even
  x[41] = 0.5F;
  x[42] = 1.5F;
  x[43] = -2.5F;
  AlignedVector<std::byte> bytes(q8_row_bytes(64));
  kernels_by_name("scalar")->quantize_row(bytes.data(), x.data(), 64);
  const Q8Row row = q8_row(bytes.data(), 64);
  EXPECT_EQ(row.scale[0], 32.0F / 127);
  EXPECT_EQ(row.value[0], -127);
  EXPECT_EQ(row.scale[1], 1);
  EXPECT_EQ(row.value[41], 0);
  EXPECT_EQ(row.value[42], 2);
  EXPECT_EQ(row.value[43], -2);
  EXPECT_EQ(row.sum[1], static_cast<float>(row.sum16[2] + row.sum16[3]));
  EXPECT_EQ(row.sum16[0], std::accumulate(row.value, row.value + 16, 0));
}

}  // namespace
}  // namespace stride::kernels
