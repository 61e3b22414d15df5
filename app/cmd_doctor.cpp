// SPDX-License-Identifier: MIT
// Makes all checks, from the configuration to the server, and prints each on a line of its own. Changes
// nothing.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "account/document.h"
#include "app/columns.h"
#include "app/commands.h"
#include "app/config_files.h"
#include "app/doctor.h"
#include "app/environment.h"
#include "app/key_options.h"
#include "app/output.h"
#include "app/times.h"
#include "util/units.h"
#include "util/utc.h"

namespace mailhaul::app {
namespace {

using account::Node;
using setup::Finding;
using setup::Grade;

constexpr std::size_t grade_columns = 9;

std::string_view name_of(Grade grade) {
  switch (grade) {
    case Grade::ok:
      return "ok";
    case Grade::warning:
      return "warning";
    case Grade::fault:
      break;
  }
  return "fault";
}

/// Prints findings, and remembers the most serious exit status.
class Findings {
 public:
  explicit Findings(const Invocation& invocation) : invocation_(invocation) {}

  void tell(const Finding& finding) {
    if (finding.grade == Grade::fault) statuses_.push_back(util::exit_status(finding.kind));
    if (finding.grade == Grade::ok && invocation_.quiet) return;
    print(invocation_.json ? json_of(finding) : text_of(finding));
  }
  void fault(const std::string& account, const util::Error& error) {
    const std::string sentence = error.what();  // the lines after the first one quote the file
    tell({.grade = Grade::fault,
          .account = account,
          .check = "configuration",
          .sentence = sentence.substr(0, sentence.find('\n')),
          .advice = error.hint().empty() ? "correct it there; man mailhaul.json has all keys" : error.hint(),
          .kind = error.kind()});
  }
  int status() const { return util::most_serious(statuses_); }

 private:
  std::string text_of(const Finding& finding) const {
    const auto columns = window_columns(STDOUT_FILENO);
    std::string text(name_of(finding.grade));
    text.resize(grade_columns, ' ');
    const auto who = finding.account.empty() ? "" : safe(finding.account) + ": ";
    text += wrapped(who + finding.check + ": " + safe(finding.sentence),
                    {.columns = columns, .first = grade_columns, .indent = grade_columns}) +
            "\n";
    const auto advice = hint_for(finding.advice, finding.account, options_of_account(invocation_));
    if (advice.empty()) return text;
    constexpr std::string_view lead = "         hint: ";
    const Wrapping wrapping{.columns = columns, .first = lead.size(), .indent = grade_columns};
    return text.append(lead) + wrapped(safe(advice), wrapping) + "\n";
  }
  std::string json_of(const Finding& finding) const {
    Node object{.form = Node::Form::object};
    object.add("event", Node::of("finding")).add("grade", Node::of(std::string(name_of(finding.grade))));
    if (!finding.account.empty()) object.add("account", Node::of(finding.account));
    object.add("check", Node::of(finding.check)).add("text", Node::of(safe(finding.sentence)));
    const auto advice = hint_for(finding.advice, finding.account, options_of_account(invocation_));
    if (!advice.empty()) object.add("hint", Node::of(safe(advice)));
    const bool is_fault = finding.grade == Grade::fault;
    object.add("status",
               Node::of_number(static_cast<std::uint64_t>(is_fault ? util::exit_status(finding.kind) : 0)));
    return account::write(object, account::Layout::one_line);
  }

  const Invocation& invocation_;
  std::vector<int> statuses_;
};

void check_accounts(const Invocation& invocation, const account::Config& config, Findings& findings) {
  const auto accounts = account::select(config, invocation.words);
  const auto lines = make_listener(invocation);
  lines->expected(account::account_names(accounts));
  const setup::TellFinding tell = [&](const Finding& finding) {
    print_beside_lines(invocation, *lines, finding.account, [&] { findings.tell(finding); });
  };
  auto outside = doctor_outside(invocation, config);
  if (accounts.empty() && account::mistakes_among(config, invocation.words).empty())
    findings.tell(
        {.grade = Grade::warning,
         .check = "configuration",
         .sentence = "no account is enabled",
         .advice = "remove \"enabled\": false, or name one: mailhaul doctor " + config.names.front()});
  setup::check_clock(config.file, outside, tell);
  setup::check_state(accounts, outside, tell);
  setup::check_log(config.log, tell);
  setup::check_metrics(config.metrics, tell);
  setup::check_timers(accounts, outside, tell);
  for (const auto& account : accounts) setup::check_offline(account, outside, tell);
  // This asks for the passwords that have to be typed.
  const auto environment = real_environment(invocation, config, accounts);
  const auto show = [&lines, is_piped = prints_into_pipe()](const account::Account& account,
                                                            report::Activity activity) {
    if (!is_piped) lines->doing(account.name, activity);
  };
  outside.log_in = [&](const account::Account& account) {
    show(account, report::Activity::logging_in);
    auto opened = environment.connect(account, {}, [](char, std::string_view) {});
    show(account, report::Activity::listing);
    return opened;
  };
  for (const auto& account : accounts) {
    show(account, report::Activity::connecting);
    setup::check_online(account, outside, tell);
    lines->done(account.name);
  }
}

}  // namespace

setup::DoctorOutside doctor_outside(const Invocation& invocation, const account::Config& config) {
  return {.around = surroundings(invocation),
          .state_file = config.state_file,
          .now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
          .local_time = invocation.json ? util::format_utc : time_with_year,
          .cancel = invocation.cancel,
          .log_in = {}};
}

void describe_doctor(CLI::App& parser, Invocation& invocation) {
  add_accounts(parser);
  add_connection_options(parser, invocation);
}

int run_doctor(const Invocation& invocation) {
  Findings findings(invocation);
  account::Config config;
  try {
    config = load_config(invocation, account::Purpose::look);
  } catch (const util::Error& error) {
    if (error.kind() == util::Kind::usage) throw;
    findings.fault({}, error);
    setup::check_timers({}, doctor_outside(invocation, config),
                        [&](const Finding& finding) { findings.tell(finding); });
    return findings.status();
  }
  const auto mistakes = account::mistakes_among(config, invocation.words);
  for (const auto& mistake : mistakes) findings.fault(mistake.account, mistake.error);
  if (mistakes.empty() && !config.file.empty())
    findings.tell(
        {.check = "configuration",
         .sentence = config.file.native() + " has " + util::counted(config.names.size(), "account")});
  check_accounts(invocation, config, findings);
  return findings.status();
}

}  // namespace mailhaul::app
