// SPDX-License-Identifier: Apache-2.0
#include "chat/tool_schemas.h"

#include <map>

#include "json/json.h"
#include "schema/coerce.h"
#include "schema/schema.h"

namespace stride::chat {
namespace {

// As deep as a request may be.
constexpr json::ParseOptions kExact{.max_depth = 128, .numbers = json::Numbers::exact};

struct Parameter {
  schema::NodeId node = schema::Schema::kRoot;
  bool plain_string = true;
};

struct Function {
  schema::Schema schema;
  // Filled for the properties of the root, which are nearly all there ever are.
  std::map<std::string, Parameter, std::less<>> parameters;

  std::optional<Parameter> find(std::string_view name) const {
    if (const auto found = parameters.find(name); found != parameters.end()) return found->second;
    const auto node = schema.property(name);
    if (!node) return {};
    return Parameter{*node, schema::is_plain_string(schema, *node)};
  }
};

Result<Function> compile_function(const Json& function) {
  Function out;
  const Json* parameters = json::member(function, "parameters");
  if (parameters == nullptr || parameters->is_null()) return out;
  out.schema = STRIDE_TRY(schema::Schema::compile(*parameters, schema::Strictness::lenient));
  for (const auto& [name, node] : out.schema.node(schema::Schema::kRoot).properties) {
    out.parameters.emplace(name, Parameter{node, schema::is_plain_string(out.schema, node)});
  }
  return out;
}

}  // namespace

struct ToolSchemas::Impl {
  std::map<std::string, Function, std::less<>> functions;

  const Function* find(std::string_view name) const {
    const auto found = functions.find(name);
    return found == functions.end() ? nullptr : &found->second;
  }
};

ToolSchemas::ToolSchemas() : impl_(std::make_unique<const Impl>()) {}
ToolSchemas::~ToolSchemas() = default;
ToolSchemas::ToolSchemas(ToolSchemas&&) noexcept = default;
ToolSchemas& ToolSchemas::operator=(ToolSchemas&&) noexcept = default;

Result<ToolSchemas> ToolSchemas::parse(const std::vector<std::string>& tools) {
  auto impl = std::make_unique<Impl>();
  for (size_t i = 0; i < tools.size(); ++i) {
    const std::string place = fmt::format("tools[{}]", i);
    const Json tool = STRIDE_TRY_AT(place, json::parse(tools[i], kExact));
    const Json* wrapped = json::member(tool, "function");
    const Json& function = wrapped != nullptr ? *wrapped : tool;
    const std::string* name = json::string_member(function, "name");
    if (name == nullptr || name->empty()) {
      return fail(Errc::invalid_argument, "{}: a function needs a name", place);
    }
    impl->functions.insert_or_assign(*name, STRIDE_TRY_AT(place, compile_function(function)));
  }
  ToolSchemas out;
  out.impl_ = std::move(impl);
  return out;
}

bool ToolSchemas::empty() const {
  return impl_->functions.empty();
}

bool ToolSchemas::has_function(std::string_view name) const {
  return impl_->find(name) != nullptr;
}

bool ToolSchemas::has_function_prefix(std::string_view prefix) const {
  const auto next = impl_->functions.lower_bound(prefix);
  return next != impl_->functions.end() && std::string_view(next->first).starts_with(prefix);
}

bool ToolSchemas::has_parameter(std::string_view function, std::string_view parameter) const {
  const Function* found = impl_->find(function);
  return found != nullptr && found->find(parameter).has_value();
}

bool ToolSchemas::is_plain_string(std::string_view function, std::string_view parameter) const {
  const Function* found = impl_->find(function);
  const auto known = found != nullptr ? found->find(parameter) : std::nullopt;
  return !known || known->plain_string;
}

std::string ToolSchemas::coerce(std::string_view function, std::string_view parameter,
                                std::string_view text) const {
  const Function* found = impl_->find(function);
  const auto known = found != nullptr ? found->find(parameter) : std::nullopt;
  if (!known) return json::dump(Json(std::string(text)));
  return json::dump(schema::coerce(found->schema, text, known->node));
}

bool ToolSchemas::is_valid_call(std::string_view function, std::string_view arguments) const {
  const Function* found = impl_->find(function);
  if (found == nullptr) return false;
  const auto value = json::parse(arguments, kExact);
  return value && value->is_object() && schema::is_valid(found->schema, *value);
}

}  // namespace stride::chat
