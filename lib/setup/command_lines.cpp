// SPDX-License-Identifier: MIT
#include "setup/command_lines.h"

#include <algorithm>
#include <array>
#include <span>

namespace mailhaul::setup {
namespace {

struct ShellWord {
  std::string text;
  bool is_mark = false;  ///< ";", "|", "&", "(" and the like, without quotes
};

/// Divides a line as a shell does, without replacing anything.
std::vector<ShellWord> shell_words_of(std::string_view line) {
  std::vector<ShellWord> words;
  bool in_word = false;
  const auto add = [&](char c) {
    if (!in_word) words.emplace_back();
    in_word = true;
    words.back().text += c;
  };
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '\'' || c == '"') {
      if (!in_word) words.emplace_back();
      in_word = true;
      for (++at; at < line.size() && line[at] != c; ++at) {
        if (c == '"' && line[at] == '\\' && at + 1 < line.size()) ++at;
        words.back().text += line[at];
      }
    } else if (c == '\\' && at + 1 < line.size()) {
      add(line[++at]);
    } else if (c == ' ' || c == '\t') {
      in_word = false;
    } else if (c == '#' && !in_word) {
      return words;
    } else if (c == '<' || c == '>') {
      in_word = false;
      add(c);
    } else if (std::string_view(";&|()`\n").find(c) != std::string_view::npos) {
      words.push_back({std::string(1, c), true});
      in_word = false;
    } else {
      add(c);
    }
  }
  return words;
}

template <std::size_t n>
bool is_one_of(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  return equals != std::string_view::npos && equals > 0 &&
         word.substr(0, equals).find_first_of("/-.") == std::string_view::npos;
}

/// Programs that start the program which their arguments name.
constexpr std::array<std::string_view, 18> starters{
    "env",  "nice", "ionice", "timeout", "flock",  "exec",   "nohup",       "setsid",  "command",
    "chrt", "time", "sudo",   "chronic", "cronic", "stdbuf", "systemd-cat", "runuser", "doas"};
/// Programs that do not start mailhaul even if an argument names it.
constexpr std::array<std::string_view, 22> no_starters{
    "cd",  "[",  "test",  "pgrep", "pkill", "killall", "pidof", "echo", "printf",    "logger", "ls",
    "cat", "rm", "mkdir", "touch", "cp",    "mv",      "grep",  "find", "systemctl", "which",  "type"};
/// Programs that run the text after -c.
constexpr std::array<std::string_view, 6> command_texts{"sh", "bash", "dash", "zsh", "ksh", "su"};
constexpr std::array<std::string_view, 11> before_command{"if", "then", "else", "elif", "while", "until",
                                                          "do", "!",    "{",    "fi",   "done"};

class CommandReader {
 public:
  std::vector<Started> read(std::string_view line) {
    commands(line);
    return std::move(found_);
  }

 private:
  using Words = std::span<const ShellWord>;

  void commands(std::string_view line) {
    const auto words = shell_words_of(line);
    for (auto from = words.begin(); from != words.end();) {
      const auto end = std::find_if(from, words.end(), [](const auto& word) { return word.is_mark; });
      command({from, end});
      from = end == words.end() ? end : end + 1;
    }
  }

  /// One command, from its name to the next mark.
  void command(Words words) {
    while (!words.empty() && (is_one_of(before_command, words[0].text) || is_assignment(words[0].text)))
      words = words.subspan(1);
    if (words.empty()) return;
    const auto name = base_name(words[0].text);
    if (name == "mailhaul") return started(words, true);
    if (name == "[" || name == "test") {
      for (const auto& word : words) looked_at_.push_back(word.text);
    } else if (is_one_of(command_texts, name)) {
      shell(words.subspan(1));
    } else if (is_one_of(starters, name)) {
      starter(name, words.subspan(1));
    } else if (!is_one_of(no_starters, name)) {
      argument(words.subspan(1));
    }
  }

  void shell(Words words) {
    while (!words.empty()) {
      const bool is_text = words[0].text.starts_with('-') && words[0].text.find('c') != std::string::npos &&
                           !words[0].text.starts_with("--");
      words = words.subspan(1);
      if (!is_text || words.empty()) continue;
      if (++depth_ <= 8) commands(words[0].text);
      return;
    }
  }

  /// Options and their values, which may be numbers or files, stand before the program.
  void starter(std::string_view name, Words words) {
    bool is_lock = name == "flock";  // its first argument is a file
    for (; !words.empty(); words = words.subspan(1)) {
      const auto& word = words[0].text;
      if (name == "flock" && word == "-c" && words.size() > 1) return commands(words[1].text);
      if (name == "command" && word == "-v") return;  // it only prints the path of the program
      if (word.starts_with('-') || is_assignment(word)) continue;
      const auto base = base_name(word);
      const bool is_known = base == "mailhaul" || is_one_of(command_texts, base) || is_one_of(starters, base);
      if (word.find_first_not_of("0123456789.") == std::string::npos) continue;  // as in: timeout 60
      if (is_lock) {
        is_lock = false;
      } else if (is_known) {
        return command(words);
      }
    }
  }

  void argument(Words words) {
    for (; !words.empty(); words = words.subspan(1))
      if (base_name(words[0].text) == "mailhaul") return started(words, false);
  }

  void started(Words words, bool is_clear) {
    Started started{.program = words[0].text, .is_clear = is_clear};
    started.is_guarded = std::ranges::find(looked_at_, started.program) != looked_at_.end();
    for (const auto& word : words.subspan(1))
      started.arguments += (started.arguments.empty() ? "" : " ") + word.text;
    found_.push_back(std::move(started));
  }

  std::vector<Started> found_;
  std::vector<std::string> looked_at_;  ///< the words of tests such as [ -x FILE ]
  unsigned depth_ = 0;
};

}  // namespace

std::vector<Started> mailhaul_started_by(std::string_view line) { return CommandReader().read(line); }

std::string_view command_of_crontab(std::string_view line, Crontab crontab) {
  constexpr std::string_view blanks = " \t";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  if (line.empty() || line.front() == '#') return {};
  const auto name_end = line.find_first_of(" \t=");
  const auto after = name_end == std::string_view::npos ? name_end : line.find_first_not_of(blanks, name_end);
  const bool is_time = std::string_view("*@0123456789").find(line.front()) != std::string_view::npos;
  if (!is_time && after != std::string_view::npos && line[after] == '=') return {};
  unsigned fields = (line.front() == '@' ? 1 : 5) + (crontab == Crontab::of_system ? 1 : 0);
  for (; fields > 0; --fields) {
    line.remove_prefix(std::min(line.find_first_of(blanks), line.size()));
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  }
  return line;
}

}  // namespace mailhaul::setup
