// SPDX-License-Identifier: Apache-2.0
#include "api/encoder.h"

namespace stride::api {

std::unique_ptr<Encoder> make_encoder(const ChatCall& call, AnswerContext context) {
  switch (call.dialect) {
    case Dialect::completions:
      return make_completions_encoder(call, std::move(context));
    case Dialect::responses:
      return make_responses_encoder(call, std::move(context));
    case Dialect::messages:
      return make_messages_encoder(call, std::move(context));
    case Dialect::chat:
      break;
  }
  return make_chat_encoder(call, std::move(context));
}

}  // namespace stride::api
