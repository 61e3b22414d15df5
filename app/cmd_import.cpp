// SPDX-License-Identifier: MIT
// Moving in: everything is read and checked first, then written in the order in which a crash costs least.
// What was fetched is recorded before the account exists, because an account without this record fetches all
// again.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "account/document.h"
#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/nets.h"
#include "app/output.h"
#include "engine/import.h"
#include "setup/import.h"
#include "setup/profile_text.h"
#include "util/units.h"

namespace mailhaul::app {
namespace {

using account::Node;
using setup::Draft;
using setup::Outcome;

const setup::ProgramRow& program_of(const Invocation& invocation) {
  std::string names;
  for (const auto& row : setup::programs()) names += (names.empty() ? "" : ", ") + std::string(row.name);
  const auto* program = invocation.words.empty() ? nullptr : setup::find_program(invocation.words.front());
  if (program != nullptr) return *program;
  throw util::Error(util::Kind::usage,
                    invocation.words.empty()
                        ? "import: the program is missing"
                        : "import does not know the program '" + safe(invocation.words.front()) + "'",
                    "the programs: " + names);
}

std::vector<const Draft*> drafts_of(const std::vector<Outcome>& outcomes) {
  std::vector<const Draft*> drafts;
  for (const auto& outcome : outcomes)
    for (const auto& draft : outcome.drafts) drafts.push_back(&draft);
  return drafts;
}

util::Path password_file_of(const util::Path& config, const Draft& draft) {
  return config.parent_path() / "passwords" / draft.name;
}

std::vector<setup::NamedProfile> profiles_of(const std::vector<const Draft*>& drafts,
                                             const util::Path& config) {
  std::vector<setup::NamedProfile> profiles;
  for (const auto* draft : drafts)
    profiles.emplace_back(draft->name, setup::profile_of(*draft, password_file_of(config, *draft)));
  return profiles;
}

/// What is written, step by step; what was written before a step failed is taken back.
class Move {
 public:
  Move(const Invocation& invocation, std::vector<const Draft*> drafts)
      : invocation_(invocation), drafts_(std::move(drafts)), file_(config_to_write(invocation)) {}

  void write() {
    const auto before = text_of_file();
    if (!before.empty()) require_new_names();
    for (const auto* draft : drafts_) write_password(*draft);
    setup::NewFile fresh(file_, setup::with_profiles(before.reveal(), profiles_of(drafts_, file_)));
    const auto config = load_config_from(invocation_, fresh.temporary());
    require_sound(config);
    const auto environment = real_environment(invocation_, config, {});
    for (const auto* draft : drafts_) record(*draft, config, environment);
    fresh.publish();
    for (auto& file : passwords_) file.release();
  }

 private:
  /// Removes the file of a password again, unless all has gone well.
  class PasswordFile {
   public:
    explicit PasswordFile(util::Path path) : path_(std::move(path)) {}
    PasswordFile(PasswordFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    PasswordFile& operator=(PasswordFile&&) = delete;
    PasswordFile(const PasswordFile&) = delete;
    PasswordFile& operator=(const PasswordFile&) = delete;
    ~PasswordFile() {
      std::error_code ignored;
      if (!path_.empty()) std::filesystem::remove(path_, ignored);
    }
    void release() { path_.clear(); }

   private:
    util::Path path_;
  };

  util::Secret text_of_file() const {
    if (!std::filesystem::exists(file_)) return {};
    return util::Secret(util::read_file(file_, 16U << 20U, util::Kind::config));
  }

  void require_new_names() const {
    const auto config = load_config_from(invocation_, file_);
    for (const auto* draft : drafts_) {
      if (std::ranges::find(config.names, draft->name) != config.names.end())
        throw util::Error(
            util::Kind::config,
            "cannot add the account " + draft->name + ": " + safe(file_.native()) + " has one of this name",
            "nothing was written; remove or rename the one that is there, or name another file with -c");
    }
  }

  void require_sound(const account::Config& config) const {
    for (const auto* draft : drafts_) {
      const auto named = std::ranges::find(config.mistakes, draft->name, &account::Mistake::account);
      if (named != config.mistakes.end())
        throw util::Error(util::Kind::config,
                          "cannot add the account " + draft->name + ": " + without_place(named->error.what()),
                          named->error.hint().empty() ? "nothing was written"
                                                      : "nothing was written; " + named->error.hint());
      require_new_mailbox(*draft, config);
    }
  }

  /// The temporary file is gone when the error is read.
  static std::string without_place(std::string_view sentence) {
    const auto key = sentence.find("accounts.");
    return std::string(key == std::string_view::npos ? sentence : sentence.substr(key));
  }

  void require_new_mailbox(const Draft& draft, const account::Config& config) const {
    const auto own = std::ranges::find(config.accounts, draft.name, &account::Account::name);
    for (const auto& other : config.accounts) {
      const bool is_ours =
          std::ranges::any_of(drafts_, [&](const Draft* d) { return d->name == other.name; });
      if (is_ours || own == config.accounts.end() || account::mailbox_of(other) != account::mailbox_of(*own))
        continue;
      throw util::Error(
          util::Kind::config,
          "cannot add the account " + draft.name + ": it is the same mailbox as the account " + other.name,
          "nothing was written; remove the one that is there, or name another file with -c");
    }
  }

  void write_password(const Draft& draft) {
    if (draft.password.empty()) return;
    if (draft.password.reveal().find_first_of("\r\n") != std::string::npos)
      throw util::Error(util::Kind::config, "the password of " + draft.name + " contains a line end",
                        "nothing was written; mailhaul cannot use such a password");
    const auto path = password_file_of(file_, draft);
    const util::Secret line(draft.password.reveal() + "\n");
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return require_same(path, line);
    setup::NewFile fresh(path, line.reveal());
    fresh.publish_as_new();
    passwords_.emplace_back(path);
  }

