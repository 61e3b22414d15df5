// SPDX-License-Identifier: MIT
#include "delivery/spec.h"

#include <algorithm>
#include <utility>

#include "util/error.h"
#include "util/join.h"
#include "util/nearest.h"
#include "util/shell.h"
#include "util/units.h"

namespace mailhaul::delivery {
namespace {

std::string kind_names(Kinds among) { return util::joined(among, &KindRow::name); }

// Errors quote nothing of the text, which may be a password under the wrong key.

std::string path_without_kind(Kinds among) {
  std::string forms;
  for (const auto* kind : among) {
    if (kind->fields.empty() || kind->fields.front().type != FieldType::path) continue;
    forms.append(forms.empty() ? "" : " or ").append(kind->name).append(":PATH");
  }
  return "has no delivery kind; write " + forms;
}

std::string unknown_kind(std::string_view text, std::string_view name, Kinds among) {
  if (text.empty()) return "names no destination (kinds: " + kind_names(among) + ")";
  if (text.find_first_of("/~$") < name.size()) return path_without_kind(among);
  std::vector<std::string_view> names;
  for (const auto* kind : among) names.push_back(kind->name);
  const auto near = util::nearest(name, names);
  const auto guess = near.empty() ? "" : "; did you mean \"" + near + "\"?";
  return "unknown delivery kind" + guess + " (kinds: " + kind_names(among) + ")";
}

std::string wrong_choice(const Field& field, std::string_view text) {
  if (std::ranges::find(field.choices, text) != field.choices.end()) return {};
  return "must be " + util::joined(field.choices, {}, " or ");
}

/// A program's path may begin with the home directory, as in a shell.
std::vector<std::string> with_home(std::vector<std::string> command, const Absolute& absolute) {
  if (!command.empty() && (command.front().starts_with("~/") || command.front().starts_with("$HOME/")))
    command.front() = absolute(command.front()).string();
  return command;
}

/// Reads the first field from the text after "kind:".
Parsed parse_value(const KindRow& kind, std::string_view text, const Absolute& absolute) {
  Parsed parsed{{.kind = &kind}, {}};
  const auto& field = kind.fields.front();
  Value value;
  if (field.type == FieldType::words) {
    const auto words = util::split_words(text);
    if (!words) return {{}, "a quote in the command is not closed"};
    value.words = with_home(*words, absolute);
  } else if (field.type == FieldType::path && !text.empty()) {
    value.text = absolute(text).string();
  } else {
    value.text = text;
  }
  if (text.empty()) {
    parsed.wrong = "the " + std::string(field.name) + " is missing (" + form_of(kind) + ")";
  } else {
    parsed.wrong = set_field(parsed.spec, field, std::move(value));
  }
  return parsed;
}

/// The value that distinguishes the destinations of a kind: that of the first field.
Value place_of(const Spec& spec) {
  return spec.kind->fields.empty() ? Value{} : value_of(spec, spec.kind->fields.front().name);
}

bool is_path(const Spec& spec) {
  return !spec.kind->fields.empty() && spec.kind->fields.front().type == FieldType::path;
}

}  // namespace

bool operator==(const Spec& one, const Spec& other) {
  if (one.kind != other.kind || one.kind == nullptr) return one.kind == other.kind;
  return std::ranges::all_of(one.kind->fields, [&](const Field& field) {
    return value_of(one, field.name) == value_of(other, field.name);
  });
}

std::string set_field(Spec& spec, const Field& field, Value value) {
  if (field.type == FieldType::choice) {
    if (auto wrong = wrong_choice(field, value.text); !wrong.empty()) return wrong;
  }
  if (field.type == FieldType::duration) {
    const auto duration = util::parse_duration(value.text);
    if (!duration) return "must be a time such as 90s, 15m, 2h";
    value.text = util::format_duration(*duration);
  }
  if (field.wrong != nullptr) {
    if (auto wrong = field.wrong(value); !wrong.empty()) return wrong;
  }
  spec.values.insert_or_assign(std::string(field.name), std::move(value));
  return {};
}

Value value_of(const Spec& spec, std::string_view field) {
  if (const auto set = spec.values.find(field); set != spec.values.end()) return set->second;
  const auto* known = find_field(*spec.kind, field);
  if (known == nullptr) {
    throw util::Error(util::Kind::internal,
                      "no field " + std::string(field) + " of " + std::string(spec.kind->name));
  }
  return {.text = std::string(known->fallback)};
}

std::chrono::seconds duration_of(const Spec& spec, std::string_view field) {
  return util::parse_duration(value_of(spec, field).text).value_or(std::chrono::seconds(0));
}

Parsed parse_shorthand(std::string_view text, const Absolute& absolute, Kinds among) {
  const auto name = text.substr(0, text.find(':'));
  const bool alone = name.size() == text.size();
  const auto* kind = find_kind(name, among);
  if (kind == nullptr) return {{}, unknown_kind(text, name, among)};
  if (!kind->value.empty()) return parse_value(*kind, alone ? "" : text.substr(name.size() + 1), absolute);
  if (!alone) return {{}, "nothing may follow '" + std::string(name) + "'"};
  return {{.kind = kind}, {}};
}

std::string describe(const Spec& spec) {
  const auto place = place_of(spec);
  const auto& shown = place.words.empty() ? place.text : place.words.front();
  return shown.empty() ? std::string(spec.kind->name) : std::string(spec.kind->name) + ":" + shown;
}

bool same_place(const Spec& one, const Spec& other) {
  if (!is_path(one) || !is_path(other)) return one.kind == other.kind && place_of(one) == place_of(other);
  return util::Path(place_of(one).text).lexically_normal() ==
         util::Path(place_of(other).text).lexically_normal();
}

void require_usable(const Spec& spec) {
  if (spec.kind->require_usable != nullptr) spec.kind->require_usable(spec);
}

}  // namespace mailhaul::delivery
