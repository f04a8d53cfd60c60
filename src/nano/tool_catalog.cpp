// SPDX-License-Identifier: Apache-2.0
#include "nano/tool_catalog.h"

#include <fmt/core.h>

#include <algorithm>

#include "json/json.h"
#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/sentences.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

enum class Kind : uint8_t {
  city,
  country,
  person,
  food,
  thing,
  colour,
  animal,
  word,
  hobby,
  job,
  weekday,
  count,   // integer 1..20
  amount,  // integer 10..999
  clock,   // "14:30"
  email,
  file,
  text,
  truth,
  unit,
  level,
  language,
};

struct Param {
  std::string_view name;
  Kind kind;
  std::string_view help;
  bool required = true;
};

// {param} stands for a value, {x} and {y} for numbers and {w} for a word of the result. The
// arguments of a call are exactly the parameters that its request names.
struct Tool {
  std::vector<std::string_view> names;
  std::string_view help;
  std::vector<Param> params;
  std::vector<std::string_view> requests;
  std::string_view result;
  std::string_view answer;
  std::string_view vague = {};  // a request without the first parameter
};

// NOLINTNEXTLINE(readability-function-size): a table
const std::vector<Tool>& table() {
  static const std::vector<Tool> kTable = {
      {{"get_weather", "weather", "fetch_weather"},
       "Get the current weather of a city",
       {{"city", Kind::city, "Name of the city"},
        {"unit", Kind::unit, "Unit of temperature", false}},
       {"What is the weather in {city}?", "How is the weather in {city} today?",
        "Is it warm in {city}?", "Tell me the weather in {city} in {unit}.",
        "What is the temperature in {city} in {unit}?"},
       "{\"temperature\": {x}, \"sky\": \"{w}\"}",
       "In {city} it is {x} degrees and {w}.",
       "What is the weather like?"},
      {{"get_time", "current_time", "time_in"},
       "Get the local time of a city",
       {{"city", Kind::city, "Name of the city"}},
       {"What time is it in {city}?", "Tell me the time in {city}.", "How late is it in {city}?"},
       "{x}:{y}",
       "It is {x}:{y} in {city}.",
       "What time is it there?"},
      {{"send_email", "send_mail", "mail"},
       "Send an email",
       {{"to", Kind::email, "Address of the receiver"},
        {"subject", Kind::word, "Subject line"},
        {"body", Kind::text, "Text of the mail", false}},
       {"Send an email to {to} with the subject {subject}.",
        "Write a mail to {to}, subject {subject}.",
        "Mail {to} with subject {subject} and say: {body}"},
       "sent",
       "I sent the email to {to}."},
      {{"set_timer", "start_timer", "timer"},
       "Start a timer",
       {{"minutes", Kind::count, "Length in minutes"}},
       {"Set a timer for {minutes} minutes.", "Start a timer of {minutes} minutes.",
        "Timer {minutes} minutes, please."},
       "ok",
       "The timer runs for {minutes} minutes.",
       "Set a timer, please."},
      {{"set_alarm", "alarm"},
       "Set an alarm",
       {{"time", Kind::clock, "Time as hh:mm"}, {"label", Kind::word, "Name of the alarm", false}},
       {"Wake me up at {time}.", "Set an alarm for {time}.",
        "Set an alarm for {time} called {label}."},
       "ok",
       "The alarm is set for {time}."},
      {{"search", "web_search", "search_web"},
       "Search the web",
       {{"query", Kind::hobby, "What to search for"},
        {"limit", Kind::count, "Most results", false}},
       {"Search for {query}.", "Look up {query} on the web.", "Find {limit} pages about {query}."},
       "{x} pages, best: {w}.org",
       "I found {x} pages. The best is {w}.org."},
      {{"read_file", "open_file", "cat"},
       "Read a file",
       {{"path", Kind::file, "Path of the file"}},
       {"Read the file {path}.", "Show me {path}.", "What does {path} say?", "Open {path}."},
       "{w} {x}",
       "The file says: {w} {x}",
       "Read the file for me."},
      {{"write_file", "save_file"},
       "Write text to a file",
       {{"path", Kind::file, "Path of the file"}, {"content", Kind::text, "Text to write"}},
       {"Write to the file {path}: {content}", "Save this in {path}: {content}",
        "Put this into {path}: {content}"},
       "written",
       "I wrote the text to {path}."},
      {{"list_files", "ls", "list_dir"},
       "List the files of a folder",
       {{"folder", Kind::word, "Name of the folder"}},
       {"Which files are in the folder {folder}?", "List the folder {folder}.",
        "Show the files in {folder}."},
       "{w}.txt\n{w}.md",
       "The folder holds {w}.txt and {w}.md."},
      {{"add_to_list", "add_item"},
       "Put an item on the shopping list",
       {{"item", Kind::food, "The item"}, {"amount", Kind::count, "How many", false}},
       {"Put {item} on my shopping list.", "Add {item} to the list.",
        "Add {amount} of {item} to the shopping list."},
       "ok",
       "I added {item} to the list.",
       "Add something to my list."},
      {{"translate", "translate_text"},
       "Translate a word",
       {{"text", Kind::word, "Word to translate"}, {"language", Kind::language, "Target language"}},
       {"Translate {text} to {language}.", "What is {text} in {language}?",
        "How do you say {text} in {language}?"},
       "{w}",
       "In {language} that is {w}."},
      {{"book_table", "reserve_table"},
       "Book a table in a restaurant",
       {{"people", Kind::count, "Number of guests"},
        {"day", Kind::weekday, "Day of the week"},
        {"time", Kind::clock, "Time as hh:mm"}},
       {"Book a table for {people} people on {day} at {time}.",
        "Reserve a table on {day} at {time} for {people}."},
       "booked, number {x}",
       "The table is booked. Your number is {x}."},
      {{"get_price", "price_of", "lookup_price"},
       "Get the price of a product",
       {{"product", Kind::thing, "Name of the product"}},
       {"How much is a {product}?", "What does a {product} cost?",
        "Get the price of the {product}."},
       "{x}",
       "It costs {x}.",
       "How much does it cost?"},
      {{"convert_money", "exchange"},
       "Convert an amount of money",
       {{"amount", Kind::amount, "The amount"},
        {"country", Kind::country, "Country whose money is wanted"}},
       {"Change {amount} dollars into the money of {country}.",
        "How much is {amount} dollars in {country}?"},
       "{x}",
       "That is {x}."},
      {{"turn_on_light", "light_on"},
       "Switch on a light",
       {{"room", Kind::word, "Name of the light"},
        {"colour", Kind::colour, "Colour of the light", false}},
       {"Switch on the light {room}.", "Turn on the {room} light.",
        "Make the light {room} {colour}."},
       "on",
       "The light {room} is on."},
      {{"set_volume", "volume"},
       "Set the volume of the speaker",
       {{"level", Kind::count, "From 0 to 20"}},
       {"Set the volume to {level}.", "Make the volume {level}.", "Volume {level}."},
       "ok",
       "The volume is {level} now.",
       "Change the volume."},
      {{"play_music", "play"},
       "Play music",
       {{"artist", Kind::person, "Who sings"}, {"shuffle", Kind::truth, "Random order", false}},
       {"Play songs by {artist}.", "Play something by {artist}.",
        "Play {artist} with shuffle {shuffle}."},
       "playing",
       "I am playing {artist}.",
       "Play some music."},
      {{"find_contact", "get_contact", "lookup_person"},
       "Find the phone number of a person",
       {{"name", Kind::person, "Name of the person"}},
       {"What is the phone number of {name}?", "Find the number of {name}.",
        "Look up {name} in my contacts."},
       "{\"phone\": \"{x}-{y}\"}",
       "The number of {name} is {x}-{y}.",
       "What is the phone number?"},
      {{"create_event", "add_event"},
       "Add an event to the calendar",
       {{"title", Kind::hobby, "What it is"},
        {"day", Kind::weekday, "Day of the week"},
        {"time", Kind::clock, "Time as hh:mm", false}},
       {"Add {title} to my calendar on {day}.", "Put {title} on {day} at {time} in the calendar.",
        "Plan {title} for {day}."},
       "added",
       "{title} is in your calendar on {day}."},
      {{"calculate", "calculator"},
       "Compute with large numbers",
       {{"a", Kind::amount, "First number"},
        {"b", Kind::amount, "Second number"},
        {"operation", Kind::level, "What to do"}},
       {"Use the calculator: {operation} {a} and {b}.",
        "Let the calculator {operation} {a} and {b}."},
       "{x}",
       "The result is {x}."},
      {{"count_stock", "get_stock"},
       "How many pieces are in the store",
       {{"item", Kind::thing, "Name of the item"},
        {"city", Kind::city, "City of the store", false}},
       {"How many {item} pieces are in stock?", "Check the stock of {item}.",
        "How many {item} pieces are in the store in {city}?"},
       "{\"count\": {x}}",
       "There are {x} in stock."},
      {{"find_route", "get_route"},
       "Find the way between two cities",
       {{"start", Kind::city, "Start"}, {"goal", Kind::city, "Goal"}},
       {"How do I get from {start} to {goal}?", "Find a route from {start} to {goal}.",
        "Plan a trip from {start} to {goal}."},
       "{\"km\": {x}, \"hours\": {y}}",
       "It is {x} km and takes {y} hours."},
      {{"feed_animal", "feed"},
       "Feed an animal of the zoo",
       {{"animal", Kind::animal, "Which animal"}, {"food", Kind::food, "What to give"}},
       {"Feed the {animal} with {food}.", "Give the {animal} some {food}."},
       "done",
       "The {animal} got its {food}."},
      {{"find_jobs", "search_jobs"},
       "Search open jobs",
       {{"job", Kind::job, "Kind of work"}, {"city", Kind::city, "Where"}},
       {"Find jobs for a {job} in {city}.", "Are there {job} jobs in {city}?"},
       "{x} jobs",
       "There are {x} jobs for a {job} in {city}."},
      {{"run_tests", "test"},
       "Run the tests of a project",
       {{"project", Kind::word, "Name of the project"},
        {"verbose", Kind::truth, "Print more", false}},
       {"Run the tests of {project}.", "Test the project {project}.",
        "Run the tests of {project} with verbose {verbose}."},
       "{x} passed, {y} failed",
       "{x} tests passed and {y} failed."},
  };
  return kTable;
}

