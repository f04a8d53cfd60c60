// SPDX-License-Identifier: Apache-2.0
// Bytes of GGUF files for tests, right or wrong in any field. Independent of the writer, so that
// reader and writer are not checked against each other alone.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "format/metadata.h"

namespace stride::format {

class GgufBuilder {
 public:
  uint32_t version = 3;
  uint64_t extra_tensors = 0;  // added to the announced counts
  uint64_t extra_keys = 0;
  size_t alignment = 32;

  template <class T>
  static void put(std::string& out, T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out.append(bytes, sizeof value);
  }
  static void put_text(std::string& out, std::string_view text) {
    put(out, uint64_t{text.size()});
    out += text;
  }

  // A key with the bytes of its value as given.
  GgufBuilder& key(std::string_view name, ValueType type, std::string_view value_bytes) {
    put_text(keys_, name);
    put(keys_, static_cast<uint32_t>(type));
    keys_ += value_bytes;
    ++n_key_;
    return *this;
  }
  template <class T>
  GgufBuilder& number(std::string_view name, ValueType type, T value) {
    std::string bytes;
    put(bytes, value);
    return key(name, type, bytes);
  }
  GgufBuilder& text(std::string_view name, std::string_view value) {
    std::string bytes;
    put_text(bytes, value);
    return key(name, ValueType::string, bytes);
  }
  // An array whose items' bytes are given.
  static std::string array_bytes(ValueType of, uint64_t n, std::string_view items) {
    std::string bytes;
    put(bytes, static_cast<uint32_t>(of));
    put(bytes, n);
    return bytes + std::string(items);
  }

  // A tensor whose table entry is as given, whatever the data.
  GgufBuilder& tensor(std::string_view name, const std::vector<uint64_t>& shape, uint32_t type,
                      uint64_t offset) {
    put_text(tensors_, name);
    put(tensors_, static_cast<uint32_t>(shape.size()));
    for (const uint64_t n : shape) put(tensors_, n);
    put(tensors_, type);
    put(tensors_, offset);
    ++n_tensor_;
    return *this;
  }
  // A tensor with its data at the next aligned offset.
  GgufBuilder& tensor(std::string_view name, const std::vector<uint64_t>& shape, uint32_t type,
                      std::string_view data) {
    data_.resize((data_.size() + alignment - 1) / alignment * alignment);
    tensor(name, shape, type, uint64_t{data_.size()});
    data_ += data;
    return *this;
  }
  GgufBuilder& data(std::string_view bytes) {
    data_ += bytes;
    return *this;
  }

  std::string bytes() const {
    std::string out = "GGUF";
    put(out, version);
    put(out, n_tensor_ + extra_tensors);
    put(out, n_key_ + extra_keys);
    out += keys_ + tensors_;
    if (n_tensor_ > 0) out.resize((out.size() + alignment - 1) / alignment * alignment);
    return out + data_;
  }

 private:
  std::string keys_, tensors_, data_;
  uint64_t n_key_ = 0, n_tensor_ = 0;
};

}  // namespace stride::format
