// SPDX-License-Identifier: MIT
// Input: command-line options as lines "--key=text", then a configuration. If there is none, the account
// consists of the options. "S3cr3t" in a password must not be shown.
#include "account/config.h"

#include <fcntl.h>
#include <unistd.h>

#include "account/document.h"
#include "fuzz/fuzz.h"
#include "support/cpp/temp_dir.h"
#include "util/ascii.h"
#include "util/file.h"

using namespace mailhaul;
using account::Node;
using util::Kind;

namespace {

constexpr std::string_view secret = "S3cr3t";

/// The configuration file, private, rewritten for each input.
class File {
 public:
  File() : fd_(util::open_file(path_, O_RDWR | O_CREAT | O_EXCL, 0600)) {}
  const util::Path& put(std::string_view text) {
    fuzz::require(::ftruncate(fd_.get(), 0) == 0, "the file can be emptied");
    util::pwrite_all(fd_.get(), text, 0, path_);
    return path_;
  }

 private:
  test::TempDir dir_;
  util::Path path_ = dir_ / "F";
  util::Fd fd_;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (;;) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

/// The text from a position on; nullopt if there is no such position.
std::optional<std::string_view> text_at(std::string_view text, std::uint64_t line, std::uint64_t column) {
  const auto lines = lines_of(text);
  if (line < 1 || line > lines.size() || column < 1) return std::nullopt;
  auto rest = lines[line - 1];
  for (; column > 1 && !rest.empty(); --column) {
    do rest.remove_prefix(1);
    while (!rest.empty() && (static_cast<unsigned char>(rest.front()) & 0xC0U) == 0x80U);
  }
  if (column > 1) return std::nullopt;
  return text.substr(static_cast<std::size_t>(rest.data() - text.data()));
}

std::string_view without_mark(std::string_view text) {
  return text.substr(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
}

/// Checks that "FILE:LINE:COLUMN: sentence" names a position that exists.
void check_place(std::string_view complaint, std::string_view file, std::string_view text) {
  fuzz::require(complaint.starts_with(file) && complaint.substr(file.size()).starts_with(':'),
                "a complaint names the file");
  complaint.remove_prefix(file.size() + 1);
  const auto line = complaint.substr(0, complaint.find(':'));
  complaint.remove_prefix(std::min(line.size() + 1, complaint.size()));
  const auto column = complaint.substr(0, complaint.find(':'));
  const auto place = text_at(without_mark(text), util::parse_number(line).value_or(0),
                             util::parse_number(column).value_or(0));
  fuzz::require(place.has_value(), "a complaint names a line and column that are there");
}

void check_position(account::Position position, std::string_view starts, std::string_view text) {
  const auto place = text_at(text, position.line, position.column);
  fuzz::require(place && !place->empty() && starts.find(place->front()) != std::string_view::npos,
                "a value's place is where it stands");
}

void check_positions(const Node& node, std::string_view text) {
  constexpr std::string_view starts[] = {"n", "tf", "-0123456789", "\"", "[", "{"};  // in the order of Form
  check_position(node.position, starts[static_cast<std::size_t>(node.form)], text);
  for (const auto& item : node.items) check_positions(item, text);
  for (const auto& member : node.members) {
    check_position(member.position, "\"", text);
    check_positions(member.value, text);
  }
}

void check_document(std::string_view text) {
  Node root;
  const auto error = fuzz::error_of([&] { root = account::parse(text, "FILE"); });
  if (error) {
    fuzz::require(error->kind() == Kind::config && fuzz::escaped(error->what()),
                  "bad JSON is reported as such");
    check_place(error->what(), "FILE", text);
    return;
  }
  check_positions(root, without_mark(text));
  const auto written = account::write(root);
  fuzz::require(account::write(account::parse(written, "FILE")) == written, "what was written is read");
}

std::size_t times_secret(const Node& node) {
  auto times = fuzz::count(node.text, secret);
  for (const auto& item : node.items) times += times_secret(item);
  for (const auto& member : node.members)
    times += fuzz::count(member.key, secret) + times_secret(member.value);
  return times;
}

/// How often the secret occurs in values that are passwords.
std::size_t times_password(const Node& account) {
  std::size_t times = 0;
  for (const auto& [key, position, value] : account.members) {
    if (key == "password") times += fuzz::count(value.text, secret);
    if (key == "proxy" && value.text.starts_with("http://a:S3cr3t@"))
      times += fuzz::count(value.text, secret);
  }
  return times;
}

bool only_in_passwords(std::string_view text) {
  Node root;
  if (fuzz::error_of([&] { root = account::parse(text, "FILE"); })) return false;
  std::size_t times = 0;
  if (const auto* defaults = root.member("defaults")) times += times_password(defaults->value);
  if (const auto* accounts = root.member("accounts"))
    for (const auto& member : accounts->value.members) times += times_password(member.value);
  return times != 0 && times == times_secret(root);
}

account::Sources sources_of(fuzz::Input& input) {
  account::Sources sources;
  while (input.rest().starts_with("--")) {
    const auto line = input.until('\n').substr(2);
    const auto key = line.substr(0, line.find('='));
    sources.overrides.emplace_back(key, line.substr(std::min(key.size() + 1, line.size())));
  }
  sources.paths = {.home = "/home/anna",
                   .default_state_file = "/home/anna/.local/state/mailhaul/state.db",
                   .default_netrc = "/home/anna/.netrc"};
  sources.reserved_names = {"fetch", "list"};
  return sources;
}

void check_error(const util::Error& error, const account::Sources& sources, std::string_view text) {
  const std::string_view what = error.what();
  fuzz::require(error.kind() == Kind::config || error.kind() == Kind::usage,
                "what is wrong is the configuration");
  fuzz::require(what.size() < 10000, "a complaint is no longer than a page");
  if (sources.file && what.starts_with(sources.file->native()) && error.kind() == Kind::config)
    check_place(what, sources.file->native(), text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static File file;
  fuzz::Input input(data, size);
  auto sources = sources_of(input);
  const std::string text(input.rest());
  check_document(text);
  const bool guarded = only_in_passwords(text);
  if (!text.empty()) sources.file = file.put(text);

  account::Config config;
  if (const auto error = fuzz::error_of([&] { config = account::load(sources); })) {
    check_error(*error, sources, text);
    fuzz::require(!guarded || (std::string(error->what()) + error->hint()).find(secret) == std::string::npos,
                  "no complaint quotes a password");
    return 0;
  }
  const auto shown = account::show(config);
  fuzz::require(!guarded || shown.find(secret) == std::string::npos, "no password is shown");
  fuzz::require(!account::schema().empty(), "there is a schema");
  fuzz::error_of([&] { account::select(config, {}); });
  for (const auto& mistake : config.mistakes) {
    check_error(mistake.error, sources, text);
    fuzz::require(!guarded || (std::string(mistake.error.what()) + mistake.error.hint()).find(secret) ==
                                  std::string::npos,
                  "no complaint about an account quotes a password");
  }
  if (!sources.overrides.empty() || !config.mistakes.empty())
    return 0;  // an account with a mistake is not shown
  sources.file = file.put(shown);
  fuzz::require(account::show(account::load(sources)) == shown,
                "what is shown is a configuration, and the same");
  return 0;
}
