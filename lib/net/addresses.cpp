// SPDX-License-Identifier: MIT
#include "net/addresses.h"

#include <curl/curl.h>

#include <algorithm>

#include "net/lookup.h"

namespace mailhaul::net {

namespace {

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

}  // namespace

const std::string* Addresses::another_than(const std::string& address) {
  if (!endpoint_.proxy.empty() || !endpoint_.crosses_network()) return nullptr;
  if (!looked_up_) all_ = look_up(endpoint_.host, endpoint_.family).addresses;
  looked_up_ = true;
  const auto found = std::ranges::find_if(
      all_, [&](const auto& one) { return one != address && !contains(given_up_, one); });
  return found == all_.end() ? nullptr : &*found;
}

bool Addresses::has_another_than(const std::string& address) { return another_than(address) != nullptr; }

std::chrono::milliseconds Addresses::limit(std::chrono::milliseconds left) {
  if (chosen_.empty() || !has_another_than(chosen_)) return left;
  return std::min<std::chrono::milliseconds>(left, endpoint_.connect_timeout / 3);
}

void Addresses::note(const ConnectResult& result) {
  for (const auto& address : result.tried)
    if (!contains(tried_, address)) tried_.push_back(address);
}

bool Addresses::go_on_after(const ConnectResult& result) {
  const bool unreachable =
      !chosen_.empty() && (result.code == CURLE_COULDNT_CONNECT || result.code == CURLE_OPERATION_TIMEDOUT);
  if (!result.mute && !unreachable) return false;
  given_up_.push_back(chosen_.empty() ? result.peer : chosen_);
  const std::string* const next = another_than({});
  if (next != nullptr) chosen_ = *next;
  return next != nullptr;
}

}  // namespace mailhaul::net
