// SPDX-License-Identifier: MIT
// The configuration's tables as a JSON Schema, for editors and validators.
#include <algorithm>
#include <initializer_list>
#include <utility>

#include "account/config.h"
#include "account/document.h"
#include "account/keys.h"
#include "delivery/spec.h"

namespace mailhaul::account {
namespace {

using Form = Node::Form;

Node object(std::initializer_list<std::pair<std::string_view, Node>> members) {
  Node node{.form = Form::object};
  for (const auto& [key, value] : members) node.add(key, value);
  return node;
}

Node type(std::string_view name) { return object({{"type", Node::of(name)}}); }

Node reference(std::string_view name) { return object({{"$ref", Node::of("#/$defs/" + std::string(name))}}); }

Node pattern(std::string_view expression) {
  return object({{"type", Node::of("string")}, {"pattern", Node::of(expression)}});
}

Node any_of(std::vector<Node> forms) { return object({{"anyOf", Node::of_list(std::move(forms))}}); }

Node one_or_several(Node item) {
  return any_of(
      {item, object({{"type", Node::of("array")}, {"items", item}, {"minItems", Node::of_number(1)}})});
}

Node one_of(std::span<const std::string_view> choices) {
  std::vector<Node> nodes;
  for (const auto choice : choices) nodes.push_back(Node::of(choice));
  return object({{"enum", Node::of_list(std::move(nodes))}});
}

Node whole_number() { return object({{"type", Node::of("integer")}, {"minimum", Node::of_number(0)}}); }

Node schema_of(const Row& row) {
  switch (row.type) {
    case Type::text:
    case Type::path:
      return type("string");
    case Type::choice:
      return one_of(row.choices);
    case Type::boolean:
      return type("boolean");
    case Type::size:
      return reference("size");
    case Type::duration:
      return row.key.fallback == "never"
                 ? any_of({Node::of_object({{"const", {}, Node::of("never")}}), reference("time")})
                 : reference("time");
    case Type::number:
      return whole_number();
    case Type::words:
      return one_or_several(type("string"));
    case Type::pins:
      return one_or_several(pattern("^sha256//[A-Za-z0-9+/]{43}=$"));
    case Type::deliver:
      return one_or_several(reference("destination"));
    case Type::object:
      return type("object");
  }
  return {};
}

Node described(Node schema, std::string_view help, std::string_view fallback) {
  schema.add("description", Node::of(std::string(help) + " (default: " + std::string(fallback) + ")"));
  return schema;
}

Node account_schema() {
  Node properties{.form = Form::object};
  for (const auto& row : rows())
    properties.add(row.key.name, described(schema_of(row), row.key.help, row.key.fallback));
  return object({{"type", Node::of("object")},
                 {"properties", std::move(properties)},
                 {"additionalProperties", Node::of_flag(false)}});
}

Node schema_of(const delivery::Field& field) {
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

Node kind_schema(const delivery::KindRow& kind) {
  Node properties = object({{"kind", object({{"const", Node::of(kind.name)}})}});
  std::vector<Node> required{Node::of("kind")};
  for (const auto& field : kind.fields) {
    properties.add(field.name, schema_of(field).add("description", Node::of(field.help)));
    if (field.required) required.push_back(Node::of(field.name));
  }
  return object({{"type", Node::of("object")},
                 {"description", Node::of(kind.help)},
                 {"properties", std::move(properties)},
                 {"required", Node::of_list(std::move(required))},
                 {"additionalProperties", Node::of_flag(false)}});
}

Node destination_schema() {
  std::vector<Node> forms;
  for (const auto& kind : delivery::kinds()) {
    const auto name = std::string(kind.name);
    forms.push_back(pattern(kind.shorthand.empty() ? "^" + name + "$" : "^" + name + ":."));
  }
  for (const auto& kind : delivery::kinds()) forms.push_back(kind_schema(kind));
  return any_of(std::move(forms));
}

Node top_level_schema(const KeyRow& row) {
  if (row.name == "$schema" || row.name == "state") return type("string");
  if (row.name == "defaults") return reference("account");
  if (row.name == "accounts")
    return object({{"type", Node::of("object")},
                   {"minProperties", Node::of_number(1)},
                   {"propertyNames", object({{"pattern", Node::of("^[A-Za-z0-9][A-Za-z0-9._@-]*$")}})},
                   {"additionalProperties", reference("account")}});
  return object(
      {{"type", Node::of("integer")}, {"minimum", Node::of_number(1)}, {"maximum", Node::of_number(1000)}});
}

}  // namespace

std::string schema(bool on_one_line) {
  Node properties{.form = Form::object};
  for (const auto& row : top_level_keys())
    properties.add(row.name, described(top_level_schema(row), row.help, row.fallback));
  const auto whole = object({
      {"$schema", Node::of("https://json-schema.org/draft/2020-12/schema")},
      {"title", Node::of("mailhaul configuration")},
      {"type", Node::of("object")},
      {"properties", std::move(properties)},
      {"required", Node::of_list({Node::of("accounts")})},
      {"additionalProperties", Node::of_flag(false)},
      {"$defs", object({{"account", account_schema()},
                        {"destination", destination_schema()},
                        {"size", any_of({whole_number(), pattern("^[0-9]+[kKmMgG]?$")})},
                        {"time", pattern("^[0-9]+[smhd]$")}})},
  });
  return write(whole, on_one_line ? Layout::one_line : Layout::indented);
}

}  // namespace mailhaul::account
