// SPDX-License-Identifier: MIT
#include "app/quiet.h"

#include <algorithm>
#include <map>
#include <string>

#include "app/config_files.h"
#include "app/once_a_day.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "engine/notices.h"

namespace mailhaul::app {

namespace {

constexpr auto of_whole_file = "config-told";
constexpr auto of_mistake = "mistake-told";
constexpr auto of_database = "trouble-told";

/// The file for an account. Each "/" is replaced, because a mistaken account name may contain it.
OnceADay file_of(const util::Path& state_file, const std::string& kind, std::string account) {
  std::ranges::replace(account, '/', '%');
  return {state_file, kind + "-" + account};
}

/// A script needs the errors of every run.
bool is_quiet(const Invocation& invocation) { return invocation.quiet && !invocation.json; }

void tell(report::Listener& listener, const account::Mistake& mistake, bool is_due) {
  auto notice = engine::notice_of(mistake.error);
  notice.quiet_skips_it = !is_due;
  listener.failed(mistake.account, notice);
}

/// All mistakes of an account in one text, because they are reported together or not at all.
std::string texts_of(const std::vector<account::Mistake>& mistakes, const std::string& account) {
  std::string texts;
  for (const auto& mistake : mistakes)
    if (mistake.account == account) texts.append(mistake.error.what()) += '\n';
  return texts;
}

}  // namespace

int with_config_trouble(const Invocation& invocation, const std::function<int()>& work) {
  if (!is_quiet(invocation)) return work();
  try {
    const int status = work();
    OnceADay(state_file_without_config(invocation), of_whole_file).end();
    return status;
  } catch (const util::Error& error) {
    if (error.kind() != util::Kind::config && error.kind() != util::Kind::no_config) throw;
    OnceADay told(state_file_without_config(invocation), of_whole_file);
    tell(*make_listener(invocation), {.account = {}, .error = error}, told.is_due(error.what()));
    return util::exit_status(error.kind());
  }
}

std::vector<int> tell_mistakes_of_run(const Invocation& invocation, const account::Config& config,
                                      report::Listener& listener) {
  if (!is_quiet(invocation)) return tell_mistakes(invocation, config, listener);
  const auto mistakes = account::mistakes_among(config, invocation.words);
  std::map<std::string, bool> is_due;  // by account
  std::vector<int> statuses;
  for (const auto& mistake : mistakes) {
    const auto& account = mistake.account;
    if (!is_due.contains(account))
      is_due[account] = file_of(config.state_file, of_mistake, account).is_due(texts_of(mistakes, account));
    tell(listener, mistake, is_due[account]);
    statuses.push_back(util::exit_status(mistake.error.kind()));
  }
  for (const auto& account : account::select(config, invocation.words))
    file_of(config.state_file, of_mistake, account.name).end();
  return statuses;
}

engine::TroubleElsewhere trouble_beside(const util::Path& state_file) {
  return {
      .is_due =
          [state_file](const std::string& account, int status) {
            return file_of(state_file, of_database, account).is_due(std::to_string(status));
          },
      .end = [state_file](const std::string& account) { file_of(state_file, of_database, account).end(); }};
}

}  // namespace mailhaul::app
