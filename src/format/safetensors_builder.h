// SPDX-License-Identifier: Apache-2.0
// Bytes of safetensors files for tests, right or wrong in any field.
#pragma once

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace stride::format {

class SafetensorsBuilder {
 public:
  SafetensorsBuilder& tensor(std::string_view name, std::string_view dtype,
                             const std::vector<uint64_t>& shape, std::string_view data) {
    entry(name, fmt::format(R"({{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", dtype,
                            fmt::join(shape, ","), data_.size(), data_.size() + data.size()));
    data_ += data;
    return *this;
  }
  // An entry as given, without data.
  SafetensorsBuilder& entry(std::string_view name, std::string_view json) {
    header_ += fmt::format("{}\"{}\":{}", header_.empty() ? "" : ",", name, json);
    return *this;
  }
  SafetensorsBuilder& data(std::string_view bytes) {
    data_ += bytes;
    return *this;
  }

  std::string bytes() const { return file("{" + header_ + "}", data_); }

  static std::string file(std::string_view header, std::string_view data) {
    const uint64_t length = header.size();
    std::string out(sizeof length, '\0');
    std::memcpy(out.data(), &length, sizeof length);
    return out.append(header).append(data);
  }

 private:
  std::string header_, data_;
};

}  // namespace stride::format
