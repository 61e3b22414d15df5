// SPDX-License-Identifier: MIT
// getmail: percent signs, the name of its list, and the login that netrc names.
#include "around.h"
#include "support/cpp/temp_dir.h"

using namespace mailhaul;
using test::read;
using test::requires_in;

namespace {

/// A configuration with this user and this destination.
std::string getmailrc_of(const std::string& user,
                         const std::string& destination = "type = Maildir\npath = /m/\n") {
  return "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = h.example\nusername = " + user +
         "\npassword = p\n[destination]\n" + destination;
}

/// What mailhaul makes of an account of anna that uses netrc, if ~/.netrc has these lines.
std::string getmail_with_netrc(const std::string& netrc) {
  const test::TempDir home;
  test::spill(home / ".netrc", netrc);
  auto places = test::around();
  places.home = home.path();
  return test::read("getmail", getmailrc_of("anna") + "[options]\nuse_netrc = true\n", places);
}

}  // namespace

TEST_CASE("getmail: a percent sign in a program or its arguments is no placeholder of mailhaul") {
  const auto text = read("getmail", getmailrc_of("u",
                                                 "type = MDA_external\npath = /opt/50%a/take\n"
                                                 "arguments = ('100%', '100%%', '%%(sender)')\n"));
  requires_in(text, {R"("command":["/opt/50%%a/take","100%%","100%%%%","%%%F"])"});
}

TEST_CASE("getmail: the name of its list keeps a backslash, and has one dash for other odd characters") {
  requires_in(read("getmail", getmailrc_of("EXAMPLE\\anna")),
              {"list /home/anna/oldmail-h.example-995-EXAMPLE\\anna\n"});
  requires_in(read("getmail", getmailrc_of("a/:b|c")), {"list /home/anna/oldmail-h.example-995-a-b-c\n"});
}

TEST_CASE("getmail: an account for which netrc names another user is not taken over") {
  for (const std::string netrc :
       {"machine h.example login berta password x\n", "default login berta password x\n",
        "machine h.example login anna password x\nmachine h.example user \"berta\" password y\n",
        "# machine\nmachine h.example # login anna\nlogin berta password x\n",
        "macdef init\nmachine h.example login anna\n\nmachine h.example login be\\rta password login\n"}) {
    CAPTURE(netrc);
    CHECK(getmail_with_netrc(netrc) ==
          "4: getmail logs in as berta, the user in netrc, and not as anna; the file was not taken over\n");
  }
}

TEST_CASE("getmail: entries of netrc for others, without a login, or before the last one do not matter") {
  for (const std::string netrc :
       {"machine h.example login anna password x\n", "machine other login berta password x\n",
        "machine H.example login berta password x\n", "machine h.example password x\n",
        "machine h.example login berta password x\nmachine h.example login anna password y\n"}) {
    CAPTURE(netrc);
    const auto text = getmail_with_netrc(netrc);
    requires_in(text, {R"("user":"anna")"});
    CHECK(text.find("logs in as") == std::string::npos);
  }
}
