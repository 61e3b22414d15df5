// SPDX-License-Identifier: MIT
#include "account/destinations.h"

#include <algorithm>
#include <string>
#include <utility>

#include "util/escape.h"

namespace mailhaul::account {
namespace {

using delivery::FieldType;
using delivery::Spec;
using Form = Node::Form;

constexpr std::string_view example = "\"maildir:~/Mail/home\"";

delivery::Value value_of(const Setting& setting, const delivery::Field& field) {
  switch (field.type) {
    case FieldType::path:
      return {.text = path_of(setting).string()};
    case FieldType::words:
      return {.words = words_of(setting)};
    case FieldType::duration:
      require_form(setting, Form::text, "\"5m\"");
      return {.text = setting.node->text};
    case FieldType::boolean:
      return {.flag = flag_of(setting)};
    case FieldType::choice:
      return {.text = std::string(field.choices[choice_of(setting, field.choices)])};
  }
  return {};
}

Node node_of(const delivery::Value& value, FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return Node::of_flag(value.flag);
    case FieldType::words: {
      std::vector<Node> words;
      for (const auto& word : value.words) words.push_back(Node::of(word));
      return Node::of_list(std::move(words));
    }
    case FieldType::path:
    case FieldType::duration:
    case FieldType::choice:
      return Node::of(value.text);
  }
  return {};
}

const delivery::KindRow& kind_of(const Setting& setting, delivery::Kinds kinds) {
  const auto* member = setting.node->member("kind");
  if (member == nullptr) setting.refuse("\"kind\" is missing");
  std::vector<std::string_view> names;
  for (const auto* row : kinds) names.push_back(row->name);
  return *kinds[choice_of(setting.part(member->value, ".kind"), names)];
}

void set_member(Spec& spec, const Setting& setting, const Member& member) {
  const auto inner = setting.part(member.value, "." + util::escape(member.key));
  const auto* field = delivery::find_field(*spec.kind, member.key);
  if (field == nullptr) {
    std::vector<std::string_view> names{"kind"};
    for (const auto& known : spec.kind->fields) names.push_back(known.name);
    inner.refuse_at(member.position, "unknown key" + guess(member.key, names));
  }
  if (const auto wrong = delivery::set_field(spec, *field, value_of(inner, *field)); !wrong.empty())
    inner.refuse(wrong);
}

Spec object_of(const Setting& setting, delivery::Kinds kinds) {
  Spec spec{.kind = &kind_of(setting, kinds)};
  for (const auto& member : setting.node->members)
    if (member.key != "kind") set_member(spec, setting, member);
  for (const auto& field : spec.kind->fields)
    if (field.required && setting.node->member(field.name) == nullptr)
      setting.refuse("\"" + std::string(field.name) + "\" is missing");
  return spec;
}

Spec destination_of(const Setting& setting, delivery::Kinds kinds) {
  if (setting.node->form == Form::object) return object_of(setting, kinds);
  require_form(setting, Form::text, example);
  auto parsed = delivery::parse_shorthand(
      setting.node->text, [&](std::string_view path) { return absolute(setting, path); }, kinds);
  if (!parsed.wrong.empty()) setting.refuse(parsed.wrong);
  return std::move(parsed.spec);
}

}  // namespace

std::vector<Spec> destinations_of(const Setting& setting, delivery::Kinds kinds) {
  if (setting.node->form != Form::list) return {destination_of(setting, kinds)};
  if (setting.node->items.empty()) setting.refuse("contains no destination");
  std::vector<Spec> specs;
  for (const auto& item : setting.node->items) {
    const auto inner = setting.part(item, "[" + std::to_string(specs.size()) + "]");
    auto spec = destination_of(inner, kinds);
    if (std::ranges::any_of(specs, [&](const Spec& earlier) { return delivery::same_place(earlier, spec); }))
      inner.refuse("a destination appears twice: " + delivery::describe(spec));
    specs.push_back(std::move(spec));
  }
  return specs;
}

Node show_destinations(std::span<const Spec> specs) {
  std::vector<Node> nodes;
  for (const auto& spec : specs) {
    Node object{.form = Form::object};
    object.add("kind", Node::of(spec.kind->name));
    for (const auto& field : spec.kind->fields)
      object.add(field.name, node_of(delivery::value_of(spec, field.name), field.type));
    nodes.push_back(std::move(object));
  }
  if (nodes.size() == 1) return std::move(nodes.front());
  return Node::of_list(std::move(nodes));
}

}  // namespace mailhaul::account
