// SPDX-License-Identifier: MIT
// Input: a byte that chooses XML or JSON, and what a server answers.
#include "setup/autoconfig.h"

#include "fuzz/fuzz.h"
#include "setup/host_names.h"
#include "util/ascii.h"
#include "util/base64.h"
#include "util/digest.h"

using namespace mailhaul;

namespace {

void check(const setup::Announcement& announcement) {
  fuzz::require(announcement.why_none.size() < 1000, "a reason is no longer than a line");
  fuzz::require(fuzz::escaped(announcement.why_none), "a reason can be shown");
  fuzz::require(fuzz::printable(announcement.page), "a page can be shown");
  fuzz::require(announcement.page.empty() || announcement.page.starts_with("https://"), "a page is https");
  if (!announcement.server) return;
  const auto& server = *announcement.server;
  fuzz::require(setup::is_host_name(server.host) && server.host == util::lower(server.host),
                "a server is a host name");
  fuzz::require(server.tls != net::Tls::none, "a server has TLS");
  fuzz::require(server.port != 0, "a server has a port");
  fuzz::require(!server.user.empty() && !util::has_control_character(server.user), "a user name is one line");
  fuzz::require(server.takes_password || server.takes_oauth, "there is a way in");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const bool is_json = input.byte() % 2 == 1;
  const auto text = input.rest();
  const auto error = fuzz::error_of([&] {
    if (!is_json) return check(setup::read_autoconfig(text, "anna@example.org"));
    const auto hash = util::sha256(text);
    const auto record = "v=UAAC1; a=sha256; d=" + util::base64_encode(std::string(hash.begin(), hash.end()));
    check(setup::read_pacc(text, {record}, "anna@example.org"));
  });
  if (!error) return 0;
  fuzz::require(error->kind() == util::Kind::protocol, "what is wrong is the answer");
  const std::string_view what = error->what();
  fuzz::require(fuzz::escaped(what) && what.size() < 2000, "a refusal can be shown");
  return 0;
}
