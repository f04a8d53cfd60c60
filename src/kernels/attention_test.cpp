// SPDX-License-Identifier: Apache-2.0
// Attention: against double precision; and bit-equal whatever the ring, the chunks of a prompt or
// the other queries of a call are.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/half.h"
#include "kernels/testing.h"

namespace stride::kernels {
namespace {

// Keys and values of positions 0 .. n - 1 in a ring of `capacity` rows that holds the last ones.
struct Cache {
  Cache(KvFormat kv_format, size_t n_row, size_t ring, size_t dim, const std::vector<float>& keys,
        const std::vector<float>& values)
      : format(kv_format),
        n(n_row),
        capacity(ring),
        head_dim(dim),
        row_bytes(dim * (kv_format == KvFormat::f16 ? 2 : 1)),
        // Bytes that make NaN in f16 where nothing is stored.
        k(ring * row_bytes, std::byte{0xff}),
        v(ring * row_bytes, std::byte{0xff}),
        k_scale(ring, NAN),
        v_scale(ring, NAN) {
    for (size_t p = n > capacity ? n - capacity : 0; p < n; ++p) {
      store(k, k_scale, p, keys.data() + p * head_dim);
      store(v, v_scale, p, values.data() + p * head_dim);
    }
  }

  void store(std::vector<std::byte>& to, std::vector<float>& scales, size_t p, const float* x) {
    const Kernels& scalar = *kernels_by_name("scalar");
    std::byte* row = to.data() + p % capacity * row_bytes;
    if (format == KvFormat::f16) {
      scalar.store_f16(reinterpret_cast<uint16_t*>(row), x, head_dim);
    } else {
      scalar.store_int8(reinterpret_cast<int8_t*>(row), &scales[p % capacity], x, head_dim);
    }
  }

  KvView view() const {
    const size_t held = std::min(n, capacity);
    const size_t first = n - held;
    const size_t until_wrap = std::min(held, capacity - first % capacity);
    KvView kv{format, row_bytes, 1, {}};
    kv.spans[0] = span(first, until_wrap);
    if (held > until_wrap) kv.spans[1] = span(first + until_wrap, held - until_wrap);
    return kv;
  }

  KvSpan span(size_t first, size_t count) const {
    const size_t at = first % capacity;
    return {k.data() + at * row_bytes,
            v.data() + at * row_bytes,
            k_scale.data() + at,
            v_scale.data() + at,
            first,
            count};
  }

  // Element d of the stored row of position p.
  double at(bool key, size_t p, size_t d) const {
    const std::byte* row = (key ? k : v).data() + p % capacity * row_bytes;
    if (format == KvFormat::f16) {
      uint16_t bits = 0;
      std::memcpy(&bits, row + 2 * d, sizeof bits);
      return f16_to_f32(bits);
    }
    return static_cast<double>((key ? k_scale : v_scale)[p % capacity]) *
           static_cast<int8_t>(row[d]);
  }

  KvFormat format;
  size_t n, capacity, head_dim, row_bytes;
  std::vector<std::byte> k, v;
  std::vector<float> k_scale, v_scale;
};

struct Queries {
  std::vector<float> q;
  std::vector<uint32_t> begin, end;
  size_t head_dim;

  size_t stride() const { return q.size() / begin.size(); }

