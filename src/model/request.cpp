// SPDX-License-Identifier: Apache-2.0
#include "model/request.h"

#include <algorithm>

namespace stride::model {

Result<> check_rows(const Config& config, const Request& request, uint32_t n_past,
                    uint32_t capacity) {
  const std::span<const Token> ids = request.ids;
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
  if (request.n_draft > std::min<size_t>(ids.size(), config.n_mtp)) {
    return fail(Errc::invalid_argument, "{} of {} tokens cannot be drafts of {} MTP heads",
                request.n_draft, ids.size(), config.n_mtp);
  }
  return {};
}

Result<> check_mtp_rows(const Config& config, uint32_t head, const Request& request,
                        std::span<const float> hidden, uint32_t n_past, uint32_t capacity) {
  if (head >= config.n_mtp) {
    return fail(Errc::invalid_argument, "MTP head {} was asked for, but the model has {}", head,
                config.n_mtp);
  }
  const size_t n_row = request.ids.size();
  if (hidden.size() != n_row * config.n_embd) {
    return fail(Errc::invalid_argument,
                "MTP head {} got {} hidden values for {} tokens of width {}", head, hidden.size(),
                n_row, config.n_embd);
  }
  return check_rows(config, request, n_past, capacity);
}

}  // namespace stride::model
