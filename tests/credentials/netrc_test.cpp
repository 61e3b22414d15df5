// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "credentials/source.h"
#include "util/error.h"

using mailhaul::credentials::find_in_netrc;

TEST_CASE("netrc: the password for machine and login") {
  const struct {
    std::string text;
    std::optional<std::string> password;
  } rows[] = {
      {"", std::nullopt},
      {"machine pop.example.org login anna password s3cret", "s3cret"},
      {"machine POP.example.org login anna password s3cret", "s3cret"},
      {"MACHINE pop.example.org LOGIN anna PASSWORD s3cret", "s3cret"},
      {"machine pop.example.org login Anna password s3cret", std::nullopt},
      {"machine other.example.org login anna password s3cret", std::nullopt},
      {"machine\n\tpop.example.org\r\n\tlogin anna\r\n\tpassword s3cret\r\n", "s3cret"},
      {"machine pop.example.org password first login anna", "first"},
      {"machine pop.example.org login bert password b\nmachine pop.example.org login anna password a", "a"},
      {"machine pop.example.org login anna password a\nmachine pop.example.org login anna password b", "a"},
      {"machine pop.example.org password any", "any"},
      {"machine pop.example.org login anna", std::nullopt},
      {"machine pop.example.org login anna account x password a", "a"},
      {"machine x login anna password x default login anna password d", "d"},
      {"default password d", "d"},
      {"default login bert password d", std::nullopt},
      {"machine pop.example.org login anna password a default password d", "a"},
      {"# machine pop.example.org login anna password no\nmachine pop.example.org login anna password a",
       "a"},
      {"machine pop.example.org # a comment password no\nlogin anna password a", "a"},
      {"machine pop.example.org login anna password a#b", "a#b"},
      {"machine pop.example.org login anna password \"a b#\\\"c\\\\d\"", "a b#\"c\\d"},
      {"machine pop.example.org login anna password \"a\\tb\"", "a\tb"},
      {"machine pop.example.org login \"anna\" password \"\"", ""},
      {"machine pop.example.org login anna password machine", "machine"},
      {"macdef init\npassword no\nmachine pop.example.org login anna password no\n\nmachine pop.example.org "
       "login "
       "anna password a",
       "a"},
      {"macdef init\nmachine pop.example.org login anna password no\n", std::nullopt},
      {"macdef init\r\nx\r\n\r\nmachine pop.example.org login anna password a", "a"},
      {"machine", std::nullopt},
      {"machine pop.example.org login anna password", std::nullopt},
      {"password a login anna machine pop.example.org", std::nullopt},
      {"machine pop.example.org login anna unknown word password a", "a"},
  };
  for (const auto& row : rows)
    CHECK_MESSAGE(find_in_netrc(row.text, "pop.example.org", "anna") == row.password, row.text);
}

TEST_CASE("netrc: an open quote is an error that names the line and not the password") {
  for (const auto* text : {"\nmachine x password \"s3cret", "\nmachine x password \"s3cret\nmachine y",
                           "\nmachine x password \"s3cret\\"}) {
    try {
      static_cast<void>(find_in_netrc(text, "pop.example.org", "anna"));
      FAIL(text);
    } catch (const mailhaul::util::Error& error) {
      CHECK(std::string(error.what()) == "netrc line 2: a quote is not closed");
      CHECK(error.kind() == mailhaul::util::Kind::config);
    }
  }
}