  AttentionQueries view(size_t first, size_t n) const {
    return {q.data() + first * stride(),
            stride(),
            begin.data() + first,
            end.data() + first,
            n,
            head_dim,
            1 / std::sqrt(static_cast<float>(head_dim))};
  }
};

struct States {
  States(size_t n, size_t head_dim) : acc(n * head_dim, 9), max_sum(2 * n, 9) {
    for (size_t i = 0; i < n; ++i) states.push_back({&acc[i * head_dim], &max_sum[2 * i]});
  }
  std::vector<float> acc, max_sum;
  std::vector<AttentionState> states;
};

// The whole of attention for queries [first, first + n) as attention.h prescribes it.
std::vector<float> run(const Kernels& k, const Queries& queries, size_t first, size_t n,
                       const KvView& kv) {
  const AttentionQueries view = queries.view(first, n);
  const size_t head_dim = view.head_dim;
  States total(n, head_dim);
  for (AttentionState state : total.states) {
    std::fill_n(state.acc, head_dim, 0.0F);
    state.max_sum[0] = -std::numeric_limits<float>::infinity();
    state.max_sum[1] = 0;
  }
  size_t low = view.begin[0];
  size_t high = view.end[0];
  for (size_t i = 0; i < n; ++i) low = std::min<size_t>(low, view.begin[i]);
  for (size_t i = 0; i < n; ++i) high = std::max<size_t>(high, view.end[i]);
  for (size_t c = low / kAttentionChunk * kAttentionChunk; c < high; c += kAttentionChunk) {
    States part(n, head_dim);
    k.attend(view, kv, c, c + kAttentionChunk, part.states.data());
    for (size_t i = 0; i < n; ++i) k.attention_merge(total.states[i], part.states[i], head_dim);
  }
  std::vector<float> out(n * head_dim);
  for (size_t i = 0; i < n; ++i) {
    k.attention_finish(out.data() + i * head_dim, total.states[i], head_dim);
  }
  return out;
}

std::vector<double> exact(const Queries& queries, size_t i, const Cache& cache) {
  const size_t n = cache.head_dim;
  std::vector<double> out(n);
  std::vector<double> scores;
  for (size_t p = queries.begin[i]; p < queries.end[i]; ++p) {
    double s = 0;
    for (size_t d = 0; d < n; ++d) s += queries.q[i * queries.stride() + d] * cache.at(true, p, d);
    scores.push_back(s / std::sqrt(static_cast<double>(n)));
  }
  if (scores.empty()) return out;
  const double largest = *std::ranges::max_element(scores);
  double sum = 0;
  for (double& s : scores) sum += s = std::exp(s - largest);
  for (size_t j = 0; j < scores.size(); ++j) {
    for (size_t d = 0; d < n; ++d) {
      out[d] += scores[j] / sum * cache.at(false, queries.begin[i] + j, d);
    }
  }
  return out;
}

class Attention : public testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& k = *GetParam();
  Random random{31};

  // One query a position (causal), seeing at most `window` positions.
  Queries causal(size_t n, size_t head_dim, size_t window) {
    Queries queries{random_floats(random, n * head_dim, 2), {}, {}, head_dim};
    for (size_t p = 0; p < n; ++p) {
      queries.begin.push_back(static_cast<uint32_t>(p + 1 > window ? p + 1 - window : 0));
      queries.end.push_back(static_cast<uint32_t>(p + 1));
    }
    return queries;
  }

