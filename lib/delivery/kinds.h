// SPDX-License-Identifier: MIT
// A delivery kind is one source file, which ends with the row of the kind, a header that declares the row,
// and one line in the table in kinds.cpp. Configuration, --deliver, help, schema and tests read the rows; the
// engine reads their traits.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mailhaul::delivery {

class Destination;
struct RunContext;
struct Spec;
struct Ticket;
struct StoredMailVisitor;
struct Value;

enum class FieldType { path, words, duration, boolean, choice };

/// One key of a delivery object: {"kind": "mbox", "path": ...}.
struct Field {
  std::string_view name, help;
  FieldType type;
  bool required = false;
  std::string_view fallback = {};                  ///< the value if none is set; a boolean is false
  std::span<const std::string_view> choices = {};  ///< for FieldType::choice
  /// Returns what else is wrong with a value; empty: nothing.
  std::string (*wrong)(const Value& value) = nullptr;
};

/// How often a message arrives, even after a kill, a power cut or a lost connection.
enum class Guarantee { exactly_once, at_least_once };

/// What shows that a message has arrived: the answer of publish(), or close() after the last message.
enum class DeliveredBy { publish, close };

/// What the engine has to know about a kind.
struct Traits {
  Guarantee guarantee = Guarantee::exactly_once;
  DeliveredBy delivered_by = DeliveredBy::publish;
  std::size_t batch = 1024;  ///< the most messages that are settled together

  /// True: messages are staged, intended and published. False: they are handed over, perhaps repeatedly.
  constexpr bool exactly_once() const noexcept { return guarantee == Guarantee::exactly_once; }
  constexpr bool delivered_by_close() const noexcept { return delivered_by == DeliveredBy::close; }
};

/// Opens a destination, and creates it if the kind allows that. Throws Error{cannot_create | storage | config
/// | temporary}.
using OpenFunction = std::unique_ptr<Destination>(const Spec& spec, const RunContext& context);
/// Opens a destination from a ticket alone, and creates nothing. Throws Error{storage} with a hint.
using ReopenFunction = std::unique_ptr<Destination>(const Ticket& ticket, const RunContext& context);

/// Reads all mail in a destination; does nothing if it does not exist. Throws Error{storage | temporary}.
using ReadFunction = void(const Spec& spec, const RunContext& context, const StoredMailVisitor& visitor);

struct KindRow {
  std::string_view name;
  /// Stands for the first field in help, as in "name:PATH"; empty: the name stands alone.
  std::string_view value;
  std::string_view help;
  std::span<const Field> fields;
  Traits traits;
  OpenFunction* open;
  ReopenFunction* reopen;
  void (*require_usable)(const Spec& spec) = nullptr;  ///< see require_usable() in spec.h
  ReadFunction* read = nullptr;                        ///< null: what was delivered cannot be read back
};

using Kinds = std::span<const KindRow* const>;
/// The table, in the order of the manual.
Kinds kinds();
const KindRow* find_kind(std::string_view name, Kinds among = kinds());  ///< nullptr: no such kind
/// nullptr: no such field.
const Field* find_field(const KindRow& kind, std::string_view name);
/// "maildir:PATH", "stdout": how a destination of this kind is written in one string.
std::string form_of(const KindRow& kind);

}  // namespace mailhaul::delivery
