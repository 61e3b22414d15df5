// SPDX-License-Identifier: MIT
// Names of hosts that come from outside, before anything is done with them.
#pragma once
#include <string>
#include <string_view>

namespace mailhaul::setup {

/// True for a name of two labels or more, in ASCII letters, digits and hyphens, as in the public DNS. No
/// address, no single word, no dot at its end.
bool is_host_name(std::string_view name);

/// The domain that somebody has registered, as a person should see it: "example.co.uk" of
/// "pop.mail.example.co.uk". Only a guess, without the list of public suffixes: when in doubt the longer one.
std::string base_domain(std::string_view host);

/// The domain of an address as the DNS has it, in lower case. Throws Error{usage} for what is no address.
std::string domain_of(std::string_view address);

/// The address without blanks around it and "mailto:" before it, with its domain as the DNS has it if that
/// has umlauts and the like. Throws as domain_of.
std::string address_in_dns(std::string_view address);

}  // namespace mailhaul::setup
