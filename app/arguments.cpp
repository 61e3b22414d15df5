// SPDX-License-Identifier: MIT
#include "app/arguments.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string_view>

#include "app/commands.h"
#include "util/escape.h"

namespace mailhaul::app {

namespace {

using Words = std::vector<std::string>;

std::string option_of(std::string_view key) {
  std::string name = "--" + std::string(key);
  std::ranges::replace(name, '_', '-');
  return name;
}

bool takes_value(std::string_view option) {
  static const std::set<std::string, std::less<>> names = [] {
    std::set<std::string, std::less<>> all{"-c",      "--config", "--state", "--progress",
                                           "--color", "-j",       "--jobs"};
    for (const auto& key : account::keys())
      if (!key.value.empty()) all.insert(option_of(key.name));
    return all;
  }();
  return names.contains(option);
}

bool is_switch(std::string_view option) {
  return std::ranges::any_of(account::keys(), [&](const auto& key) {
    const auto name = option_of(key.name);
    return key.value.empty() && (option == name || option == "--no-" + name.substr(2));
  });
}

bool belongs_to_fetch(std::string_view option) {
  constexpr std::array<std::string_view, 8> short_options{"-k", "--keep", "-K", "--no-keep",
                                                          "-a", "--all",  "-n", "--dry-run"};
  return std::ranges::find(short_options, option) != short_options.end() || is_switch(option) ||
         std::ranges::any_of(account::keys(), [&](const auto& key) { return option == option_of(key.name); });
}

bool is_command(std::string_view word) {
  return std::ranges::any_of(commands(),
                             [&](const auto& row) { return row.inside.empty() && row.name == word; });
}

Words parts_of(std::string_view command) {
  Words parts;
  for (const auto& row : commands())
    if (!row.inside.empty() && row.inside == command) parts.emplace_back(row.name);
  return parts;
}

/// Goes through the words as the parser will, and knows what each of them is.
class Scan {
 public:
  explicit Scan(const Words& typed) : typed_(typed) {
    for (; at_ < typed_.size() && typed_[at_] != "--"; ++at_) look();
    end = std::min(at_, typed_.size());
    if (end < typed_.size())
      behind.assign(typed_.begin() + static_cast<std::ptrdiff_t>(end) + 1, typed_.end());
  }

  Words options;
  Words behind;                    ///< what stands behind "--"
  std::size_t end = 0;             ///< where "--" stands, or the number of words
  std::vector<std::size_t> plain;  ///< indexes of what is neither an option nor its value

 private:
  void look() {
    const std::string& word = typed_[at_];
    if (!word.starts_with('-') || word == "-") {
      plain.push_back(at_);
    } else if (word.starts_with("--")) {
      long_option(word);
    } else {
      bundle(word);
    }
  }

  void long_option(const std::string& word) {
    const auto equals = word.find('=');
    options.push_back(word.substr(0, equals));
    if (equals == std::string::npos) {
      if (takes_value(word)) ++at_;
    } else if (is_switch(options.back())) {
      const bool negated = options.back().starts_with("--no-");
      const auto name = options.back().substr(negated ? 5 : 2);
      throw util::Error(util::Kind::usage, options.back() + " takes no value",
                        "say --" + name + " or --no-" + name);
    }
  }

  void bundle(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      options.push_back({'-', word[i]});
      if (!takes_value(options.back())) continue;
      if (i + 1 == word.size()) ++at_;
      return;
    }
  }

  const Words& typed_;
  std::size_t at_ = 0;
};

void require_part(const Arguments& arguments) {
  const auto parts = parts_of(arguments.command);
  if (parts.empty() || arguments.has_option("-h", "--help") || arguments.has_option("-V", "--version"))
    return;
  if (std::ranges::find(parts, arguments.part) != parts.end()) return;
  const auto whole = arguments.command + " " + arguments.part;
  if (std::ranges::find(planned_commands(), whole) != planned_commands().end()) return;
  std::string names;
  for (const auto& part : parts) names += (names.empty() ? "" : ", ") + part;
  throw util::Error(util::Kind::usage,
                    arguments.part.empty()
                        ? arguments.command + " needs a word that says what to do"
                        : "'" + util::escape(arguments.part) + "' is no part of " + arguments.command,
                    arguments.command + " has: " + names);
}

/// How many plain words stand before the UIDs of a command; 0: it takes none.
std::size_t words_before_uids(const Arguments& arguments) {
  if (arguments.command == "get") return 2;
  if (arguments.command == "state" && arguments.part != "show") return 3;
  return 0;
}

/// What stands behind "--": the words that are still missing before the UIDs, and these; else plain words.
void add_behind(Arguments& arguments, const Scan& scan) {
  const std::size_t before = words_before_uids(arguments);
  const std::size_t missing = before - std::min(before, scan.plain.size());
  const auto uids = scan.behind.begin() + static_cast<std::ptrdiff_t>(std::min(missing, scan.behind.size()));
  if (before == 0 && !scan.behind.empty()) arguments.args.emplace_back("--");
  arguments.args.insert(arguments.args.end(), scan.behind.begin(), before == 0 ? scan.behind.end() : uids);
  if (before != 0) arguments.uids.assign(uids, scan.behind.end());
}

}  // namespace

bool Arguments::has_option(std::string_view one, std::string_view other) const {
  return std::ranges::any_of(options, [&](const auto& option) { return option == one || option == other; });
}

Arguments normalise(const Words& typed) {
  const Scan scan(typed);
  Arguments arguments;
  arguments.options = scan.options;
  std::span<const std::size_t> first(scan.plain);
  first = first.first(std::min<std::size_t>(first.size(), 2));
  if (!first.empty()) arguments.command = typed[first[0]];
  if (first.size() > 1) arguments.part = typed[first[1]];
  arguments.names_command = is_command(arguments.command);
  require_part(arguments);
  const bool for_all = arguments.has_option("-h", "--help") || arguments.has_option("-V", "--version");
  if (!arguments.names_command && !(first.empty() && for_all)) arguments.args.emplace_back("fetch");
  const bool has_parts = !parts_of(arguments.command).empty();
  first = first.first(!arguments.names_command ? 0 : has_parts ? first.size() : 1);
  for (const auto index : first) arguments.args.push_back(typed[index]);
  for (std::size_t i = 0; i < scan.end; ++i)
    if (std::ranges::find(first, i) == first.end()) arguments.args.push_back(typed[i]);
  add_behind(arguments, scan);
  return arguments;
}

Advice advice_for(const Arguments& arguments) {
  const auto foreign = std::ranges::find_if(arguments.options, belongs_to_fetch);
  if (words_before_uids(arguments) != 0) {
    const auto command = arguments.command + (arguments.command == "get" ? "" : " " + arguments.part);
    return {.sentence = {},
            .hint = "a UID that begins with - stands behind --: mailhaul " + command + " ACCOUNT -- -UID"};
  }
  if (!arguments.names_command || arguments.command == "fetch" || foreign == arguments.options.end())
    return {};
  return {.sentence = *foreign + " is an option of fetch, not of " + arguments.command,
          .hint = "mailhaul " + arguments.command + " --help lists what it takes"};
}

}  // namespace mailhaul::app
