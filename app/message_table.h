// SPDX-License-Identifier: MIT
// The table that list prints.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>

#include "engine/list.h"

namespace mailhaul::app {

/// The widths of the columns are known when the mailbox is listed, before the first header has come.
class MessageTable {
 public:
  struct Style {
    std::size_t columns = 0;  ///< of the window; 0: not a window, nothing is cut
    bool uids = false;        ///< with a column of UIDs
    bool reasons = false;     ///< what fetch would do, and why
  };
  MessageTable(Style style, const engine::MailboxListing& listing, std::chrono::sys_seconds now);
  std::string heading() const;
  std::string row(const engine::ListedMessage& message) const;

 private:
  std::string line(const std::string& number_to_size, const std::string& from, const std::string& subject,
                   const std::string& what) const;
  Style style_;
  std::chrono::sys_seconds now_;
  std::size_t number_ = 2, uid_ = 3, size_ = 4, from_ = 22, subject_ = 40, what_ = 6;
};

/// "14 messages, 25 MB: 13 to fetch, 1 skipped"
std::string total_of(const engine::MailboxListing& listing);

}  // namespace mailhaul::app
