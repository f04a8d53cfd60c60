// SPDX-License-Identifier: Apache-2.0
// Answers in JSON: objects from facts, to a schema with nesting, enums and lists, strings that need
// escapes, arrays, edits of a given object and values looked up in one.
#include <fmt/core.h>

#include "json/json.h"
#include "nano/chat_table.h"
#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/sentences.h"
#include "nano/skills.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

// One field: its name, its value, its schema and how a sentence says it ({n} is the subject).
struct Field {
  std::string name;
  Json value;
  Json schema;
  std::string said;
};

Field string_field(std::string_view name, std::string_view value, std::string said) {
  return {std::string(name), Json(value), {{"type", "string"}}, std::move(said)};
}

Field make_field(Random& random, uint64_t which) {
  switch (which) {
    case 0: {
      const int64_t age = between(random, 5, 90);
      return {"age", age, {{"type", "integer"}}, fmt::format("is {} years old", age)};
    }
    case 1: {
      const auto city = pick(random, cities());
      return string_field("city", city, fmt::format("lives in {}", city));
    }
    case 2: {
      const auto job = pick(random, jobs());
      return string_field("job", job, fmt::format("works as a {}", job));
    }
    case 3: {
      const auto likes = pick_some(random, hobbies(), 1 + random.below(3));
      return {"likes",
              Json(likes),
              {{"type", "array"}, {"items", {{"type", "string"}}}},
              fmt::format("likes {}", join_and(likes))};
    }
    case 4: {
      const bool married = chance(random, 0.5);
      return {"married", married, {{"type", "boolean"}}, married ? "is married" : "is not married"};
    }
    case 5: {
      const auto kind = pick(random, animals());
      const auto name = pick(random, names());
      return {"pet",
              {{"kind", kind}, {"name", name}},
              {{"type", "object"},
               {"properties", {{"kind", {{"type", "string"}}}, {"name", {{"type", "string"}}}}},
               {"required", {"kind", "name"}}},
              fmt::format("has {} named {}", with_article(kind), name)};
    }
    case 6: {
      const auto size = pick(random, {"small", "medium", "large"});
      return {"size",
              Json(size),
              {{"enum", {"small", "medium", "large"}}},
              fmt::format("wears size {}", size)};
    }
    default: {
      const auto country = pick(random, countries());
      return string_field("country", country, fmt::format("comes from {}", country));
    }
  }
}

std::vector<Field> make_person(Random& random, double level) {
  const std::string name(pick(random, names()));
  std::vector<Field> fields = {string_field("name", name, name)};
  std::vector<uint64_t> which = {0, 1, 2, 3, 4, 5, 6, 7};
  shuffle(random, which);
  which.resize(1 + random.below(2 + static_cast<uint64_t>(level * 3)));
  for (const uint64_t w : which) fields.push_back(make_field(random, w));
  return fields;
}

std::string describe(const std::vector<Field>& fields) {
  std::vector<std::string> said;
  for (size_t i = 1; i < fields.size(); ++i) said.push_back(fields[i].said);
  return fmt::format("{} {}.", fields[0].said, join_and(said));
}

Sample finish(Random& random, std::string_view kind, std::string key, std::string text,
              const Json& value, const Json& schema, std::string medium, std::string high) {
  Sample sample = question(Skill::json, kind, std::move(key), std::move(text));
  sample.effort = pick_effort(random);
  std::string dump = json::python_dump(value);
  sample.check = JsonCheck{schema.is_null() ? std::string() : json::python_dump(schema), dump};
  answer(sample, reasoning_for(sample.effort, std::move(medium), std::move(high)), std::move(dump));
  return sample;
}

