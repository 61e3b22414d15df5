// SPDX-License-Identifier: MIT
#include <CLI/CLI.hpp>
#include <mutex>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/nets.h"
#include "app/output.h"
#include "engine/glance.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

Counts counts_of(const engine::Glance& glance) {
  Counts counts;
  for (const auto& line : glance.lines) {
    ++counts.total;
    counts.bytes += line.bytes;
    if (!line.is_new) continue;
    ++counts.fresh;
    counts.fresh_bytes += line.bytes;
  }
  counts.seen = counts.total - counts.fresh;
  return counts;
}

std::string text_of(const std::string& account, const Counts& counts) {
  return safe(account) + ": " + std::to_string(counts.fresh) + " new (" +
         util::format_size(counts.fresh_bytes) + "), " + std::to_string(counts.seen) + " seen, " +
         std::to_string(counts.total) + " in total (" + util::format_size(counts.bytes) + ")\n";
}

}  // namespace

void describe_check(CLI::App& parser, Invocation& /*invocation*/) { add_accounts(parser); }

int run_check(const Invocation& invocation) {
  const auto config = load_config(invocation);
  const auto accounts = account::select(config, invocation.words);
  const auto environment = real_environment(invocation, config, accounts);
  const auto tell = make_listener(invocation);
  auto statuses = tell_mistakes(invocation, config, *tell);
  std::vector<engine::Glance> glances(accounts.size());
  engine::for_each_account(
      accounts, {.jobs = config.jobs, .host_jobs = config.host_jobs},
      [&](std::size_t i) { glances[i] = engine::glance(accounts[i], environment, *tell, false); });
  for (const auto& glance : glances) {
    if (!glance.error) {
      const auto counts = counts_of(glance);
      print(invocation.json ? json_line(glance.account, counts) : text_of(glance.account, counts));
      continue;
    }
    statuses.push_back(tell_error(*tell, glance.account, *glance.error));
  }
  return engine::most_serious(statuses);
}

}  // namespace mailhaul::app
