// SPDX-License-Identifier: Apache-2.0
#include "cli/load_tokenizer.h"

#include <system_error>

#include "base/mapped_file.h"
#include "cli/find_model.h"
#include "format/tensor_catalog.h"
#include "text/gguf_vocabulary.h"
#include "text/tokenizer_json.h"

namespace stride::cli {
namespace {

constexpr const char* kTokenizerFile = "tokenizer.json";

Result<text::Vocabulary> read_json_file(const std::filesystem::path& path) {
  const MappedFile file = STRIDE_TRY(MappedFile::open(path));
  const auto bytes = file.bytes();
  return text::read_tokenizer_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<text::Vocabulary> read_any(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return read_json_file(path / kTokenizerFile);
  if (path.extension() == ".json" && !path.filename().string().ends_with(".index.json")) {
    return read_json_file(path);
  }
  const auto model = STRIDE_TRY(format::open_model(STRIDE_TRY(find_model(path.string(), {}))));
  return text::read_vocabulary(model->metadata());
}

Result<text::Tokenizer> load(const std::filesystem::path& path) {
  return text::Tokenizer::create(STRIDE_TRY(read_any(path)));
}

}  // namespace

Result<text::Tokenizer> load_tokenizer(const std::filesystem::path& path) {
  auto tokenizer = load(path);
  if (tokenizer || tokenizer.error().message.contains(path.string())) return tokenizer;
  return within(path.string(), std::move(tokenizer).error());
}

}  // namespace stride::cli
