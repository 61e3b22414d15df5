// SPDX-License-Identifier: MIT
// The table that list prints.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>

#include "engine/list.h"

namespace mailhaul::app {

/// Why a message is treated as it is and, if delete_after is going to remove it, until when it stays.
std::string reason_of(const engine::ListedMessage& message, std::chrono::sys_seconds now);

/// Formats messages as rows. The widths of the columns are known from the listing, before the first header
/// has come.
class MessageTable {
 public:
  struct Style {
    std::size_t columns = 0;  ///< of the window; 0: there is no window, and nothing is cut
    bool uids = false;        ///< with a column of UIDs
    bool reasons = false;     ///< what fetch would do, and why
  };
  MessageTable(Style style, const engine::MailboxListing& listing, std::chrono::sys_seconds now);
  std::string heading() const;
  std::string row(const engine::ListedMessage& message) const;

 private:
  struct Cells {
    std::string number, date, size, uid, from, subject, what;
  };
  void fit();
  std::string line(const Cells& cells) const;
  Style style_;
  std::chrono::sys_seconds now_;
  std::size_t number_ = 2, uid_ = 3, size_ = 4, from_ = 22, subject_ = 40, what_ = 6;
  bool has_size_ = true, has_date_ = true, has_from_ = true, has_subject_ = true;
};

/// "14 messages, 25 MB: 13 to fetch, 1 skipped"
std::string total_of(const engine::MailboxListing& listing);

}  // namespace mailhaul::app
