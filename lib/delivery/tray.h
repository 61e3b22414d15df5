// SPDX-License-Identifier: MIT
#pragma once
#include <map>
#include <string>

#include "delivery/destination.h"
#include "delivery/formatter.h"
#include "delivery/outlet.h"
#include "util/file.h"

namespace mailhaul::delivery {

/// Finished messages in files without names, waiting to be handed over. They are gone with us.
class Tray {
 public:
  struct Message {
    util::Fd file;
    Envelope envelope;
    std::string sender;
    std::uint64_t bytes = 0;
  };
  void put(Message message) { messages_.insert_or_assign(message.envelope.id, std::move(message)); }
  const Message& at(const std::string& id) const;  ///< throws Error{internal} for what is not there
  void remove(const std::string& id) noexcept { messages_.erase(id); }

 private:
  std::map<std::string, Message, std::less<>> messages_;
};

/// Writes a message into the tray.
class TrayWriter final : public Writer {
 public:
  struct Setup {
    Shape shape;
    Ticket ticket;  ///< what finish() returns
  };
  TrayWriter(Tray& tray, const Site& site, const Envelope& envelope, Setup setup);
  void append(std::string_view wire) override { formatter_.append(wire); }
  Ticket finish() override;

 private:
  Tray& tray_;
  Setup setup_;
  Tray::Message message_;
  Outlet outlet_;
  Formatter formatter_;
};

}  // namespace mailhaul::delivery
