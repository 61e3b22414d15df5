// SPDX-License-Identifier: MIT
#include "setup/host_names.h"

#include <doctest/doctest.h>

#include <utility>

#include "util/error.h"

using namespace mailhaul;
using namespace std::string_literals;

TEST_CASE("a host name has two labels or more, of letters, digits and hyphens") {
  for (const auto& name : {"example.org"s, "pop.Example-2.co.uk"s, "xn--bcher-kva.example"s, "3com.com"s,
                           std::string(63, 'a') + ".org"})
    CHECK_MESSAGE(setup::is_host_name(name), name);
  for (const auto& name : {""s,
                           "localhost"s,
                           "example.org."s,
                           ".example.org"s,
                           "a..org"s,
                           "-a.org"s,
                           "a-.org"s,
                           "127.0.0.1"s,
                           "[::1]"s,
                           "::1"s,
                           "a_b.org"s,
                           "a b.org"s,
                           "a.org/x"s,
                           "a.org:995"s,
                           "user@a.org"s,
                           "b\xC3\xBC"s + "cher.example",
                           "a\0.org"s,
                           "a\n.org"s,
                           "0x7f.1"s,
                           "%41.org"s,
                           std::string(64, 'a') + ".org",
                           "a." + std::string(253, 'b')})
    CHECK_FALSE_MESSAGE(setup::is_host_name(name), name);
}

TEST_CASE("the domain that somebody has registered is shown") {
  const std::pair<std::string, std::string> rows[] = {{"pop.mail.example.org", "example.org"},
                                                      {"Example.org", "example.org"},
                                                      {"pop.example.co.uk", "example.co.uk"},
                                                      {"example.co.uk", "example.co.uk"},
                                                      {"co.uk", "co.uk"},
                                                      {"a.org.evil.example", "evil.example"}};
  for (const auto& [host, domain] : rows) CHECK(setup::base_domain(host) == domain);
}

TEST_CASE("the domain of an address is read, and what is no address is refused") {
  CHECK(setup::domain_of("anna@Example.ORG") == "example.org");
  CHECK(setup::domain_of("anna@B\xC3\xBC"s + "cher.example") == "xn--bcher-kva.example");
  for (const auto& address :
       {""s, "anna"s, "@example.org"s, "anna@"s, "anna@localhost"s, "anna@@example.org"s, "a@b@example.org"s,
        "anna@example.org\r\nX"s, "anna <a@example.org"s, "anna@\xFF\xFE.example"s,
        "anna@b\xC3\xBC"s + "cher.example/x", "anna@b\xC3\xBC"s + "cher.example:1",
        "anna@b\xC3\xBC"s + "cher@"})
    CHECK_THROWS_AS(static_cast<void>(setup::domain_of(address)), util::Error);
}

TEST_CASE("an address keeps its form, but for a domain that the DNS has in another one") {
  CHECK(setup::address_in_dns("Anna@Example.ORG") == "Anna@Example.ORG");
  for (const auto& written :
       {" anna@example.org\t"s, "mailto:anna@example.org"s, " MAILTO:anna@example.org "s})
    CHECK(setup::address_in_dns(written) == "anna@example.org");
  for (const auto& written : {"mailto:"s, " "s, "mailto:anna"s, "mailto:mailto:anna@@example.org"s})
    CHECK_THROWS_AS(static_cast<void>(setup::address_in_dns(written)), util::Error);
  CHECK(setup::address_in_dns("Anna@B\xC3\xBC"s + "cher.example") == "Anna@xn--bcher-kva.example");
}
