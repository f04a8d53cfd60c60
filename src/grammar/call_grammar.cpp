// SPDX-License-Identifier: Apache-2.0
// Answers that may call tools, in the form of the model's template:
//
//   <tool_call>
//   <function=NAME>
//   <parameter=KEY>
//   VALUE
//   </parameter>
//   </function>
//   </tool_call>
//
// A parameter that is plain text by its schema (see schema/coerce.h) holds any text up to the line
// that ends it; every other one holds a JSON text of its schema.
#include <algorithm>

#include "grammar/content.h"
#include "grammar/json_text.h"
#include "grammar/schema_compiler.h"
#include "json/json.h"
#include "schema/coerce.h"

namespace stride::grammar {
namespace {

constexpr uint32_t kMaxDepth = kMaxNesting + 8;  // the frames of a call around its values

struct Tool {
  std::string name;
  Json parameters;
  Enforcement enforcement;
};

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 256 && name.find_first_of(">\n\r") == name.npos;
}

Result<Tool> read_tool(const std::string& source, const std::string& place,
                       Enforcement enforcement) {
  Json tool = STRIDE_TRY_AT(place, parse_schema(source));
  const Json* wrapped = json::member(tool, "function");
  const Json& function = wrapped != nullptr ? *wrapped : tool;
  const std::string* name = json::string_member(function, "name");
  if (name == nullptr || !is_plain_name(*name)) {
    return fail(Errc::invalid_argument,
                "{}: a function needs a name of at most 256 bytes without '>' and line ends",
                place);
  }
  const Json* strict = json::member(function, "strict");
  if (strict != nullptr && strict->is_boolean() && strict->get<bool>()) {
    enforcement = Enforcement::exact;
  }
  const Json* parameters = json::member(function, "parameters");
  const bool none = parameters == nullptr || parameters->is_null();
  return Tool{*name, none ? Json::object() : *parameters, enforcement};
}

class CallCompiler {
 public:
  explicit CallCompiler(ProgramBuilder& builder) : builder_(builder) {}

  // Any number of calls from `first` on, each going on at what `behind` makes of the code of
  // another call; returns the place behind an opening marker.
  Result<Place> emit_call(const std::vector<Tool>& tools, Place behind) {
    const Place close =
        builder_.literal("</function>\n", builder_.marker(Marker::call_end, behind));
    const uint32_t names = builder_.add_object();
    builder_.object(names).terminator = '>';
    for (const Tool& tool : tools) {
      auto body = emit_function(tool, close);
      if (!body) {
        return within(fmt::format("tool \"{}\"", tool.name), std::move(body).error());
      }
      builder_.add_key(names, tool.name, {.target = builder_.literal("\n", *body)});
    }
    const Place name = builder_.emit(Op::open_object, builder_.emit(Op::key, 0, names), names);
    return builder_.literal("\n<function=", name);
  }

 private:
  struct Parameter {
    std::string name;
    Conjunction schemas;
    bool required = false;
  };

  Result<Place> emit_function(const Tool& tool, Place close) {
    auto strict = emit_parameters(tool, close);
    if (strict || tool.enforcement == Enforcement::exact) return strict;
    // A schema that cannot be read at all still declares names.
    Tool open = tool;
    open.parameters = Json::object();
    const Json* properties = json::member(tool.parameters, "properties");
    if (properties != nullptr && properties->is_object()) {
      size_t n_kept = 0;
      for (const auto& [name, schema] : properties->get_ref<const Json::object_t&>()) {
        if (n_kept++ < kMaxProperties) open.parameters["properties"][name] = true;
      }
    }
    return emit_parameters(open, close);
  }