  // Queries of the last n_cached of n positions that see any range of them; some see none.
  Queries scattered(size_t n_query, size_t head_dim, size_t n, size_t n_cached) {
    Queries queries{random_floats(random, n_query * (head_dim + 5), 2), {}, {}, head_dim};
    for (size_t i = 0; i < n_query; ++i) {
      size_t begin = n - n_cached + random.below(n_cached + 1);
      size_t end = n - n_cached + random.below(n_cached + 1);
      if (i % 5 != 0 && begin > end) std::swap(begin, end);
      queries.begin.push_back(static_cast<uint32_t>(begin));
      queries.end.push_back(static_cast<uint32_t>(end));
    }
    return queries;
  }
};

INSTANTIATE_TEST_SUITE_P(Tables, Attention, testing::ValuesIn(tables_to_test()),
                         [](const auto& test) { return table_name(test.param); });

// A score of h dimensions errs by at most (h + 2) u sum |q k| / sqrt(h), a weight by that
// factor and 3 u, the output by twice the worst weight and n u of the addition: with values of
// order one and scores below 40 that is below 1e-4 for the sizes here; 2e-5 holds with room on
// these data.
TEST_P(Attention, IsNearTheExactOne) {
  for (const KvFormat format : {KvFormat::f16, KvFormat::int8}) {
    for (const size_t head_dim : {8U, 16U, 32U, 72U, 128U, 256U}) {
      const size_t n = 150;
      const Cache cache(format, n, n, head_dim, random_floats(random, n * head_dim),
                        random_floats(random, n * head_dim));
      for (const size_t window : {size_t{1}, size_t{50}, n}) {
        const Queries queries = causal(n, head_dim, window);
        const auto out = run(k, queries, 0, n, cache.view());
        for (size_t i = 0; i < n; i += 7) {
          const auto expected = exact(queries, i, cache);
          for (size_t d = 0; d < head_dim; ++d) {
            ASSERT_NEAR(out[i * head_dim + d], expected[d], 2e-5) << head_dim << " query " << i;
          }
        }
      }
    }
  }
}

TEST_P(Attention, AcrossChunksIsNearTheExactOne) {
  const size_t n = 2500;
  const size_t head_dim = 16;
  const Cache cache(KvFormat::f16, n, n, head_dim, random_floats(random, n * head_dim),
                    random_floats(random, n * head_dim));
  const Queries queries = causal(n, head_dim, n);
  for (const size_t i : {1023U, 1024U, 1025U, 2047U, 2048U, 2499U}) {
    const auto out = run(k, queries, i, 1, cache.view());
    const auto expected = exact(queries, i, cache);
    for (size_t d = 0; d < head_dim; ++d) ASSERT_NEAR(out[d], expected[d], 2e-5) << i;
  }
}

TEST_P(Attention, DoesNotDependOnTheCompanyOfAQuery) {
  const size_t n = 200;
  const size_t head_dim = 40;
  for (const KvFormat format : {KvFormat::f16, KvFormat::int8}) {
    const Cache cache(format, n, n, head_dim, random_floats(random, n * head_dim),
                      random_floats(random, n * head_dim));
    for (const size_t window : {size_t{45}, n}) {
      const Queries queries = causal(n, head_dim, window);
      const auto all = run(k, queries, 0, n, cache.view());
      for (const size_t piece : {1U, 7U, 64U, 65U}) {
        for (size_t first = 0; first < n; first += piece) {
          const size_t count = std::min(piece, n - first);
          const auto out = run(k, queries, first, count, cache.view());
          ASSERT_EQ(first_difference(out.data(), all.data() + first * head_dim, out.size()),
                    out.size())
              << "from " << first << " pieces of " << piece;
        }
      }
    }
  }
}

TEST_P(Attention, DoesNotDependOnTheRing) {
  const size_t n = 300;
  const size_t head_dim = 24;
  const size_t window = 40;
  const auto keys = random_floats(random, n * head_dim);
  const auto values = random_floats(random, n * head_dim);
  const Queries queries = causal(n, head_dim, window);
  for (const KvFormat format : {KvFormat::f16, KvFormat::int8}) {
    const Cache plain(format, n, n, head_dim, keys, values);
    for (const size_t held : {60U, 101U, 299U, 300U}) {
      for (const size_t capacity : {window, window + 3, size_t{64}, size_t{77}}) {
        const Cache ring(format, held, capacity, head_dim, keys, values);
        const auto expected = run(k, queries, held - 1, 1, plain.view());
        const auto out = run(k, queries, held - 1, 1, ring.view());
        ASSERT_EQ(first_difference(out.data(), expected.data(), head_dim), head_dim)
            << "ring of " << capacity << " at " << held;
      }
    }
  }
}

// Ranges that begin and end anywhere, in rings that have wrapped: every table as the scalar one.
TEST_P(Attention, AgreesWithTheScalarOne) {
  for (const KvFormat format : {KvFormat::f16, KvFormat::int8}) {
    for (size_t head_dim = 8; head_dim <= kMaxHeadDim; head_dim += 8) {
      const size_t n = 40 + random.below(200), capacity = 20 + random.below(n);
      const Cache cache(format, n, capacity, head_dim, random_floats(random, n * head_dim),
                        random_floats(random, n * head_dim));
      const size_t n_query = 1 + random.below(40);
      const Queries queries = scattered(n_query, head_dim, n, std::min(n, capacity));
      const auto out = run(k, queries, 0, n_query, cache.view());
      const auto expected = run(*kernels_by_name("scalar"), queries, 0, n_query, cache.view());
      // The scores are the same bits; exp errs by 2 units, which weights and their sum inherit.
      for (size_t i = 0; i < out.size(); ++i) {
        ASSERT_NEAR(out[i], expected[i], 3e-6) << "head_dim " << head_dim << " element " << i;
      }
    }
  }
}

TEST_P(Attention, DoesNotDependOnAnyCompany) {
  for (const KvFormat format : {KvFormat::f16, KvFormat::int8}) {
    for (const size_t head_dim : {8U, 40U, 128U, 200U}) {
      const size_t n = 1100, n_query = 110;  // ranges to both sides of a chunk's end
      const Cache cache(format, n, n, head_dim, random_floats(random, n * head_dim),
                        random_floats(random, n * head_dim));
      const Queries queries = scattered(n_query, head_dim, n, 150);
      const auto all = run(k, queries, 0, n_query, cache.view());
      for (size_t first = 0; first < n_query;) {
        const size_t count = std::min<size_t>(n_query - first, 1 + random.below(40));
        const auto out = run(k, queries, first, count, cache.view());
        ASSERT_EQ(first_difference(out.data(), all.data() + first * head_dim, out.size()),
                  out.size())
            << "head_dim " << head_dim << ", " << count << " queries from " << first;
        first += count;
      }
    }
  }
}

// What a query does not see may hold anything, also where others of its block see it.
TEST_P(Attention, UnseenPositionsDoNotLeak) {
  const size_t n = 100, head_dim = 48;
  auto keys = random_floats(random, n * head_dim), values = keys;
  Queries queries{random_floats(random, 24 * head_dim, 2), {}, {}, head_dim};
  for (uint32_t i = 0; i < 24; ++i) {
    queries.begin.push_back(i % 3 == 0 ? 0 : 9 + i);
    queries.end.push_back(i % 3 == 0 ? n : 70 + i);
  }
  const Cache clean(KvFormat::f16, n, n, head_dim, keys, values);
  const auto expected = run(k, queries, 0, 24, clean.view());
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    for (const size_t p : {0U, 5U, 9U, 95U, 99U}) {
      std::fill_n(&keys[p * head_dim], head_dim, bad);
      std::fill_n(&values[p * head_dim], head_dim, bad);
    }
    const Cache cache(KvFormat::f16, n, n, head_dim, keys, values);
    const auto out = run(k, queries, 0, 24, cache.view());
    for (size_t i = 0; i < 24; ++i) {
      const float* row = &out[i * head_dim];
      if (i % 3 == 0) {
        EXPECT_TRUE(std::isnan(row[0])) << bad << " query " << i;
      } else {
        EXPECT_EQ(first_difference(row, &expected[i * head_dim], head_dim), head_dim)
            << bad << " query " << i;
      }
    }
  }
}