Sample make_object(Random& random, double level) {
  const std::vector<Field> fields = make_person(random, level);
  Json value = Json::object(), properties = Json::object(), required = Json::array();
  std::vector<std::string> list, steps;
  for (const Field& field : fields) {
    value[field.name] = field.value;
    properties[field.name] = field.schema;
    required.push_back(field.name);
    list.push_back(field.name);
    steps.push_back(fmt::format("{} = {}", field.name, json::python_str(field.value)));
  }
  Json schema = {{"type", "object"}, {"properties", properties}, {"required", required}};
  const std::string said = describe(fields);
  std::string medium = fmt::format("keys: {}", join(list, ", "));
  std::string high = join(steps, "\n");
  if (chance(random, 0.45)) {
    std::string text = fill(pick(random, {"Answer in JSON that fits this schema: {s}\n{t}",
                                          "{t}\nGive JSON for this schema: {s}",
                                          "Extract as JSON with the schema {s}\nText: {t}"}),
                            {{"s", json::python_dump(schema)}, {"t", said}});
    return finish(random, "schema", "json:" + said, std::move(text), value, schema,
                  std::move(medium), std::move(high));
  }
  std::string text =
      fill(pick(random,
                {"{t} Write this as JSON with the keys {k}.", "Give me a JSON object with {k}. {t}",
                 "Convert to JSON with keys {k}: {t}", "{t}\nReturn only JSON: {k}."}),
           {{"t", said}, {"k", join_and(list)}});
  return finish(random, "object", "json:" + said, std::move(text), value, schema, std::move(medium),
                std::move(high));
}

Sample make_array(Random& random) {
  Json value = Json::array();
  std::vector<std::string> items;
  const bool numbers = chance(random, 0.4);
  if (numbers) {
    for (size_t i = 0, n = 2 + random.below(5); i < n; ++i) {
      const int64_t number = pick_digits(random, static_cast<int>(between(random, 1, 3)));
      value.push_back(number);
      items.push_back(std::to_string(number));
    }
  } else {
    items = pick_some(random, chance(random, 0.5) ? common_words() : cities(), 2 + random.below(5));
    for (const std::string& item : items) value.push_back(item);
  }
  const Json schema = {{"type", "array"}, {"items", {{"type", numbers ? "integer" : "string"}}}};
  return finish(random, "array", "array:" + join(items, ","),
                fill(pick(random, {"Write as a JSON array: {l}", "Make a JSON list of {l}.",
                                   "Turn this into a JSON array: {l}"}),
                     {{"l", join(items, ", ")}}),
                value, schema, fmt::format("{} items", items.size()),
                fmt::format("There are {} items.\nEach is {}.", items.size(),
                            numbers ? "a number" : "a string in quotes"));
}

// A question in plain words whose answer is wanted as an object: short strings that end.
Sample make_asked(Random& random) {
  const FactGroup& group = fact_groups()[random.below(fact_groups().size())];
  const auto& [a, b] = group.pairs[random.below(group.pairs.size())];
  const std::string ask =
      fill(pick(random, Strings(group.asked)), {{"a", std::string(a)}, {"b", std::string(b)}});
  Json value = Json::object();
  std::vector<std::string> keys = {
      std::string(pick(random, {"answer", "result", "name", "word", "value", "city", "text"}))};
  value[keys[0]] = b;
  if (chance(random, 0.6)) {
    keys.emplace_back(pick(random, {"rank", "count", "number", "sure", "known"}));
    const bool flag = keys[1] == "sure" || keys[1] == "known";
    value[keys[1]] = flag ? Json(true) : Json(1);
  }
  const bool in_system = chance(random, 0.5);
  const std::string list = join_and(keys);
  const std::string rule = fill(pick(random, {"Answer as JSON with {k}.", "Reply in JSON: {k}.",
                                              "Give me a JSON object with {k}."}),
                                {{"k", list}});
  const std::string found = fmt::format("{} of {}: {}", group.name, a, b);
  Sample sample = finish(random, "asked", fmt::format("asked:{}:{}:{}", group.name, a, list),
                         in_system ? ask : fmt::format("{} {}", ask, rule), value, Json(), found,
                         fmt::format("{}\nThe keys are {}.", found, list));
  if (in_system) sample.system = rule;
  return sample;
}