  Result<std::vector<Parameter>> read_parameters(SchemaReader& reader, const Tool& tool) {
    std::vector<Parameter> out;
    std::vector<Shape> shapes = STRIDE_TRY(reader.expand({&tool.parameters}));
    std::erase_if(shapes, [](const Shape& shape) { return (shape.kinds & kinds::kObject) == 0; });
    if (shapes.size() > 1) {
      auto ok = reader.unsupported("", "anyOf", "alternatives of all parameters of a tool");
      if (!ok) return std::unexpected(std::move(ok).error());
    }
    if (shapes.empty()) return out;
    const Shape& shape = shapes[0];
    const auto add = [&](const std::string& name) -> Result<void> {
      const auto same = [&](const Parameter& known) { return known.name == name; };
      if (std::ranges::any_of(out, same)) return {};
      if (!is_plain_name(name)) {
        return reader.unsupported("/properties" + pointer_token(name), "properties",
                                  "the name does not fit the form of calls");
      }
      const bool required = shape.required.contains(name);
      out.push_back({name, STRIDE_TRY(reader.member(shape, name)), required});
      return {};
    };
    // Required ones first, so that a limit of the number never drops them.
    for (const std::string& name : shape.required) {
      if (auto ok = add(name); !ok) return std::unexpected(std::move(ok).error());
    }
    for (const ObjectPart& part : shape.objects) {
      for (const auto& [name, schema] : part.properties) {
        if (auto ok = add(name); !ok) return std::unexpected(std::move(ok).error());
      }
    }
    if (out.size() > kMaxProperties && reader.is_exact()) {
      return fail(Errc::exhausted, "schema at \"#\": \"properties\" declares more than {} keys",
                  kMaxProperties);
    }
    return out;
  }

  Result<Place> emit_parameters(const Tool& tool, Place close) {
    SchemaReader reader(tool.parameters, tool.enforcement);
    SchemaCompiler compiler(reader, builder_);
    const std::vector<Parameter> parameters = STRIDE_TRY(read_parameters(reader, tool));
    const uint32_t object = builder_.add_object();
    builder_.object(object).terminator = '>';
    builder_.object(object).limit = builder_.add_limit(0, {});
    const Place next = builder_.reserve();
    const Place end = builder_.literal(Program::kParameterEnd, next);
    uint32_t bit = 0;
    for (const Parameter& parameter : parameters) {
      const Place value = STRIDE_TRY(emit_value(reader, compiler, parameter.schemas, end, next));
      Object::Entry entry{.target = builder_.literal("\n", value)};
      if (bit < kMaxProperties) {
        if (parameter.required) builder_.object(object).required |= uint64_t{1} << bit;
        entry.bit = bit++;
      }
      builder_.add_key(object, parameter.name, entry);
    }
    if (auto ok = compiler.emit(); !ok) return std::unexpected(std::move(ok).error());
    std::vector<Place> ways{builder_.emit(Op::close_object, close, object)};
    if (!parameters.empty()) {
      const Place key = builder_.literal("<parameter=", builder_.emit(Op::key, 0, object));
      ways.push_back(builder_.emit(Op::more_keys, key, object));
    }
    builder_.define(next, ways);
    return builder_.emit(Op::open_object, builder_.split(ways), object);
  }

  // The value of a parameter. `end` is the line that ends it, `next` the place behind that line.
  Result<Place> emit_value(SchemaReader& reader, SchemaCompiler& compiler,
                           const Conjunction& schemas, Place end, Place next) {
    const std::vector<Shape> shapes = STRIDE_TRY(reader.expand(schemas));
    std::vector<Place> ways;
    bool others = false, any_text = false;
    for (const Shape& shape : shapes) {
      others |= (shape.kinds & ~kinds::kString) != 0;
      // A schema that says nothing about the kind means text.
      any_text |= shape.kinds == kinds::kAll && !shape.values;
      if ((shape.kinds & kinds::kString) == 0) continue;
      if (is_free_text(shape)) return builder_.dfa(free_text(), next);
      const auto way = STRIDE_TRY(emit_text(compiler, shape, end, next));
      if (way) ways.push_back(*way);
    }
    if (others && !any_text) {
      // The strings among the values are written as text, not as JSON.
      Conjunction rest = schemas;
      rest.push_back(reader.not_a_string());
      std::ranges::sort(rest);
      const uint32_t rule = STRIDE_TRY(compiler.rule_of(rest, ways.empty()));
      ways.push_back(builder_.emit(Op::call, end, rule));
    }
    if (ways.empty()) return fail(Errc::invalid_argument, "a parameter allows no value");
    return builder_.split(ways);
  }

  Result<std::optional<Place>> emit_text(SchemaCompiler& compiler, const Shape& shape, Place end,
                                         Place next) {
    std::optional<Dfa> text = STRIDE_TRY(compiler.text_dfa(shape));
    if (shape.values) {
      std::vector<std::string> words;
      for (const auto& [spelled, value] : *shape.values) {
        if (!value.is_string()) continue;
        const std::string& word = value.get_ref<const std::string&>();
        if (!text || text->matches(word)) words.push_back(word);
      }
      text = STRIDE_TRY(words_dfa(words));
    }
    if (text) {
      const Dfa fits = STRIDE_TRY(intersect(*text, without_dfa(Program::kParameterEnd)));
      if (fits.empty()) return std::optional<Place>();
      return std::optional(builder_.dfa(builder_.add_dfa(fits), end));
    }
    const uint32_t limit = builder_.add_limit(shape.min_length, shape.max_length);
    return std::optional(builder_.emit(Op::limit, builder_.emit(Op::raw_text, next), limit));
  }

