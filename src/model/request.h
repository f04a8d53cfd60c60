// SPDX-License-Identifier: Apache-2.0
// What both implementations check before they touch a sequence, so that a refused request changes
// nothing.
#pragma once

#include <span>

#include "model/model.h"

namespace stride::model {

// The ids are in the vocabulary and fit behind the n_past tokens that the sequence holds, and no
// more of them are drafts than there are heads to guess them.
Result<> check_rows(const Config& config, const Request& request, uint32_t n_past,
                    uint32_t capacity);

// The same for an MTP head, which must exist and have a hidden row for each id.
Result<> check_mtp_rows(const Config& config, uint32_t head, const Request& request,
                        std::span<const float> hidden, uint32_t n_past, uint32_t capacity);

}  // namespace stride::model
