// SPDX-License-Identifier: MIT
// The configuration's tables as a JSON Schema, for editors and validators.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "account/config.h"
#include "account/keys.h"
#include "account/login_keys.h"
#include "credentials/oauth.h"
#include "delivery/spec.h"

namespace mailhaul::account {
namespace {

using Schema = nlohmann::ordered_json;

Schema type(std::string_view name) { return {{"type", name}}; }

Schema reference(std::string_view name) { return {{"$ref", "#/$defs/" + std::string(name)}}; }

Schema pattern(std::string_view expression) { return {{"type", "string"}, {"pattern", expression}}; }

Schema any_of(Schema::array_t forms) { return {{"anyOf", std::move(forms)}}; }

Schema one_or_several(const Schema& item) {
  return any_of({item, {{"type", "array"}, {"items", item}, {"minItems", 1}}});
}

Schema one_of(std::span<const std::string_view> choices) {
  return {{"enum", Schema::array_t(choices.begin(), choices.end())}};
}

Schema whole_number() { return {{"type", "integer"}, {"minimum", 0}}; }

Schema oauth_schema() {
  Schema::array_t providers;
  for (const auto& row : credentials::provider_rows()) providers.emplace_back(row.name);
  Schema properties;
  for (const auto& field : oauth_fields()) {
    auto& property = properties[std::string(field.name)] =
        field.name.ends_with("_command") ? one_or_several(type("string")) : type("string");
    if (field.name == "provider") property = {{"enum", providers}};
    property["description"] = field.help;
  }
  return any_of(
      {{{"enum", providers}},
       {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}}});
}

Schema schema_of(const KeyHandler& handler) {
  switch (handler.type) {
    case KeyType::text:
    case KeyType::path:
      return type("string");
    case KeyType::choice:
      return one_of(handler.choices);
    case KeyType::boolean:
      return type("boolean");
    case KeyType::size:
      return reference("size");
    case KeyType::duration:
      return handler.key.fallback == "never" || handler.key.fallback == "none"
                 ? any_of({{{"const", handler.key.fallback}}, reference("time")})
                 : reference("time");
    case KeyType::number:
      return whole_number();
    case KeyType::words:
      return one_or_several(type("string"));
    case KeyType::pins:
      return one_or_several(pattern("^sha256//[A-Za-z0-9+/]{43}=$"));
    case KeyType::deliver:
      return one_or_several(reference("destination"));
    case KeyType::object:
      return oauth_schema();
  }
  return {};
}

Schema described(Schema schema, std::string_view help, std::string_view fallback) {
  schema["description"] = std::string(help) + " (default: " + std::string(fallback) + ")";
  return schema;
}

Schema account_schema() {
  Schema properties;
  for (const auto& handler : key_handlers())
    properties[std::string(handler.key.name)] =
        described(schema_of(handler), help_of(handler.key), handler.key.fallback);
  return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

Schema schema_of(const delivery::Field& field) {
  switch (field.type) {
    case delivery::FieldType::path:
      return type("string");
    case delivery::FieldType::words:
      return one_or_several(type("string"));
    case delivery::FieldType::duration:
      return reference("time");
    case delivery::FieldType::boolean:
      return type("boolean");
    case delivery::FieldType::choice:
      return one_of(field.choices);
  }
  return {};
}

Schema kind_schema(const delivery::KindRow& kind) {
  Schema properties{{"kind", {{"const", kind.name}}}};
  Schema::array_t required{"kind"};
  for (const auto& field : kind.fields) {
    auto& property = properties[std::string(field.name)] = schema_of(field);
    property["description"] = field.help;
    if (field.required) required.emplace_back(field.name);
  }
  return {{"type", "object"},
          {"description", kind.help},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

Schema destination_schema() {
  Schema::array_t forms;
  for (const auto* kind : delivery::kinds()) {
    const auto name = std::string(kind->name);
    forms.push_back(pattern(kind->value.empty() ? "^" + name + "$" : "^" + name + ":."));
  }
  for (const auto* kind : delivery::kinds()) forms.push_back(kind_schema(*kind));
  return any_of(std::move(forms));
}

Schema top_level_schema(const KeyRow& row) {
  if (row.name == "$schema" || row.name == "state" || row.name == "log" || row.name == "metrics")
    return type("string");
  if (row.name == "defaults") return reference("account");
  if (row.name == "accounts")
    return {{"type", "object"},
            {"minProperties", 1},
            {"propertyNames", {{"pattern", "^[A-Za-z0-9][A-Za-z0-9._@-]*$"}}},
            {"additionalProperties", reference("account")}};
  return {{"type", "integer"}, {"minimum", 1}, {"maximum", 1000}};
}

}  // namespace

std::string schema(Layout layout) {
  Schema properties;
  for (const auto& row : top_level_keys())
    properties[std::string(row.name)] = described(top_level_schema(row), row.help, row.fallback);
  const Schema whole{
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "mailhaul configuration"},
      {"type", "object"},
      {"properties", std::move(properties)},
      {"required", Schema::array({"accounts"})},
      {"additionalProperties", false},
      {"$defs",
       {{"account", account_schema()},
        {"destination", destination_schema()},
        {"size",
         any_of({whole_number(), pattern("^[0-9]+( *([bB]|[bB][yY][tT][eE][sS]?|[kKmMgG]([iI]?[bB])?))?$")})},
        {"time", pattern("^[0-9]+ *(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)$")}}},
  };
  return whole.dump(layout == Layout::one_line ? -1 : 2) + "\n";
}

}  // namespace mailhaul::account