  /// An import that was killed leaves such a file behind.
  static void require_same(const util::Path& path, const util::Secret& line) {
    util::require_private(path, "a password");
    const util::Secret there(util::read_file(path, 1U << 20U, util::Kind::config));
    if (there.reveal() == line.reveal()) return;
    throw util::Error(util::Kind::cannot_create,
                      "cannot write the password into " + safe(path.native()) + ": it has another one",
                      "nothing was written; remove the file if no account uses it");
  }

  void record(const Draft& draft, const account::Config& config, const engine::Environment& environment) {
    const auto account = std::ranges::find(config.accounts, draft.name, &account::Account::name);
    if (draft.known.empty() || account == config.accounts.end()) return;
    std::vector<engine::ImportedMessage> messages;
    for (const auto& known : draft.known) messages.push_back({known.uid, known.fetched});
    engine::import_delivered(*account, environment, messages);
  }

  const Invocation& invocation_;
  std::vector<const Draft*> drafts_;
  util::Path file_;
  std::vector<PasswordFile> passwords_;
};

std::string where(const Outcome& outcome, unsigned line) {
  return outcome.file.native() + (line == 0 ? "" : ":" + std::to_string(line));
}

void tell_notes(const Invocation& invocation, const std::vector<Outcome>& outcomes) {
  const auto tell = make_listener(invocation);
  for (const auto& outcome : outcomes)
    for (const auto& note : outcome.notes)
      tell->warned(
          {}, {.sentence = where(outcome, note.line) + ": " + note.sentence, .hint = note.advice, .uid = {}});
}

std::string seen_text(const Draft& draft) {
  if (draft.known.empty()) return "no list of fetched messages";
  const bool dated =
      std::ranges::any_of(draft.known, [](const auto& known) { return known.fetched.has_value(); });
  return util::counted(draft.known.size(), "fetched message") + (dated ? ", with their times" : "");
}

std::string json_of(const Draft& draft, const Outcome& outcome) {
  Node object{.form = Node::Form::object};
  object.add("event", Node::of("imported"))
      .add("account", Node::of(draft.name))
      .add("file", Node::of(outcome.file.native()))
      .add("line", Node::of_number(draft.line))
      .add("enabled", Node::of_flag(draft.enabled))
      .add("known", Node::of_number(draft.known.size()));
  return account::write(object, account::Layout::one_line);
}

/// One line for each account, in columns.
std::string table_of(const std::vector<const Draft*>& drafts) {
  const auto mailbox = [](const Draft* draft) { return safe(draft->user + " at " + draft->host); };
  std::size_t names = 0, mailboxes = 0;
  for (const auto* draft : drafts) {
    names = std::max(names, draft->name.size());
    mailboxes = std::max(mailboxes, mailbox(draft).size());
  }
  std::string text;
  for (const auto* draft : drafts) {
    auto name = draft->name, at = mailbox(draft);
    name.resize(names, ' ');
    at.resize(mailboxes, ' ');
    text +=
        "  " + name + "  " + at + "  " + seen_text(*draft) + (draft->enabled ? "" : "; switched off") + "\n";
  }
  return text;
}

void print_summary(const Invocation& invocation, const setup::ProgramRow& program,
                   const std::vector<Outcome>& outcomes) {
  if (invocation.json) {
    for (const auto& outcome : outcomes)
      for (const auto& draft : outcome.drafts) print(json_of(draft, outcome));
    return;
  }
  if (invocation.quiet) return;
  const auto drafts = drafts_of(outcomes);
  const auto file = safe(config_to_write(invocation).native());
  print(util::counted(drafts.size(), "account") +
        (invocation.print_only ? " found:\n" : " added to " + file + ":\n") + table_of(drafts));
  if (invocation.print_only) return print("nothing was written\n");
  print("Now stop " + std::string(program.name) + ": " + std::string(program.stop) + ".\n" +
        "Then mailhaul -n shows what would happen to each message, and mailhaul fetches.\n");
}

}  // namespace

void describe_import(CLI::App& parser, Invocation& invocation) {
  parser
      .add_option_function<std::string>(
          "PROGRAM", [](const std::string&) {}, "fetchmail, getmail, mpop or fdm")
      ->type_name("");
  parser
      .add_option_function<std::string>(
          "FILE", [](const std::string&) {}, "its configuration (default: where it usually is)")
      ->type_name("");
  parser.add_flag("--print", invocation.print_only, "print what would be written, and write nothing");
}

int run_import(const Invocation& invocation) {
  const auto& program = program_of(invocation);
  setup::ImportRequest request{.program = &program, .file = {}, .reserved_names = command_names()};
  if (invocation.words.size() > 1) request.file = invocation.words[1];
  const auto outcomes = setup::read_all(request, surroundings());
  const auto drafts = drafts_of(outcomes);
  if (!invocation.print_only && !drafts.empty()) Move(invocation, drafts).write();
  tell_notes(invocation, outcomes);
  if (drafts.empty())
    throw util::Error(util::Kind::config, "there is no account that mailhaul could take over",
                      "mailhaul fetches over POP3 only");
  if (invocation.print_only && !invocation.json)
    print(setup::profile_lines(profiles_of(drafts, config_to_write(invocation))) + "\n");
  print_summary(invocation, program, outcomes);
  return 0;
}

}  // namespace mailhaul::app
