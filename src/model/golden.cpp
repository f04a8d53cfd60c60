// SPDX-License-Identifier: Apache-2.0
#include "model/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "json/json.h"

namespace stride::model {
namespace {

template <class T>
std::vector<T> read_values(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  EXPECT_TRUE(file) << path;
  std::vector<T> values(static_cast<size_t>(file.tellg()) / sizeof(T));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

void append(Output& all, const Output& part) {
  all.logits.insert(all.logits.end(), part.logits.begin(), part.logits.end());
  all.hidden.insert(all.hidden.end(), part.hidden.begin(), part.hidden.end());
  all.experts.insert(all.experts.end(), part.experts.begin(), part.experts.end());
}

}  // namespace

Golden::Golden(const std::string& name) {
  const std::string path = std::string(STRIDE_GOLDEN "/tiny/") + name;
  auto opened = format::open_model(path + ".gguf");
  EXPECT_TRUE(opened) << opened.error().message;
  if (opened) catalog = *std::move(opened);
  std::ifstream file(path + ".json");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto json = json::parse(text);
  EXPECT_TRUE(json);
  for (const auto& id : (*json)["ids"]) ids.push_back(id.get<Token>());
  for (const auto& id : (*json)["greedy"]) greedy.push_back(id.get<Token>());
  logits = read_values<float>(path + ".logits.bin");
  hidden = read_values<float>(path + ".hidden.bin");
  experts = read_values<int32_t>(path + ".experts.bin");
  for (int k = 0; k < 3; ++k)
    mtp.push_back(read_values<float>(fmt::format("{}.mtp{}.bin", path, k)));
}

std::unique_ptr<Model> Golden::load(const LoadOptions& options) const {
  std::vector<std::string> warnings;
  auto model = Model::load(*catalog, options, warnings);
  EXPECT_TRUE(model) << model.error().message;
  return model ? *std::move(model) : nullptr;
}

double relative_error(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  double difference = 0, norm = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    norm += double{b[i]} * b[i];
  }
  return std::sqrt(difference / norm);
}

AllOutputs run_everything(Model& model, std::span<const Token> ids, size_t piece) {
  AllOutputs all;
  auto sequence = model.new_sequence(static_cast<uint32_t>(ids.size()));
  EXPECT_TRUE(sequence) << sequence.error().message;
  const size_t width = model.config().n_embd;
  Output part;
  for (size_t at = 0; at < ids.size(); at += std::min(piece, ids.size() - at)) {
    const Request request{ids.subspan(at, std::min(piece, ids.size() - at)), Logits::all, true,
                          true};
    const auto done = model.forward(**sequence, request, part);
    EXPECT_TRUE(done) << done.error().message;
    append(all.trunk, part);
  }
  std::vector<float> hidden = all.trunk.hidden;
  for (uint32_t k = 0; k < model.config().n_mtp && k + 1 < ids.size(); ++k) {
    const auto rows = ids.subspan(k + 1);
    Output& head = all.mtp.emplace_back();
    for (size_t at = 0; at < rows.size(); at += std::min(piece, rows.size() - at)) {
      const Request request{rows.subspan(at, std::min(piece, rows.size() - at)), Logits::all, true,
                            false};
      const auto in = std::span(hidden).subspan(at * width, request.ids.size() * width);
      const auto done = model.forward_mtp(**sequence, k, request, in, part);
      EXPECT_TRUE(done) << done.error().message;
      append(head, part);
    }
    hidden = head.hidden;
  }
  return all;
}

}  // namespace stride::model