// Positions that no query sees need not be stored, also between those that are seen.
TEST_P(Attention, PositionsBetweenNeedNotBeStored) {
  const size_t n = 100, head_dim = 24;
  for (const KvFormat format : {KvFormat::f16, KvFormat::int8}) {
    const Cache cache(format, n, n, head_dim, random_floats(random, n * head_dim),
                      random_floats(random, n * head_dim));
    Queries queries{random_floats(random, 9 * head_dim, 2), {}, {}, head_dim};
    for (uint32_t i = 0; i < 9; ++i) {
      queries.begin.push_back(i < 5 ? 3 : 72);
      queries.end.push_back(i < 5 ? 20 : 99);
    }
    KvView parts = cache.view();
    parts.spans[0] = cache.span(3, 17);
    parts.spans[1] = cache.span(72, 28);
    const auto out = run(k, queries, 0, 9, parts);
    const auto expected = run(k, queries, 0, 9, cache.view());
    EXPECT_EQ(first_difference(out.data(), expected.data(), out.size()), out.size());
  }
}

// An infinite value that is seen stays infinite; a key that makes all weight 0 but its own wins.
TEST_P(Attention, StandsInfinities) {
  const size_t n = 40, head_dim = 16;
  std::vector<float> keys(n * head_dim, 0), values(n * head_dim, 1);
  values[33 * head_dim + 3] = INFINITY;
  values[7 * head_dim + 4] = -INFINITY;
  keys[20 * head_dim] = -INFINITY;  // its weight is 0
  const Cache cache(KvFormat::f16, n, n, head_dim, keys, values);
  const Queries queries{std::vector<float>(head_dim, 1), {0}, {n}, head_dim};
  const auto out = run(k, queries, 0, 1, cache.view());
  for (size_t d = 0; d < head_dim; ++d) {
    EXPECT_FLOAT_EQ(out[d], d == 3 ? INFINITY : d == 4 ? -INFINITY : 1) << d;
  }
}

