// SPDX-License-Identifier: Apache-2.0
#include "model/request.h"

namespace stride::model {

Result<> check_rows(const Config& config, std::span<const Token> ids, uint32_t n_past,
                    uint32_t capacity) {
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || static_cast<uint32_t>(ids[i]) >= config.n_vocab) {
      return fail(Errc::invalid_argument,
                  "token {} at place {} is not in the vocabulary of {} tokens", ids[i], i,
                  config.n_vocab);
    }
  }
  if (ids.size() > capacity - n_past) {
    return fail(Errc::exhausted, "{} more tokens do not fit behind {} in a context of {}",
                ids.size(), n_past, capacity);
  }
  return {};
}

Result<> check_mtp_rows(const Config& config, uint32_t head, std::span<const Token> ids,
                        std::span<const float> hidden, uint32_t n_past, uint32_t capacity) {
  if (head >= config.n_mtp) {
    return fail(Errc::invalid_argument, "MTP head {} was asked for, but the model has {}", head,
                config.n_mtp);
  }
  if (hidden.size() != ids.size() * config.n_embd) {
    return fail(Errc::invalid_argument,
                "MTP head {} got {} hidden values for {} tokens of width {}", head, hidden.size(),
                ids.size(), config.n_embd);
  }
  return check_rows(config, ids, n_past, capacity);
}

}  // namespace stride::model
