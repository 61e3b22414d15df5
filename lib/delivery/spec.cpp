// SPDX-License-Identifier: MIT
#include "delivery/spec.h"

#include <algorithm>
#include <array>
#include <utility>

#include "util/escape.h"
#include "util/nearest.h"
#include "util/shell.h"
#include "util/units.h"

namespace mailhaul::delivery {
namespace {

constexpr std::array<std::string_view, 2> lock_names{"fcntl+dotlock", "fcntl"};
constexpr std::string_view placeholders = "FTais%";

constexpr std::array maildir_fields{
    Field{"path", "the Maildir", FieldType::path, true, {}},
};
constexpr std::array mbox_fields{
    Field{"path", "the mbox file", FieldType::path, true, {}},
    Field{"lock", "how the file is locked", FieldType::choice, false, lock_names},
};
constexpr std::array mda_fields{
    Field{"command",
          "program and arguments, run without a shell; %F %T %a %i %s %% are replaced",
          FieldType::words,
          true,
          {}},
    Field{"timeout", "the longest the program may take for one message (5m)", FieldType::duration, false, {}},
    Field{"from_line", "put a From line on top", FieldType::boolean, false, {}},
    Field{"allow_root", "run the program even as root", FieldType::boolean, false, {}},
};

constexpr std::array kind_rows{
    KindRow{"maildir", "a Maildir, created if missing", maildir_fields, "path"},
    KindRow{"mbox", "an mbox file (mboxrd), created if missing", mbox_fields, "path"},
    KindRow{"mda", "a program, run once for each message", mda_fields, "command"},
    KindRow{"stdout", "standard output, as an mbox stream", {}, ""},
};

constexpr std::chrono::hours longest_timeout{24};

const Field* find_field(const KindRow& row, std::string_view name) {
  const auto found = std::ranges::find(row.fields, name, &Field::name);
  return found == row.fields.end() ? nullptr : &*found;
}

std::string kind_names() {
  std::string all;
  for (const auto& row : kind_rows) all.append(all.empty() ? "" : ", ").append(row.name);
  return all;
}

std::string unknown_kind(std::string_view text, std::string_view name) {
  if (text.empty()) return "says no destination (kinds: " + kind_names() + ")";
  if (text.find_first_of("/~$") < name.size())
    return "begins with no delivery kind; write maildir:" + util::escape(text) +
           " or mbox:" + util::escape(text);
  std::vector<std::string_view> names;
  for (const auto& row : kind_rows) names.push_back(row.name);
  const auto near = util::nearest(name, names);
  const auto guess = near.empty() ? "" : "; did you mean '" + near + "'?";
  return "unknown delivery kind '" + util::escape(name) + "'" + guess + " (kinds: " + kind_names() + ")";
}

/// What is wrong with the placeholders of one word; empty: nothing.
std::string check_word(std::string_view word) {
  for (auto at = word.find('%'); at != std::string_view::npos; at = word.find('%', at + 2)) {
    if (at + 1 == word.size()) return "a lone % ends a word of the command; write %% for a percent sign";
    if (placeholders.find(word[at + 1]) == std::string_view::npos)
      return "unknown %" + util::escape(word.substr(at + 1, 1)) +
             " in the command (known: %F %T %a %i %s %%)";
  }
  if (word.find('\0') != std::string_view::npos) return "the command holds a NUL";
  return {};
}

std::string check_command(const std::vector<std::string>& command) {
  if (command.empty() || command.front().empty()) return "the command is empty";
  for (const auto& word : command)
    if (auto wrong = check_word(word); !wrong.empty()) return wrong;
  return {};
}

std::string set_timeout(Spec& spec, std::string_view text) {
  const auto duration = util::parse_duration(text);
  if (!duration) return "must be a time such as 90s, 15m, 2h";
  if (duration->count() < 1 || *duration > longest_timeout) return "must be a time from 1s to 1d";
  spec.timeout = *duration;
  return {};
}

std::string set_lock(Spec& spec, std::string_view text) {
  if (text != lock_names[0] && text != lock_names[1]) return "must be fcntl+dotlock or fcntl";
  spec.lock = text == lock_names[0] ? MboxLock::fcntl_dotlock : MboxLock::fcntl;
  return {};
}

/// A program's path may begin with the home directory, as in a shell.
std::vector<std::string> with_home(std::vector<std::string> command, const Absolute& absolute) {
  if (!command.empty() && (command.front().starts_with("~/") || command.front().starts_with("$HOME/")))
    command.front() = absolute(command.front()).string();
  return command;
}

}  // namespace

std::span<const KindRow> kinds() { return kind_rows; }

const KindRow* find_kind(std::string_view name) {
  const auto found = std::ranges::find(kind_rows, name, &KindRow::name);
  return found == kind_rows.end() ? nullptr : &*found;
}

std::string set_field(Spec& spec, const Field& field, const Value& value) {
  if (field.name == "path") spec.path = value.text;
  if (field.name == "lock") return set_lock(spec, value.text);
  if (field.name == "command") spec.command = value.words;
  if (field.name == "timeout") return set_timeout(spec, value.text);
  if (field.name == "from_line") spec.from_line = value.flag;
  if (field.name == "allow_root") spec.allow_root = value.flag;
  return {};
}

Value value_of(const Spec& spec, const Field& field) {
  if (field.name == "path") return {.text = spec.path.string()};
  if (field.name == "lock") return {.text = std::string(lock_names.at(spec.lock == MboxLock::fcntl ? 1 : 0))};
  if (field.name == "command") return {.words = spec.command};
  if (field.name == "timeout") return {.text = util::format_duration(spec.timeout)};
  if (field.name == "from_line") return {.flag = spec.from_line};
  if (field.name == "allow_root") return {.flag = spec.allow_root};
  return {};
}

Parsed parse_shorthand(std::string_view text, const Absolute& absolute) {
  const auto name = text.substr(0, text.find(':'));
  const auto rest = name.size() < text.size() ? text.substr(name.size() + 1) : std::string_view();
  const auto* kind = find_kind(name);
  if (kind == nullptr) return {.spec = {}, .wrong = unknown_kind(text, name)};
  Parsed parsed;
  parsed.spec.kind = name;
  const auto* field = find_field(*kind, kind->shorthand);
  if (field == nullptr) {
    if (name.size() < text.size()) parsed.wrong = "nothing may follow '" + std::string(name) + "'";
    return parsed;
  }
  Value value;
  if (field->type == FieldType::words) {
    const auto words = util::split_words(rest);
    if (!words) return {.spec = {}, .wrong = "a quote in the command is not closed"};
    value.words = with_home(*words, absolute);
  } else if (!rest.empty()) {
    value.text = absolute(rest).string();
  }
  parsed.wrong = set_field(parsed.spec, *field, value);
  if (parsed.wrong.empty()) parsed.wrong = check(parsed.spec);
  return parsed;
}

std::string check(const Spec& spec) {
  const auto* kind = find_kind(spec.kind);
  if (kind == nullptr) return unknown_kind(spec.kind, spec.kind);
  if (find_field(*kind, "path") != nullptr && spec.path.empty())
    return "the path is missing (" + spec.kind + ":PATH)";
  if (find_field(*kind, "command") != nullptr) return check_command(spec.command);
  return {};
}

std::string describe(const Spec& spec) {
  if (!spec.path.empty()) return spec.kind + ":" + spec.path.string();
  return spec.command.empty() ? spec.kind : spec.kind + ":" + spec.command.front();
}

}  // namespace mailhaul::delivery