  static bool is_free_text(const Shape& shape) {
    return !shape.values && shape.patterns.empty() && shape.formats.empty() &&
           shape.unmatched.empty() && shape.excluded.empty() && shape.min_length == 0 &&
           !shape.max_length;
  }

  uint32_t free_text() {
    return builder_.shared_dfa("text", [] { return until_dfa(Program::kParameterEnd); });
  }

  ProgramBuilder& builder_;
};

Result<std::vector<Tool>> read_tools(const std::vector<std::string>& sources,
                                     const CallRules& rules) {
  std::vector<Tool> out;
  size_t n_byte = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    n_byte += sources[i].size();
    Tool tool = STRIDE_TRY(read_tool(sources[i], fmt::format("tools[{}]", i), rules.enforcement));
    const bool allowed =
        rules.names.empty() || std::ranges::find(rules.names, tool.name) != rules.names.end();
    const auto same = [&](const Tool& known) { return known.name == tool.name; };
    // The last of one name wins, as it does for the parser of the output.
    std::erase_if(out, same);
    if (allowed) out.push_back(std::move(tool));
  }
  if (n_byte > 16 * kMaxSourceBytes) {
    return fail(Errc::exhausted, "tools: longer than {} bytes together", 16 * kMaxSourceBytes);
  }
  for (const std::string& name : rules.names) {
    const auto same = [&](const Tool& tool) { return tool.name == name; };
    if (std::ranges::none_of(out, same)) {
      return fail(Errc::invalid_argument, "tool_choice: there is no tool \"{}\"", name);
    }
  }
  return out;
}

}  // namespace

Result<GrammarPtr> compile_calls(const std::vector<std::string>& sources, const CallRules& rules) {
  using Choice = CallRules::Choice;
  const std::vector<Tool> tools = STRIDE_TRY(read_tools(sources, rules));
  if (tools.empty() && rules.choice == Choice::required) {
    return fail(Errc::invalid_argument, "tool_choice: a call is required but there are no tools");
  }
  ProgramBuilder builder;
  std::vector<Place> ways;
  const bool calls = rules.choice != Choice::none && !tools.empty();
  Place first_call = 0;
  if (calls) {
    const Place behind = builder.reserve();
    first_call = STRIDE_TRY(CallCompiler(builder).emit_call(tools, behind));
    std::vector<Place> next{builder.give_back()};
    if (rules.parallel) {
      const Place again = builder.marker(Marker::call_begin, first_call);
      next.push_back(again);
      next.push_back(builder.literal("\n", again));
    }
    builder.define(behind, next);
  }
  const bool has_answer = rules.answer_schema || rules.answer_is_object;
  if (rules.choice != Choice::required && has_answer) {
    const Json schema = rules.answer_schema ? STRIDE_TRY(parse_schema(*rules.answer_schema))
                                            : Json{{"type", "object"}};
    ways.push_back(STRIDE_TRY(emit_schema(schema, Enforcement::exact, builder)));
    if (calls) ways.push_back(builder.marker(Marker::call_begin, first_call));
  } else if (rules.choice == Choice::required) {
    ways.push_back(builder.marker(Marker::call_begin, first_call));
  } else {
    // Free text ends the answer, or is ended by the opening of a call however it is spelled.
    const uint32_t text = builder.add_dfa(without_dfa(marker_text(Marker::call_begin)));
    std::vector<Place> behind{builder.give_back()};
    if (calls) {
      const uint32_t opened = builder.add_dfa(until_dfa(marker_text(Marker::call_begin)));
      ways.push_back(builder.dfa(opened, first_call));
      // The spelling is read by the automaton beside; here only the token counts.
      const Place nowhere = builder.split({});
      behind.push_back(
          builder.emit(Op::marker, first_call, static_cast<uint32_t>(Marker::call_begin), nowhere));
    }
    ways.push_back(builder.dfa(text, builder.split(behind)));
  }
  return finish_content(std::move(builder), builder.split(ways), kMaxDepth);
}

}  // namespace stride::grammar
