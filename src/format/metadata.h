// SPDX-License-Identifier: Apache-2.0
// The key-value part of a model file, in file order, with GGUF's value types kept so that a copy is
// exact. Safetensors directories are presented under the same keys.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace stride::format {

// Numbers as in GGUF.
enum class ValueType : uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64
};

struct Value;

// All elements have type `of`. Integers are widened to int64 (u64 to uint64) and floats to double,
// losslessly.
struct Array {
  ValueType of = ValueType::u8;
  std::variant<std::vector<int64_t>, std::vector<uint64_t>, std::vector<double>, std::vector<bool>,
               std::vector<std::string>, std::vector<Array>>
      items;
};

struct Value {
  ValueType type = ValueType::u8;
  std::variant<int64_t, uint64_t, double, bool, std::string, Array> data;
};

class Metadata {
 public:
  using Entry = std::pair<std::string, Value>;

  bool contains(std::string_view key) const { return find(key) != nullptr; }
  const Value* find(std::string_view key) const;
  std::span<const Entry> entries() const { return entries_; }

  // Adds a key or replaces its value.
  void set(std::string key, Value value);
  void erase(std::string_view key);

  void set_u32(std::string key, uint32_t v) { set(std::move(key), {ValueType::u32, int64_t{v}}); }
  void set_f32(std::string key, float v) { set(std::move(key), {ValueType::f32, double{v}}); }
  void set_bool(std::string key, bool v) { set(std::move(key), {ValueType::boolean, v}); }
  void set_string(std::string key, std::string v) {
    set(std::move(key), {ValueType::string, std::move(v)});
  }
  void set_u32s(std::string key, std::vector<int64_t> v) {
    set(std::move(key), {ValueType::array, Array{ValueType::u32, std::move(v)}});
  }
  void set_i32s(std::string key, std::vector<int64_t> v) {
    set(std::move(key), {ValueType::array, Array{ValueType::i32, std::move(v)}});
  }
  void set_f32s(std::string key, std::vector<double> v) {
    set(std::move(key), {ValueType::array, Array{ValueType::f32, std::move(v)}});
  }
  void set_bools(std::string key, std::vector<bool> v) {
    set(std::move(key), {ValueType::array, Array{ValueType::boolean, std::move(v)}});
  }
  void set_strings(std::string key, std::vector<std::string> v) {
    set(std::move(key), {ValueType::array, Array{ValueType::string, std::move(v)}});
  }

  // Typed reads. The error names the key and what was wanted: not_found if it is absent, format if
  // it has another type. Any integer type is read as an integer if its value fits, any float type
  // as a real; integers are reals too.
  Result<int64_t> integer(std::string_view key) const;
  Result<double> real(std::string_view key) const;
  Result<bool> boolean(std::string_view key) const;
  Result<std::string_view> string(std::string_view key) const;
  // Arrays; a scalar is read as an array of one.
  Result<std::vector<int64_t>> integers(std::string_view key) const;
  Result<std::vector<double>> reals(std::string_view key) const;
  Result<std::vector<bool>> booleans(std::string_view key) const;
  Result<std::span<const std::string>> strings(std::string_view key) const;  // no scalar here

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::string, size_t> index_;
};

}  // namespace stride::format
