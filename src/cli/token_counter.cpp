// SPDX-License-Identifier: Apache-2.0
#include "cli/token_counter.h"

#include <memory>
#include <system_error>
#include <vector>

#include "base/mapped_file.h"
#include "format/tensor_catalog.h"
#include "text/gguf_vocabulary.h"
#include "text/tokenizer.h"
#include "text/tokenizer_json.h"

namespace stride::cli {
namespace {

Result<text::Vocabulary> read_vocabulary(std::filesystem::path path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) path /= "tokenizer.json";
  if (path.extension() == ".json") {
    const MappedFile file = STRIDE_TRY(MappedFile::open(path));
    const auto bytes = file.bytes();
    return text::read_tokenizer_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  const auto model = STRIDE_TRY(format::open_model(path));
  return text::read_vocabulary(model->metadata());
}

}  // namespace

Result<TokenCounter> token_counter(const std::filesystem::path& path) {
  auto vocabulary = STRIDE_TRY_AT(path.string(), read_vocabulary(path));
  auto tokenizer = std::make_shared<const text::Tokenizer>(
      STRIDE_TRY_AT(path.string(), text::Tokenizer::create(std::move(vocabulary))));
  return [tokenizer](std::string_view text) {
    return tokenizer->encode(text, text::Special::forbid).size();
  };
}

}  // namespace stride::cli
