// SPDX-License-Identifier: Apache-2.0
// Lists as the JSON texts that the store keeps in its columns. What a damaged database holds is
// refused with one sentence.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gauntlet/attempt.h"

namespace stride::gauntlet {

std::string encode_calls(std::span<const CapturedCall> calls);
Result<std::vector<CapturedCall>> decode_calls(std::string_view text);

std::string encode_numbers(std::span<const double> values);
Result<std::vector<double>> decode_numbers(std::string_view text);

std::string encode_strings(std::span<const std::string> values);
Result<std::vector<std::string>> decode_strings(std::string_view text);

}  // namespace stride::gauntlet
