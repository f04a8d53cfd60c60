// SPDX-License-Identifier: Apache-2.0
#include "format/metadata.h"

#include <limits>

namespace stride::format {
namespace {

constexpr uint64_t kMaxInteger = std::numeric_limits<int64_t>::max();

auto wrong_type(std::string_view key, std::string_view wanted) {
  return fail(Errc::format, "key {} is not {}", key, wanted);
}

Result<int64_t> as_integer(std::string_view key, uint64_t n) {
  if (n > kMaxInteger)
    return fail(Errc::format, "key {} has the value {}, which is too large", key, n);
  return static_cast<int64_t>(n);
}

template <class To, class From>
std::vector<To> converted(const std::vector<From>& from) {
  return std::vector<To>(from.begin(), from.end());
}

}  // namespace

const Value* Metadata::find(std::string_view key) const {
  const auto it = index_.find(std::string(key));
  return it == index_.end() ? nullptr : &entries_[it->second].second;
}

void Metadata::set(std::string key, Value value) {
  const auto [it, added] = index_.try_emplace(key, entries_.size());
  if (added) {
    entries_.emplace_back(std::move(key), std::move(value));
  } else {
    entries_[it->second].second = std::move(value);
  }
}

void Metadata::erase(std::string_view key) {
  const auto it = index_.find(std::string(key));
  if (it == index_.end()) return;
  const size_t at = it->second;
  index_.erase(it);
  entries_.erase(entries_.begin() + static_cast<ptrdiff_t>(at));
  for (auto& [name, place] : index_) {
    if (place > at) --place;
  }
}

Result<int64_t> Metadata::integer(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return fail(Errc::not_found, "key {} is missing", key);
  if (const auto* n = std::get_if<int64_t>(&value->data)) return *n;
  if (const auto* n = std::get_if<uint64_t>(&value->data)) return as_integer(key, *n);
  return wrong_type(key, "an integer");
}

Result<double> Metadata::real(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return fail(Errc::not_found, "key {} is missing", key);
  if (const auto* x = std::get_if<double>(&value->data)) return *x;
  if (const auto* n = std::get_if<int64_t>(&value->data)) return static_cast<double>(*n);
  if (const auto* n = std::get_if<uint64_t>(&value->data)) return static_cast<double>(*n);
  return wrong_type(key, "a number");
}

Result<bool> Metadata::boolean(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return fail(Errc::not_found, "key {} is missing", key);
  if (const auto* b = std::get_if<bool>(&value->data)) return *b;
  return wrong_type(key, "a boolean");
}

Result<std::string_view> Metadata::string(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return fail(Errc::not_found, "key {} is missing", key);
  if (const auto* s = std::get_if<std::string>(&value->data)) return *s;
  return wrong_type(key, "a string");
}

Result<std::vector<int64_t>> Metadata::integers(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return fail(Errc::not_found, "key {} is missing", key);
  const auto* array = std::get_if<Array>(&value->data);
  if (!array) return std::vector{STRIDE_TRY(integer(key))};
  if (const auto* items = std::get_if<std::vector<int64_t>>(&array->items)) return *items;
  if (const auto* items = std::get_if<std::vector<uint64_t>>(&array->items)) {
    std::vector<int64_t> out;
    for (const uint64_t n : *items) out.push_back(STRIDE_TRY(as_integer(key, n)));
    return out;
  }
  return wrong_type(key, "an array of integers");
}

Result<std::vector<double>> Metadata::reals(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return fail(Errc::not_found, "key {} is missing", key);
  const auto* array = std::get_if<Array>(&value->data);
  if (!array) return std::vector{STRIDE_TRY(real(key))};
  if (const auto* items = std::get_if<std::vector<double>>(&array->items)) return *items;
  if (const auto* items = std::get_if<std::vector<int64_t>>(&array->items))
    return converted<double>(*items);
  if (const auto* items = std::get_if<std::vector<uint64_t>>(&array->items))
    return converted<double>(*items);
  return wrong_type(key, "an array of numbers");
}

Result<std::vector<bool>> Metadata::booleans(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return fail(Errc::not_found, "key {} is missing", key);
  const auto* array = std::get_if<Array>(&value->data);
  if (!array) return std::vector<bool>{STRIDE_TRY(boolean(key))};
  if (const auto* items = std::get_if<std::vector<bool>>(&array->items)) return *items;
  return wrong_type(key, "an array of booleans");
}

Result<std::span<const std::string>> Metadata::strings(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return fail(Errc::not_found, "key {} is missing", key);
  if (const auto* array = std::get_if<Array>(&value->data)) {
    if (const auto* items = std::get_if<std::vector<std::string>>(&array->items)) return *items;
  }
  return wrong_type(key, "an array of strings");
}

}  // namespace stride::format