std::string make_value(Random& random, Kind kind) {
  switch (kind) {
    case Kind::city:
      return std::string(pick(random, cities()));
    case Kind::country:
      return std::string(pick(random, countries()));
    case Kind::person:
      return std::string(pick(random, names()));
    case Kind::food:
      return std::string(pick(random, foods()));
    case Kind::thing:
      return std::string(pick(random, things()));
    case Kind::colour:
      return std::string(pick(random, colours()));
    case Kind::animal:
      return std::string(pick(random, animals()));
    case Kind::word:
      return std::string(pick(random, common_words()));
    case Kind::hobby:
      return std::string(pick(random, hobbies()));
    case Kind::job:
      return std::string(pick(random, jobs()));
    case Kind::weekday:
      return std::string(pick(random, weekdays()));
    case Kind::count:
      return std::to_string(between(random, 2, 20));
    case Kind::amount:
      return std::to_string(between(random, 10, 999));
    case Kind::clock:
      return fmt::format("{}:{:02}", between(random, 6, 22), between(random, 0, 11) * 5);
    case Kind::email:
      return fmt::format("{}@{}.com", lower(pick(random, names())), pick(random, common_words()));
    case Kind::file:
      return fmt::format("{}.{}", pick(random, common_words()),
                         pick(random, {"txt", "md", "json", "py"}));
    case Kind::text:
      return filler_sentence(random);
    case Kind::truth:
      return chance(random, 0.5) ? "true" : "false";
    case Kind::unit:
      return std::string(pick(random, {"celsius", "fahrenheit"}));
    case Kind::level:
      return std::string(pick(random, {"add", "multiply", "subtract"}));
    case Kind::language:
      return std::string(pick(random, {"French", "German", "Spanish", "Chinese", "Italian"}));
  }
  return {};
}

