// SPDX-License-Identifier: Apache-2.0
// Which questions a run asked: a digest over every frozen question with its limits, so that runs of
// changed questions are never compared.
#pragma once

#include <string>

namespace stride::gauntlet {

// 64 hexadecimal digits; the same for the same questions on every day.
std::string pack_sha();

}  // namespace stride::gauntlet
