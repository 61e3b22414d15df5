// SPDX-License-Identifier: MIT
// What a profile says about one destination.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/kinds.h"
#include "util/file.h"

namespace mailhaul::delivery {

/// The value of one field; which member counts follows from Field::type.
struct Value {
  std::string text = {};                ///< path (absolute), choice, duration ("5m")
  std::vector<std::string> words = {};  ///< words
  bool flag = false;                    ///< boolean
  bool operator==(const Value&) const = default;
};

/// A destination as configured; plain data.
struct Spec {
  const KindRow* kind = nullptr;
  std::map<std::string, Value, std::less<>> values = {};  ///< what was set, by the field's name
};
/// True if both have the same kind, and each field has the same value, whether set or by default.
bool operator==(const Spec& one, const Spec& other);

/// Sets a field. Returns a sentence that says what is wrong with the value; empty: nothing.
[[nodiscard]] std::string set_field(Spec& spec, const Field& field, Value value);
/// The value that was set, or the field's fallback. Throws Error{internal} for a field that the kind does not
/// have.
Value value_of(const Spec& spec, std::string_view field);
/// The same for FieldType::duration.
std::chrono::seconds duration_of(const Spec& spec, std::string_view field);

/// Turns "~", "$HOME" and relative paths into absolute ones.
using Absolute = std::function<util::Path(std::string_view)>;

struct Parsed {
  Spec spec;
  std::string wrong;  ///< a sentence when it could not be read; empty otherwise
};
/// "maildir:PATH", "mda:COMMAND", "stdout": a kind's name, and the value of its first field.
Parsed parse_shorthand(std::string_view text, const Absolute& absolute, Kinds among = kinds());
/// "maildir:/home/anna/Mail", "mda:procmail": for people and JSON, without arguments, which may be private.
/// For a kind with a path, this is also the target.
std::string describe(const Spec& spec);
/// Whether mail for both would go to one place.
bool same_place(const Spec& one, const Spec& other);

/// Throws Error{config | cannot_create | storage} if no message at all could be delivered: an MDA would run
/// as root without allow_root, or a path cannot be used. Creates nothing.
void require_usable(const Spec& spec);

}  // namespace mailhaul::delivery
