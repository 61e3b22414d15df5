// SPDX-License-Identifier: MIT
// What a profile says about a destination, and the registry of delivery kinds.
#pragma once
#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "util/file.h"

namespace mailhaul::delivery {

enum class MboxLock { fcntl_dotlock, fcntl };

/// A destination as configured; plain data. Paths are absolute.
struct Spec {
  std::string kind;  ///< a name in kinds()
  util::Path path;
  MboxLock lock = MboxLock::fcntl_dotlock;
  std::vector<std::string> command;
  std::chrono::seconds timeout{300};
  bool from_line = false;
  bool allow_root = false;
  bool operator==(const Spec&) const = default;
};

enum class FieldType { path, words, duration, boolean, choice };

/// One key of a delivery object: {"kind": "mbox", "path": ...}.
struct Field {
  std::string_view name, help;
  FieldType type;
  bool required;
  std::span<const std::string_view> choices;  ///< for FieldType::choice; the first is the default
};

/// One kind of delivery: the row that configuration, --deliver, help, schema and tests read.
struct KindRow {
  std::string_view name, help;
  std::span<const Field> fields;
  std::string_view shorthand;  ///< the field that "kind:..." fills; empty: none ("stdout")
};
std::span<const KindRow> kinds();
const KindRow* find_kind(std::string_view name);  ///< nullptr: no such kind

/// One value for a field, in its most general form; which member counts follows from Field::type.
struct Value {
  std::string text;                ///< path (absolute already), choice, duration as written
  std::vector<std::string> words;  ///< words
  bool flag = false;
};

/// Sets a field of a Spec. Returns the sentence of what is wrong, empty when all is well.
std::string set_field(Spec& spec, const Field& field, const Value& value);
/// The value a field has, as set_field() takes it.
Value value_of(const Spec& spec, const Field& field);

/// Turns "~", "$HOME" and relative paths into absolute ones.
using Absolute = std::function<util::Path(std::string_view)>;

struct Parsed {
  Spec spec;
  std::string wrong;  ///< a sentence when it could not be read; empty otherwise
};
/// "maildir:PATH", "mbox:PATH", "mda:COMMAND", "stdout".
Parsed parse_shorthand(std::string_view text, const Absolute& absolute);
/// What is wrong with a whole spec (missing path, unknown %x, empty command); empty: nothing.
std::string check(const Spec& spec);
/// "maildir:/home/anna/Mail", "mda:procmail": for people and JSON.
std::string describe(const Spec& spec);

}  // namespace mailhaul::delivery
