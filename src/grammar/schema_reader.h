// SPDX-License-Identifier: Apache-2.0
// JSON Schema resolved to what a value must look like: $ref, allOf, anyOf, oneOf, not, if and enum
// dissolve into alternatives, each a plain conjunction of constraints on one value.
//
// The schemas of members and items stay schemas: a place in a value is described by the set of all
// schemas that apply to it (a Conjunction). There are finitely many such sets, so recursive schemas
// end.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "grammar/grammar.h"
#include "grammar/number.h"
#include "json/json.h"

namespace stride::grammar {

// Ascending addresses, without repetition. Of none: any value.
using Conjunction = std::vector<const Json*>;

namespace kinds {
inline constexpr uint8_t kNull = 1, kTrue = 2, kFalse = 4, kNumber = 8, kString = 16, kArray = 32,
                         kObject = 64, kAll = 127;
}  // namespace kinds

// The keywords of one schema on objects; which keys are "additional" is a matter of one schema.
struct ObjectPart {
  std::vector<std::pair<std::string, const Json*>> properties{};
  std::vector<std::pair<std::string, const Json*>> patterns{};
  const Json* additional = nullptr;
};

struct ArrayPart {
  std::vector<const Json*> prefix{};
  const Json* items = nullptr;
};

struct Shape {
  uint8_t kinds = kinds::kAll;
  std::string place{};  // of the first schema, for messages
  // Scalars by their canonical spelling (see json_text.h).
  using Scalars = std::map<std::string, Json>;
  std::optional<Scalars> values{};  // where there, nothing else is allowed
  Scalars excluded{};

  NumberRules number{};
  bool fraction = false;  // no integers

  size_t min_length = 0;
  std::optional<size_t> max_length{};
  std::vector<std::string> patterns{}, unmatched{}, formats{};

  std::vector<ObjectPart> objects{};
  std::vector<const Json*> names{};  // schemas of all keys
  std::set<std::string> required{};
  size_t min_properties = 0;
  std::optional<size_t> max_properties{};

  std::vector<ArrayPart> arrays{};
  size_t min_items = 0;
  std::optional<size_t> max_items{};
  const Json* contains = nullptr;
  size_t min_contains = 1;
  bool unique = false;
};

class SchemaReader {
 public:
  SchemaReader(const Json& root, Enforcement enforcement);

  // The alternatives of a value to which all these schemas apply; none: no value is allowed.
  Result<std::vector<Shape>> expand(const Conjunction& schemas);

  // The schemas that apply to the member `key`, and to the item at `index`.
  Result<Conjunction> member(const Shape& shape, const std::string& key);
  Conjunction item(const Shape& shape, size_t index) const;

  bool is_exact() const { return enforcement_ == Enforcement::exact; }
  // The automaton of the texts in which the regular expression matches.
  Result<const Dfa*> pattern(const std::string& source);
  // Counts the states of an automaton that was built. Errors: exhausted, once they are too many.
  Result<void> spend(const Dfa& dfa);

  // The schema of everything but strings.
  const Json* not_a_string();
  // Where a schema stands, as a JSON pointer.
  const std::string& place_of(const Json* schema) const;
  // In best_effort, success: the keyword is left out.
  Result<void> unsupported(const std::string& place, std::string_view keyword,
                           std::string_view why = "") const;

 private:
  // A conjunction that is being read: what is known, what is still to be read, and the lists of
  // which one schema each must be chosen.
  struct Branch {
    Shape shape{};
    std::vector<const Json*> pending{};
    std::set<const Json*> seen{};
    std::vector<std::vector<const Json*>> choices{};
  };

  // They return false where no value is possible.
  Result<bool> apply(const Json& schema, Branch& branch);
  Result<void> apply_type(const Json& value, const std::string& place, Shape& shape);
  Result<bool> apply_number(const std::string& key, const Json& value, const std::string& place,
                            Shape& shape);
  Result<bool> apply_string(const std::string& key, const Json& value, const std::string& place,
                            Shape& shape);
  Result<bool> apply_count(const std::string& key, const Json& value, const std::string& place,
                           Shape& shape);
  Result<void> apply_object(const Json& schema, const std::string& place, Shape& shape);
  Result<void> apply_array(const Json& schema, const std::string& place, Shape& shape);
  Result<void> apply_combination(const Json& schema, const std::string& place, Branch& branch);
  Result<void> apply_values(const Json* source, const std::vector<Json>& values,
                            const std::string& place, Branch& branch);
  Result<void> apply_one_of(const Json& list, const std::string& place, Branch& branch);
  Result<void> apply_if(const Json& schema, const std::string& place, Branch& branch);
  Result<void> apply_dependents(const Json& schema, const std::string& place, Branch& branch);
  Result<void> refuse_rest(const Json& schema, const std::string& place) const;

  Result<std::vector<const Json*>> read_list(const Json& schema, std::string_view key,
                                             const std::string& place);
  Result<const Json*> resolve(const Json& ref, const std::string& place);
  // A schema of exactly the values that `schema` refuses.
  Result<const Json*> negate(const Json* schema);
  Result<void> negate_keyword(const Json& schema, const std::string& key, const Json& value,
                              Json& branches);
  static bool negate_limit(const std::string& key, const Json& value, Json& branches);
  static void negate_type(const Json& value, Json& branches);
  static bool negate_parts(const Json& schema, const std::string& key, const Json& value,
                           Json& branches);
  Result<bool> negate_combination(const std::string& key, const Json& value,
                                  const std::string& place, Json& branches);
  bool are_disjoint(const Json* a, const Json* b, size_t depth);
  bool are_disjoint(const Shape& a, const Shape& b, size_t depth);

  const Json* own(Json schema, const std::string& place);
  // A schema that stands for this one, in schemas that are made here.
  Json refer(const Json* schema);
  // The schemas that were made of `source`: the same ones each time, or recursion would not end.
  template <class Make>
  const std::vector<const Json*>& options_of(const Json* source, Make make) {
    const auto known = options_.find(source);
    return known != options_.end() ? known->second : options_[source] = make();
  }
  const Json* note(const Json& schema, std::string place);

  const Json& root_;
  Enforcement enforcement_;
  std::deque<Json> owned_;
  std::vector<const Json*> referred_;
  std::map<std::string, const Json*> resolved_;  // by what $ref says
  std::map<const Json*, std::string> places_;
  std::map<const Json*, const Json*> negations_;  // nullptr: being made
  std::map<const Json*, std::vector<const Json*>> options_;
  std::map<std::string, Dfa> patterns_;
  size_t n_built_ = 0;
  const Json* not_a_string_ = nullptr;
  size_t n_expanded_ = 0;
};

// The token of a JSON pointer for a key.
std::string pointer_token(std::string_view key);

}  // namespace stride::grammar
