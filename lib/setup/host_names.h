// SPDX-License-Identifier: MIT
// Checks names of hosts that come from outside, before they are used.
#pragma once
#include <string>
#include <string_view>

namespace mailhaul::setup {

/// True for a name of two labels or more, in ASCII letters, digits and hyphens, as in the public DNS. False
/// for an address, a single word, and a name with a dot at its end.
bool is_host_name(std::string_view name);

/// The registered domain of a host, to be shown to a person: "example.co.uk" of "pop.mail.example.co.uk".
/// This is a guess without the list of public suffixes; in doubt, it is the longer domain.
std::string base_domain(std::string_view host);

/// The domain of an address as the DNS has it, in lower case. Throws Error{usage} for a malformed address.
std::string domain_of(std::string_view address);

/// The address without blanks around it and without "mailto:" before it. If its domain has umlauts and the
/// like, the domain is written as the DNS has it (xn--...). Throws as domain_of() does.
std::string address_in_dns(std::string_view address);

}  // namespace mailhaul::setup
