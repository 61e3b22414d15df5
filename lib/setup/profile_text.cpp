// SPDX-License-Identifier: MIT
#include "setup/profile_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "util/ascii.h"
#include "util/error.h"
#include "util/process.h"

namespace mailhaul::setup {
namespace {

/// Goes through JSON with comments from one meaningful character to the next.
class JsonScan {
 public:
  explicit JsonScan(std::string_view text) : text_(text) {}

  /// Skips blanks and comments. '\0': the end.
  char peek() {
    while (at_ < text_.size()) {
      const auto rest = text_.substr(at_);
      if (rest.starts_with("//")) {
        const auto end = rest.find('\n');
        at_ = end == std::string_view::npos ? text_.size() : at_ + end;
      } else if (rest.starts_with("/*")) {
        const auto end = rest.find("*/", 2);
        at_ = end == std::string_view::npos ? text_.size() : at_ + end + 2;
      } else if (std::string_view(" \t\r\n\xEF\xBB\xBF").find(rest.front()) != std::string_view::npos) {
        ++at_;
      } else {
        return rest.front();
      }
    }
    return '\0';
  }

  /// Takes the next character, a string as a whole; remembers where it ended.
  std::string_view take() {
    if (peek() == '\0') return {};
    const auto from = at_;
    if (text_[at_++] == '"') {
      while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
      at_ = std::min(at_ + 1, text_.size());
    }
    end_ = at_;
    return text_.substr(from, at_ - from);
  }

  std::size_t at() const { return at_; }
  std::size_t end_of_last() const { return end_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0, end_ = 0;
};

/// Where the members of "accounts" end, after the last character that is not a blank or in a comment.
struct Gap {
  std::size_t at = 0;
  bool needs_comma = false;
};

[[noreturn]] void refuse_gap() {
  throw util::Error(util::Kind::config, "the configuration file has no \"accounts\" to add to",
                    "add \"accounts\": {} to it, or name another file with -c");
}

Gap find_gap(std::string_view text) {
  JsonScan scan(text);
  int depth = 0;
  std::string_view before;
  while (scan.peek() != '\0') {
    const auto piece = scan.take();
    if (piece == "{" || piece == "[") ++depth;
    if (piece == "}" || piece == "]") --depth;
    const bool is_key = depth == 1 && piece == "\"accounts\"" && (before == "{" || before == ",");
    before = piece;
    if (!is_key || scan.peek() != ':') continue;
    scan.take();
    if (scan.peek() != '{') refuse_gap();
    for (int inner = 0;;) {
      const auto behind = scan.end_of_last();
      const auto inside = scan.take();
      if (inside.empty()) refuse_gap();
      if (inside == "}" && inner == 1) return {behind, before != "{" && before != ","};
      if (inside == "{" || inside == "[") ++inner;
      if (inside == "}" || inside == "]") --inner;
      before = inside;
    }
  }
  refuse_gap();
}

}  // namespace

std::string profile_lines(const std::vector<NamedProfile>& profiles) {
  std::string lines;
  for (const auto& [name, keys] : profiles) {
    auto text = account::write(account::Node::of(name), {});
    text.pop_back();
    text += ": " + account::write(keys, {});
    text.pop_back();
    if (!lines.empty()) lines += ",\n";
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      lines += "    " + text.substr(at, end - at) + (end < text.size() ? "\n" : "");
      at = end + 1;
    }
  }
  return lines;
}

std::string with_profiles(std::string_view text, const std::vector<NamedProfile>& profiles) {
  const auto lines = profile_lines(profiles);
  if (text.empty()) return "{\n  \"accounts\": {\n" + lines + "\n  }\n}\n";
  const auto gap = find_gap(text);
  std::string result(text.substr(0, gap.at));
  if (gap.needs_comma) result += ',';
  // A comment after the last account, on the same line, stays there.
  auto rest = text.substr(gap.at);
  const auto line_end = rest.find('\n');
  const auto comment = rest.find_first_not_of(" \t");
  if (line_end != std::string_view::npos && rest.substr(comment).starts_with("//")) {
    result += rest.substr(0, line_end);
    rest.remove_prefix(line_end);
  }
  result += "\n" + lines;
  if (rest.find_first_not_of(" \t") != std::string_view::npos && rest[rest.find_first_not_of(" \t")] != '\n')
    result += "\n  ";
  return result.append(rest);
}

namespace {

constexpr std::string_view temporary_mark = ".new";  // and the process id
constexpr std::uint64_t most_processes = 1U << 22U;  // proc(5), pid_max

/// Removes files that killed processes have left, because there may be passwords in them.
void remove_left_ones(const util::Path& target) {
  const auto start = target.filename().native() + std::string(temporary_mark);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(target.parent_path(), ignored)) {
    const auto name = entry.path().filename().native();
    const auto pid = name.starts_with(start) ? util::parse_number(name.substr(start.size())) : std::nullopt;
    if (pid && *pid <= most_processes && !util::is_running(static_cast<pid_t>(*pid)))
      ::unlink(entry.path().c_str());
  }
}

}  // namespace

NewFile::NewFile(const util::Path& target, std::string_view text) : target_(target) {
  std::error_code ignored;
  if (std::filesystem::exists(target, ignored)) target_ = std::filesystem::canonical(target);
  util::make_directories(target_.parent_path());
  temporary_ = target_;
  temporary_ += std::string(temporary_mark) + std::to_string(::getpid());
  remove_left_ones(target_);
  const auto file =
      util::open_file(temporary_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, util::Kind::cannot_create);
  try {
    util::write_all(file.get(), text, temporary_);
    util::sync_fd(file.get(), temporary_);
  } catch (...) {
    ::unlink(temporary_.c_str());
    throw;
  }
}

NewFile::~NewFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void NewFile::publish() {
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0)
    util::throw_errno(util::Kind::cannot_create, "write", target_.native());
  temporary_.clear();
  util::sync_directory(target_.parent_path());
}

void NewFile::publish_as_new() {
  if (::link(temporary_.c_str(), target_.c_str()) != 0)
    util::throw_errno(util::Kind::cannot_create, "create", target_.native());
  util::sync_directory(target_.parent_path());
}

}  // namespace mailhaul::setup
