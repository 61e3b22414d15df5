// SPDX-License-Identifier: MIT
#include "delivery/tray.h"

#include "delivery/names.h"

namespace mailhaul::delivery {

const Tray::Message& Tray::at(const std::string& id) const {
  const auto found = messages_.find(id);
  if (found == messages_.end()) throw util::Error(util::Kind::internal, "no message waits under " + id);
  return found->second;
}

TrayWriter::TrayWriter(Tray& tray, const Site& site, const Envelope& envelope, Setup setup)
    : tray_(tray),
      setup_(std::move(setup)),
      message_{nameless_file(site), envelope, {}, 0},
      outlet_(message_.file.get(), site.state_directory / "a waiting message", WriteBack::none),
      formatter_(outlet_, setup_.shape, envelope, site.now()) {}

Ticket TrayWriter::finish() {
  formatter_.finish();
  outlet_.flush();
  message_.sender = formatter_.sender();
  message_.bytes = outlet_.bytes();
  tray_.put(std::move(message_));
  return setup_.ticket;
}

}  // namespace mailhaul::delivery
