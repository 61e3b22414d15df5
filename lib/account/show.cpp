// SPDX-License-Identifier: MIT
#include <utility>

#include "account/config.h"
#include "account/document.h"
#include "account/keys.h"

namespace mailhaul::account {

std::string show(const Config& config, Layout layout) {
  Node accounts{.form = Node::Form::object};
  for (const auto& account : config.accounts) {
    Node keys{.form = Node::Form::object};
    for (const auto& handler : key_handlers())
      if (auto value = handler.show(account); value.form != Node::Form::null)
        keys.add(handler.key.name, std::move(value));
    accounts.add(account.name, std::move(keys));
  }
  Node root{.form = Node::Form::object};
  root.add("state", Node::of(config.state_file.string()));
  root.add("jobs", Node::of_number(config.jobs));
  root.add("host_jobs", Node::of_number(config.host_jobs));
  if (!config.log.empty()) root.add("log", Node::of(config.log.string()));
  if (!config.metrics.empty()) root.add("metrics", Node::of(config.metrics.string()));
  root.add("accounts", std::move(accounts));
  return write(root, layout);
}

}  // namespace mailhaul::account
