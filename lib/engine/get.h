// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "account/account.h"
#include "engine/environment.h"
#include "report/listener.h"

namespace mailhaul::engine {

/// Takes messages one after the other, as bytes from the wire.
struct MessageSink {
  std::function<void(const std::string& uid)> begin;
  std::function<void(std::string_view wire)> piece;
  std::function<void()> end;
};

/// Which messages get() retrieves, and who takes them.
struct Retrieval {
  std::span<const std::string> uids;                           ///< as typed
  std::function<MessageSink(std::size_t messages)> open_sink;  ///< called once, before the first message
};

/// Retrieves messages in the order of the UIDs; if several have the same UID, all of them. Removes nothing,
/// and records nothing. Throws Error; Error{usage} for a UID that is not listed, before anything is
/// retrieved.
void get(const account::Account& account, const Environment& environment, report::Listener& listener,
         const Retrieval& retrieval);

}  // namespace mailhaul::engine