// Reads stay inside the rows: bytes end where memory does.
TEST_P(Attention, ReadsNoFurtherThanTheRows) {
  for (const KvFormat format : {KvFormat::f16, KvFormat::int8}) {
    for (const size_t head_dim : {8U, 40U, 128U}) {
      for (const size_t n : {1U, 31U, 33U, 70U}) {
        const Cache cache(format, n, n, head_dim, random_floats(random, n * head_dim),
                          random_floats(random, n * head_dim));
        const GuardedBytes key_bytes(cache.k.size()), value_bytes(cache.v.size());
        std::memcpy(key_bytes.data(), cache.k.data(), cache.k.size());
        std::memcpy(value_bytes.data(), cache.v.data(), cache.v.size());
        KvView guarded = cache.view();
        guarded.spans[0].k = key_bytes.data();
        guarded.spans[0].v = value_bytes.data();
        const Queries queries = scattered(9, head_dim, n, n);
        const auto out = run(k, queries, 0, 9, guarded);
        const auto expected = run(k, queries, 0, 9, cache.view());
        ASSERT_EQ(first_difference(out.data(), expected.data(), out.size()), out.size());
      }
    }
  }
}

// Large scores must not overflow; a late maximum rescales what came before.
TEST_P(Attention, StandsLargeScores) {
  const size_t n = 100;
  const size_t head_dim = 8;
  std::vector<float> keys(n * head_dim);
  for (size_t p = 0; p < n; ++p) keys[p * head_dim] = static_cast<float>(p);
  const auto values = random_floats(random, n * head_dim);
  const Cache cache(KvFormat::f16, n, n, head_dim, keys, values);
  for (const float direction : {3e4F, -3e4F}) {
    Queries queries{std::vector<float>(head_dim), {0}, {n}, head_dim};
    queries.q[0] = direction;
    const auto out = run(k, queries, 0, 1, cache.view());
    const size_t winner = direction > 0 ? n - 1 : 0;
    for (size_t d = 0; d < head_dim; ++d) {
      EXPECT_FLOAT_EQ(out[d], static_cast<float>(cache.at(false, winner, d)));
    }
  }
}

TEST_P(Attention, OfNoPositionIsZero) {
  const Cache cache(KvFormat::f16, 4, 4, 8, std::vector<float>(32, 1), std::vector<float>(32, 1));
  const Queries queries{std::vector<float>(16, 1), {2, 0}, {2, 4}, 8};
  const auto out = run(k, queries, 0, 2, cache.view());
  for (size_t d = 0; d < 8; ++d) EXPECT_EQ(out[d], 0);
  for (size_t d = 8; d < 16; ++d) EXPECT_EQ(out[d], 1);
}

}  // namespace
}  // namespace stride::kernels
