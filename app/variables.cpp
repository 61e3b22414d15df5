// SPDX-License-Identifier: MIT
#include "app/variables.h"

#include <array>
#include <cstdlib>
#include <map>

#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::app {
namespace {

struct VariableRow {
  const char* name;
  const char* allowed;
  bool (*set)(Invocation& invocation, const std::string& text);  ///< false: the text makes no sense
};

constexpr const char* truth_words = "1, true or yes, or 0, false or no";

template <auto member>
bool set_truth(Invocation& invocation, const std::string& text) {
  static const std::map<std::string, bool> words{{"1", true},  {"true", true},   {"yes", true},
                                                 {"0", false}, {"false", false}, {"no", false}};
  const auto word = words.find(util::lower(text));
  if (word != words.end()) invocation.*member = word->second;
  return word != words.end();
}

template <auto member>
bool set_switch(Invocation& invocation, const std::string& text) {
  const auto choice = read_switch(text);
  if (choice) invocation.*member = *choice;
  return choice.has_value();
}

bool set_verbose(Invocation& invocation, const std::string& text) {
  const auto number = util::parse_number(text);
  if (number && *number <= 2) invocation.verbose = static_cast<int>(*number);
  return number && *number <= 2;
}

bool set_jobs(Invocation& invocation, const std::string& text) {
  invocation.jobs = read_jobs(text);
  return invocation.jobs.has_value();
}

bool set_state(Invocation& invocation, const std::string& text) {
  invocation.state = text;
  return true;
}

// JSON first: it decides how the mistakes in the others are reported.
constexpr std::array<VariableRow, 7> variables{
    {{"MAILHAUL_JSON", truth_words, set_truth<&Invocation::json>},
     {"MAILHAUL_STATE", "the name of a file", set_state},
     {"MAILHAUL_QUIET", truth_words, set_truth<&Invocation::quiet>},
     {"MAILHAUL_VERBOSE", "0, 1 or 2", set_verbose},
     {"MAILHAUL_PROGRESS", "auto, always or never", set_switch<&Invocation::progress>},
     {"MAILHAUL_COLOR", "auto, always or never", set_switch<&Invocation::color>},
     {"MAILHAUL_JOBS", "a whole number from 1 to 1000", set_jobs}}};

}  // namespace

void read_variables(Invocation& invocation) {
  for (const auto& [name, allowed, set] : variables) {
    const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
    if (text == nullptr || *text == '\0' || set(invocation, text)) continue;
    throw util::Error(util::Kind::usage,
                      "the environment variable " + std::string(name) + " is '" + util::escape(text) +
                          "'; it must be " + allowed,
                      "unset " + std::string(name) + ", or correct it");
  }
}

std::optional<AutoSwitch> read_switch(const std::string& text) {
  static const std::map<std::string, AutoSwitch> choices{
      {"auto", AutoSwitch::automatic}, {"always", AutoSwitch::always}, {"never", AutoSwitch::never}};
  const auto choice = choices.find(text);
  return choice == choices.end() ? std::nullopt : std::optional(choice->second);
}

std::optional<unsigned> read_jobs(const std::string& text) {
  const auto number = util::parse_number(text);
  if (!number || *number < 1 || *number > 1000) return std::nullopt;
  return static_cast<unsigned>(*number);
}

}  // namespace mailhaul::app