Sample make_escape(Random& random) {
  const std::string name(pick(random, names())), word(pick(random, common_words())),
      other(pick(random, common_words()));
  std::string text, rule;
  switch (random.below(4)) {
    case 0:
      text = fmt::format("{} said \"{}\"", name, word);
      rule = "quotes need \\\"";
      break;
    case 1:
      text = fmt::format("C:\\{}\\{}.txt", word, other);
      rule = "a backslash becomes \\\\";
      break;
    case 2:
      text = fmt::format("{}\n{}", word, other);
      rule = "a new line becomes \\n";
      break;
    default:
      text = fmt::format("the \"{}\" and the \"{}\"", word, other);
      rule = "quotes need \\\"";
  }
  const std::string field(pick(random, {"text", "note", "value", "message"}));
  const Json value = {{field, text}};
  const Json schema = {
      {"type", "object"}, {"properties", {{field, {{"type", "string"}}}}}, {"required", {field}}};
  return finish(random, "escape", "escape:" + text,
                fill(pick(random, {"Put this text into a JSON object under the key {k}: {t}",
                                   "Write JSON with the key {k} and this value: {t}"}),
                     {{"k", field}, {"t", text}}),
                value, schema, rule, fmt::format("The key is {}.\nIn JSON {}.", field, rule));
}

Sample make_edit(Random& random, double level) {
  const std::vector<Field> fields = make_person(random, level * 0.6);
  Json value = Json::object();
  for (const Field& field : fields) value[field.name] = field.value;
  const std::string before = json::python_dump(value);
  const bool add = chance(random, 0.35);
  const int64_t number = between(random, 1, 99);
  const std::string city(pick(random, cities()));
  std::string what, field;
  if (add) {
    field = std::string(pick(random, {"score", "floor", "visits"}));
    value[field] = number;
    what = fmt::format("Add the key {} with the value {}.", field, number);
  } else if (value.contains("age")) {
    field = "age";
    value["age"] = number;
    what = fmt::format("Set age to {}.", number);
  } else {
    field = "name";
    const std::string name(pick(random, names()));
    value["name"] = name;
    what = fmt::format("Change the name to {}.", name);
  }
  return finish(
      random, "edit", "edit:" + before + what, fmt::format("{} {}", what, before), value, Json(),
      fmt::format("{} = {}", field, json::python_str(value[field])),
      fmt::format("Only {} changes.\n{} = {}", field, field, json::python_str(value[field])));
}

Sample make_lookup(Random& random, double level) {
  const std::vector<Field> fields = make_person(random, level);
  Json value = Json::object();
  for (const Field& field : fields) value[field.name] = field.value;
  const Field& wanted = fields[random.below(fields.size())];
  const bool pet = wanted.name == "pet";
  const std::string path = pet ? "pet.name" : wanted.name;
  const Json& found = pet ? wanted.value["name"] : wanted.value;
  std::string shown = found.is_string() ? found.get<std::string>() : json::python_dump(found);
  const std::string text = json::python_dump(value);
  Sample sample =
      question(Skill::json, "lookup", "lookup:" + text + path,
               fill(pick(random, {"What is {p} in {j}?", "Read the value of {p} from {j}",
                                  "{j}\nWhat is the value of {p}?"}),
                    {{"p", path}, {"j", text}}));
  sample.effort = pick_effort(random);
  answer(sample,
         reasoning_for(sample.effort, fmt::format("{}: {}", path, shown),
                       fmt::format("I look for {}.\n{}: {}", path, path, shown)),
         shown);
  sample.check = TextCheck{shown};
  return sample;
}

}  // namespace

Sample make_json(Random& random, const Difficulty& difficulty) {
  const uint64_t roll = random.below(100);
  if (roll < 40) return make_object(random, difficulty.level);
  if (roll < 55) return make_asked(random);
  if (roll < 65) return make_array(random);
  if (roll < 75) return make_escape(random);
  if (roll < 87) return make_edit(random, difficulty.level);
  return make_lookup(random, difficulty.level);
}

}  // namespace stride::nano
