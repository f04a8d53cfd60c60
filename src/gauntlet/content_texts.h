// SPDX-License-Identifier: Apache-2.0
// What the content generation test asks to write about: the subject, the four concepts a text has
// to bring in, and a reference of exactly 200 words.
#pragma once

#include <string_view>
#include <vector>

namespace stride::gauntlet {

struct ContentTopic {
  struct Concept {
    std::string_view name;
    std::vector<std::string_view> patterns;  // any of them, within one sentence
  };

  std::string_view subject;
  std::string_view mention;
  std::vector<Concept> concepts;
  std::string_view reference;
};

const std::vector<ContentTopic>& content_topics();

}  // namespace stride::gauntlet
