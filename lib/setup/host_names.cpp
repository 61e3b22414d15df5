// SPDX-License-Identifier: MIT
#include "setup/host_names.h"

#include <algorithm>
#include <array>
#include <vector>

#include "net/dns_records.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

std::vector<std::string_view> labels_of(std::string_view name) {
  std::vector<std::string_view> labels;
  for (std::size_t from = 0;;) {
    const auto dot = name.find('.', from);
    labels.push_back(name.substr(from, dot == std::string_view::npos ? dot : dot - from));
    if (dot == std::string_view::npos) return labels;
    from = dot + 1;
  }
}

bool is_letter(char c) { return util::lower(c) >= 'a' && util::lower(c) <= 'z'; }
bool is_decimal(char c) { return c >= '0' && c <= '9'; }

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_letter(c) || is_decimal(c) || c == '-'; });
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Whether many registries of countries sell names below this label, as "co" in "example.co.uk".
bool is_registry(std::string_view label) {
  static constexpr std::array<std::string_view, 18> names{"ac",  "co",  "com", "edu", "ed",  "go",
                                                          "gob", "gov", "gv",  "ltd", "me",  "mil",
                                                          "ne",  "net", "nom", "or",  "org", "sch"};
  return std::ranges::find(names, label) != names.end();
}

}  // namespace

bool is_host_name(std::string_view name) {
  const auto labels = labels_of(name);
  return name.size() <= 253 && labels.size() >= 2 && std::ranges::all_of(labels, is_label) &&
         std::ranges::any_of(labels.back(), is_letter);
}

std::string base_domain(std::string_view host) {
  const auto name = util::lower(host);
  const auto labels = labels_of(name);
  const std::size_t count = labels.size();
  const bool below_registry = count >= 3 && labels[count - 1].size() == 2 && is_registry(labels[count - 2]);
  const std::size_t kept = std::min<std::size_t>(count, below_registry ? 3 : 2);
  return name.substr(static_cast<std::size_t>(labels[count - kept].data() - name.data()));
}

std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  const std::string_view written = at == std::string_view::npos ? "" : address.substr(at + 1);
  const bool has_odd_byte =
      util::has_control_character(address) || address.find_first_of(" \"<>") != std::string_view::npos;
  const auto domain =
      has_odd_byte || is_ascii(written) ? std::string(written) : net::name_in_dns(std::string(written));
  if (at != 0 && address.find('@') == at && !has_odd_byte && is_host_name(domain)) return util::lower(domain);
  throw util::Error(util::Kind::usage, "'" + util::escape(address) + "' is not a mail address",
                    is_ascii(written) ? "write for example anna@example.org"
                                      : "write the domain as the DNS has it: xn--...");
}

std::string address_in_dns(std::string_view address) {
  constexpr std::string_view scheme = "mailto:", blanks = " \t";
  address.remove_prefix(std::min(address.find_first_not_of(blanks), address.size()));
  address = address.substr(0, address.find_last_not_of(blanks) + 1);
  if (util::equal_nocase(address.substr(0, scheme.size()), scheme)) address.remove_prefix(scheme.size());
  const auto domain = domain_of(address);
  const auto at = address.rfind('@') + 1;
  return is_ascii(address.substr(at)) ? std::string(address) : std::string(address.substr(0, at)) + domain;
}

}  // namespace mailhaul::setup
