// SPDX-License-Identifier: Apache-2.0
// Opens the files of a model. Apart from engine.cpp so that tests with a scripted model link no
// inference code.
#include <utility>

#include "engine/engine.h"
#include "text/gguf_vocabulary.h"

namespace stride::engine {

namespace {

Result<std::unique_ptr<format::TensorCatalog>> open(const std::filesystem::path& path,
                                                    std::vector<std::string>& warnings) {
  auto catalog = STRIDE_TRY(format::open_model(path));
  const auto notes = catalog->warnings();
  warnings.insert(warnings.end(), notes.begin(), notes.end());
  return catalog;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::load(const LoadRequest& request,
                                             std::vector<std::string>& warnings) {
  auto catalog = STRIDE_TRY(open(request.model, warnings));
  std::unique_ptr<format::TensorCatalog> mtp;
  if (request.mtp) mtp = STRIDE_TRY(open(*request.mtp, warnings));
  if (!catalog->metadata().contains("tokenizer.ggml.model"))
    return fail(Errc::not_found,
                "{} has no tokenizer: a folder of safetensors needs a tokenizer.json, a GGUF file "
                "the keys tokenizer.ggml.*",
                request.model.string());
  auto tokenizer =
      STRIDE_TRY(text::Tokenizer::create(STRIDE_TRY(text::read_vocabulary(catalog->metadata()))));
  model::LoadOptions options = request.options;
  options.mtp = mtp.get();
  auto model = STRIDE_TRY(model::Model::load(*catalog, options, warnings));
  if (tokenizer.size() > model->config().n_vocab)
    return fail(Errc::format, "the tokenizer has {} tokens, but the model's logits only {}",
                tokenizer.size(), model->config().n_vocab);
  auto engine = std::make_unique<Engine>(std::move(model), std::move(tokenizer));
  engine->catalog_ = std::move(catalog);
  engine->mtp_ = std::move(mtp);
  return engine;
}

}  // namespace stride::engine