Json typed(Kind kind, const std::string& value) {
  if (kind == Kind::count || kind == Kind::amount) return Json(std::stoll(value));
  if (kind == Kind::truth) return Json(value == "true");
  return Json(value);
}

Json schema_of(const Param& param) {
  Json schema = Json::object();
  const bool whole = param.kind == Kind::count || param.kind == Kind::amount;
  schema["type"] = whole ? "integer" : param.kind == Kind::truth ? "boolean" : "string";
  if (param.kind == Kind::unit) schema["enum"] = {"celsius", "fahrenheit"};
  if (param.kind == Kind::level) schema["enum"] = {"add", "multiply", "subtract"};
  if (!param.help.empty()) schema["description"] = param.help;
  return schema;
}

std::string declaration(std::string_view name, std::string_view help,
                        std::span<const Param> params) {
  Json properties = Json::object(), required = Json::array();
  for (const Param& param : params) {
    properties[std::string(param.name)] = schema_of(param);
    if (param.required) required.push_back(param.name);
  }
  Json function = Json::object();
  function["name"] = name;
  function["description"] = help;
  function["parameters"] = {{"type", "object"}, {"properties", properties}, {"required", required}};
  Json tool = Json::object();
  tool["type"] = "function";
  tool["function"] = std::move(function);
  return json::python_dump(tool);
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

ToolUse use_tool(Random& random, const Tool& tool, std::string_view name) {
  ToolUse use;
  use.group = tool.names.front();
  use.name = name;
  use.schema = declaration(name, tool.help, tool.params);
  std::string request(pick(random, Strings(tool.requests)));
  std::string result(tool.result), answer(tool.answer);
  const std::string x = std::to_string(between(random, 10, 28)),
                    y = std::to_string(between(random, 10, 59));
  const std::string w(tool.names.front() == "get_weather"
                          ? pick(random, {"sunny", "cloudy", "rainy", "windy"})
                          : pick(random, common_words()));
  Json arguments = Json::object();
  for (const Param& param : tool.params) {
    const std::string slot = fmt::format("{{{}}}", param.name);
    std::string value = make_value(random, param.kind);
    while (request.find(value) != request.npos && param.kind == Kind::city)
      value = make_value(random, param.kind);
    if (request.find(slot) != request.npos) {
      arguments[std::string(param.name)] = typed(param.kind, value);
      use.arguments.push_back(fmt::format("{} = {}", param.name, value));
    }
    request = replace_all(std::move(request), slot, value);
    if (answer.find(slot) != answer.npos) answer = replace_all(std::move(answer), slot, value);
  }
  for (const auto& [slot, value] :
       {std::pair<std::string_view, const std::string&>{"{x}", x}, {"{y}", y}, {"{w}", w}}) {
    if (result.find(slot) != result.npos && answer.find(slot) != answer.npos)
      use.answer_must_hold.push_back(value);
    result = replace_all(std::move(result), slot, value);
    answer = replace_all(std::move(answer), slot, value);
  }
  use.request = std::move(request);
  use.call = {use.name, json::python_dump(arguments)};
  use.result = std::move(result);
  use.answer = capital(answer);
  return use;
}

// A function of a made-up name, asked for by that name.
ToolUse made_up(Random& random) {
  static constexpr std::string_view kVerbs[] = {"get",    "set",   "find", "make",
                                                "check",  "start", "stop", "update",
                                                "delete", "show",  "move", "count"};
  static constexpr Param kParams[] = {
      {"name", Kind::person, "", true},   {"city", Kind::city, "", true},
      {"count", Kind::count, "", true},   {"colour", Kind::colour, "", true},
      {"item", Kind::thing, "", true},    {"size", Kind::amount, "", true},
      {"day", Kind::weekday, "", true},   {"word", Kind::word, "", true},
      {"animal", Kind::animal, "", true}, {"force", Kind::truth, "", true},
      {"file", Kind::file, "", true},     {"limit", Kind::count, "", true}};
  ToolUse use;
  const std::string verb(pick(random, kVerbs)), noun(pick(random, common_words()));
  use.name = use.group = fmt::format("{}_{}", verb, noun);
  std::vector<Param> params(std::begin(kParams), std::end(kParams));
  shuffle(random, params);
  params.resize(1 + random.below(3));
  Json arguments = Json::object();
  std::vector<std::string> said;
  for (const Param& param : params) {
    const std::string value = make_value(random, param.kind);
    arguments[std::string(param.name)] = typed(param.kind, value);
    use.arguments.push_back(fmt::format("{} = {}", param.name, value));
    said.push_back(fmt::format("{} {}", param.name, value));
  }
  use.schema = declaration(use.name, capital(verb) + " the " + noun, params);
  use.request = fill(pick(random, {"Call {f} with {a}.", "Use {f} with {a}.",
                                   "Please {v} the {n} with {a}.", "Run {f}: {a}."}),
                     {{"f", use.name}, {"v", verb}, {"n", noun}, {"a", join_and(said)}});
  use.call = {use.name, json::python_dump(arguments)};
  const std::string x = std::to_string(between(random, 10, 999));
  use.result = fmt::format("{{\"status\": \"ok\", \"id\": {}}}", x);
  use.answer = fmt::format("Done. The id is {}.", x);
  use.answer_must_hold = {x};
  return use;
}

}  // namespace

ToolUse make_tool_use(Random& random) {
  if (chance(random, 0.25)) return made_up(random);
  const Tool& tool = pick_from(random, std::span<const Tool>(table()));
  return use_tool(random, tool, pick(random, Strings(tool.names)));
}

ToolUse make_tool_use_like(Random& random, const ToolUse& other) {
  for (const Tool& tool : table())
    if (tool.names.front() == other.group) return use_tool(random, tool, other.name);
  return make_tool_use(random);
}

MissingUse make_missing_use(Random& random) {
  std::vector<const Tool*> vague;
  for (const Tool& tool : table())
    if (!tool.vague.empty()) vague.push_back(&tool);
  const Tool& tool = *vague[random.below(vague.size())];
  MissingUse missing;
  missing.use = use_tool(random, tool, pick(random, Strings(tool.names)));
  missing.use.request = tool.vague;
  missing.missing = tool.params.front().name;
  missing.question = fmt::format("Which {} do you mean?", missing.missing);
  return missing;
}

}  // namespace stride::nano
