// SPDX-License-Identifier: Apache-2.0
// Lines of JSON for a log: one for each HTTP exchange, and one more for each answer of the model.
// No text of prompts or answers, and no key, ever stands in them.
#pragma once

#include <string>

#include "api/answer.h"
#include "net/http_message.h"

namespace stride::api {

std::string access_line(const net::AccessRecord& record);
std::string answer_line(const AnswerReport& report, std::string_view request_id,
                        std::string_view client);

std::string_view dialect_name(Dialect dialect);

}  // namespace stride::api
