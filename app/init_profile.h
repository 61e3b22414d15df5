// SPDX-License-Identifier: MIT
// The account that init writes: options as keys, and what init has found or asked for.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "account/document.h"
#include "app/invocation.h"
#include "credentials/oauth.h"
#include "util/file.h"

namespace mailhaul::app {

struct NewAccount {
  std::string url, user;
  std::optional<credentials::OAuth> oauth;
  std::chrono::minutes min_interval{0};  ///< what the provider asks for; 0: nothing
  util::Path password_file;              ///< empty: an option says where the password is, or none is needed
  bool leave_on_server = true;
  std::vector<std::string> places;  ///< values of `deliver`
};

/// The keys of the account.
account::Node profile_of(const Invocation& invocation, const NewAccount& fresh);

}  // namespace mailhaul::app
