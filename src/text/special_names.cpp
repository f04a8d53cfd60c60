// SPDX-License-Identifier: Apache-2.0
#include "text/special_names.h"

namespace stride::text {
namespace {

Token find_control(const Vocabulary& vocabulary, std::string_view name) {
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    if (vocabulary.kinds[i] == TokenKind::control && vocabulary.tokens[i] == name) {
      return static_cast<Token>(i);
    }
  }
  return -1;
}

}  // namespace

void set_roles_by_name(Vocabulary& vocabulary) {
  vocabulary.bos = find_control(vocabulary, kBeginOfText);
  vocabulary.eos = find_control(vocabulary, kEndOfTurn);
  if (vocabulary.eos < 0) vocabulary.eos = find_control(vocabulary, kEndOfText);
  vocabulary.pad = find_control(vocabulary, kPadding);
}

}  // namespace stride::text
