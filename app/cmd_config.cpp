// SPDX-License-Identifier: MIT
#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/doctor.h"
#include "app/output.h"
#include "app/output_schema.h"
#include "app/report_errors.h"
#include "engine/run.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

account::Layout layout_of(const Invocation& invocation) {
  return invocation.json ? account::Layout::one_line : account::Layout::indented;
}

/// Reports the mistakes of the accounts that were named. Without names, reports all mistakes of the file,
/// including those of accounts that are not enabled. Returns the status of each mistake.
std::vector<int> tell_all_mistakes(const Invocation& invocation, const account::Config& config) {
  const auto tell = make_listener(invocation);
  const auto& names = invocation.words;
  std::vector<int> statuses;
  for (const auto& mistake : names.empty() ? config.mistakes : account::mistakes_among(config, names))
    statuses.push_back(tell_error(*tell, mistake.account, mistake.error));
  return statuses;
}

}  // namespace

void describe_nothing(CLI::App& /*parser*/, Invocation& /*invocation*/) {}

int run_config_check(const Invocation& invocation) {
  const auto config = load_config(invocation, account::Purpose::check);
  auto statuses = tell_all_mistakes(invocation, config);
  const auto tell = make_listener(invocation);
  const auto outside = doctor_outside(invocation, config);
  const setup::TellFinding tell_finding = [&](const setup::Finding& finding) {
    if (finding.grade == setup::Grade::fault)
      statuses.push_back(
          tell_error(*tell, finding.account, {finding.kind, finding.sentence, finding.advice}));
    if (finding.grade == setup::Grade::warning)
      tell->warned(finding.account, {.sentence = finding.sentence, .hint = finding.advice, .uid = {}});
  };
  setup::check_state({}, outside, tell_finding);
  setup::check_log(config.log, tell_finding);
  setup::check_metrics(config.metrics, tell_finding);
  for (const auto& account : config.accounts) setup::check_offline(account, outside, tell_finding);
  if (const int status = util::most_serious(statuses); status != 0) return status;
  if (!invocation.quiet && !invocation.json) {
    print(config.file.native() + ": configuration OK, " + util::counted(config.accounts.size(), "account") +
          "\n");
  }
  return 0;
}

void describe_config_show(CLI::App& parser, Invocation& /*invocation*/) { add_accounts(parser); }

int run_config_show(const Invocation& invocation) {
  auto config = load_config(invocation);
  if (!invocation.words.empty()) config.accounts = account::select(config, invocation.words);
  const auto statuses = tell_all_mistakes(invocation, config);
  if (statuses.empty()) print(account::show(config, layout_of(invocation)));
  return util::most_serious(statuses);
}

void describe_config_schema(CLI::App& parser, Invocation& invocation) {
  parser.add_flag("--output", invocation.output_schema, "the schema of the lines that --json prints");
}

int run_config_schema(const Invocation& invocation) {
  const auto layout = layout_of(invocation);
  print(invocation.output_schema ? output_schema(layout) : account::schema(layout));
  return 0;
}

}  // namespace mailhaul::app
