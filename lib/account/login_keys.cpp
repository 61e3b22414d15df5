// SPDX-License-Identifier: MIT
#include "account/login_keys.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "account/keys.h"
#include "credentials/oauth.h"
#include "util/ascii.h"
#include "util/escape.h"
#include "util/units.h"
#include "util/utc.h"

namespace mailhaul::account {
namespace {

using credentials::OAuth;

/// `text` is nullptr for the only field that is a command.
struct OAuthRow {
  OAuthField field;
  std::string OAuth::*text;
};
constexpr std::array oauth_rows{
    OAuthRow{{"provider", "google or microsoft; otherwise the URLs are needed"}, &OAuth::provider},
    OAuthRow{{"client_id", "the id of your own client at the provider"}, &OAuth::client_id},
    OAuthRow{{"client_secret_command", "a program that prints the client's secret, if it has one"}, nullptr},
    OAuthRow{{"tenant", "Microsoft: common, consumers, organizations, or the id of a directory"},
             &OAuth::tenant},
    OAuthRow{{"scope", "what the token is for"}, &OAuth::scope},
    OAuthRow{{"authorize_url", "the page where the user agrees"}, &OAuth::authorize_url},
    OAuthRow{{"token_url", "where tokens are made and renewed"}, &OAuth::token_url},
    OAuthRow{{"device_url", "where device codes are made"}, &OAuth::device_url},
    OAuthRow{{"redirect_url", "where the browser goes afterwards (default: a free port of this machine)"},
             &OAuth::redirect_url},
};
constexpr auto day_size = std::string_view("YYYY-MM-DD").size();
constexpr auto oauth_field_rows = [] {
  std::array<OAuthField, oauth_rows.size()> all{};
  std::ranges::transform(oauth_rows, all.begin(), &OAuthRow::field);
  return all;
}();
constexpr auto oauth_names = [] {
  std::array<std::string_view, oauth_rows.size()> all{};
  std::ranges::transform(oauth_field_rows, all.begin(), &OAuthField::name);
  return all;
}();

void set_provider(OAuth& oauth, const Setting& setting) {
  std::vector<std::string_view> names;
  for (const auto& row : credentials::provider_rows()) names.push_back(row.name);
  oauth.provider = names.at(choice_of(setting, names));
}

void require_url(const Setting& setting, std::string_view url) {
  const bool is_redirect = setting.path.ends_with(".redirect_url");
  if (url.starts_with("https://") || (is_redirect && url.starts_with("http://"))) return;
  setting.refuse(is_redirect ? "must be a URL" : "must be an https:// URL");
}

void set_oauth_field(OAuth& oauth, const Setting& whole, const Member& member) {
  const auto setting = whole.part(member.value, "." + util::escape(member.key));
  const auto row = std::ranges::find(oauth_rows, std::string_view(member.key),
                                     [](const OAuthRow& one) { return one.field.name; });
  if (row == oauth_rows.end())
    setting.refuse_at(member.position, "unknown key" + guess(member.key, oauth_names));
  if (row->text == nullptr) {
    oauth.client_secret_command = words_of(setting);
  } else if (row->field.name == "provider") {
    set_provider(oauth, setting);
  } else {
    oauth.*(row->text) = text_of(setting);
    if (row->field.name.ends_with("_url")) require_url(setting, oauth.*(row->text));
  }
}

}  // namespace

void set_password(Account& account, const Setting& setting) {
  require_form(setting, Node::Form::text, {});
  const auto& text = setting.node->text;
  if (text.empty()) setting.refuse("must not be empty");
  if (!util::fits_on_a_line(text)) setting.refuse("contains a line end or a NUL");
  account.secret = credentials::Literal(util::Secret(text));
}

void set_credential(Account& account, const Setting& setting) {
  const auto name = text_of(setting);
  if (name.find('/') != std::string::npos || name == "." || name == "..")
    setting.refuse("must be a name from LoadCredential= in the unit, without a folder");
  account.secret = credentials::SystemdCredential{name};
}

void set_variable(Account& account, const Setting& setting) {
  const auto name = text_of(setting);
  if (name.find('=') != std::string::npos) setting.refuse("must be the name of an environment variable");
  account.secret = credentials::Variable{name};
}

void set_netrc(Account& account, const Setting& setting) {
  if (!flag_of(setting)) return;
  if (setting.paths->default_netrc.empty())
    setting.refuse("the home directory, where .netrc would be, is not known", "set HOME or NETRC");
  account.secret = credentials::Netrc{setting.paths->default_netrc};
}

void set_keyring(Account& account, const Setting& setting) {
  if (flag_of(setting)) account.secret = credentials::Keyring{};
}

void set_oauth(Account& account, const Setting& setting) {
  OAuth oauth;
  if (setting.node->form == Node::Form::text) {
    set_provider(oauth, setting);
  } else {
    require_form(setting, Node::Form::object, "\"google\", \"microsoft\", or {\"provider\": ...}");
    for (const auto& member : setting.node->members) set_oauth_field(oauth, setting, member);
  }
  const auto whole = credentials::completed(oauth);
  if (whole.token_url.empty())
    setting.refuse("needs \"provider\", or \"token_url\" with \"authorize_url\" or \"device_url\"");
  if (whole.authorize_url.empty() && whole.device_url.empty())
    setting.refuse("needs \"authorize_url\" or \"device_url\" beside \"token_url\"");
  account.oauth = std::move(oauth);
}

void set_password_day(Account& account, const Setting& setting) {
  const auto text = text_of(setting);
  const auto day = text.size() == day_size ? util::parse_utc(text) : std::nullopt;
  if (!day) setting.refuse("must be a day such as \"2026-11-01\"");
  account.password_set = day;
}

void set_password_valid(Account& account, const Setting& setting) {
  using std::chrono::days;
  account.password_valid = duration_of(setting, {days(1), days(36500)});
}

Node show_password(const Account& account) {
  return std::holds_alternative<credentials::Literal>(account.secret) ? Node::of("***") : Node();
}

Node show_command(const Account& account) {
  const auto* command = std::get_if<credentials::Command>(&account.secret);
  return command == nullptr ? Node() : Node::of_words(command->argv);
}

Node show_file(const Account& account) {
  const auto* file = std::get_if<credentials::File>(&account.secret);
  return file == nullptr ? Node() : Node::of(file->path.string());
}

Node show_credential(const Account& account) {
  const auto* credential = std::get_if<credentials::SystemdCredential>(&account.secret);
  return credential == nullptr ? Node() : Node::of(credential->name);
}

Node show_variable(const Account& account) {
  const auto* variable = std::get_if<credentials::Variable>(&account.secret);
  return variable == nullptr ? Node() : Node::of(variable->name);
}

Node show_netrc(const Account& account) {
  return std::holds_alternative<credentials::Netrc>(account.secret) ? Node::of_flag(true) : Node();
}

Node show_keyring(const Account& account) {
  return std::holds_alternative<credentials::Keyring>(account.secret) ? Node::of_flag(true) : Node();
}

Node show_oauth(const Account& account) {
  if (!account.oauth) return {};
  Node object{.form = Node::Form::object};
  for (const auto& [field, text] : oauth_rows) {
    if (text != nullptr && !((*account.oauth).*text).empty())
      object.add(field.name, Node::of((*account.oauth).*text));
    if (text == nullptr && !account.oauth->client_secret_command.empty())
      object.add(field.name, Node::of_words(account.oauth->client_secret_command));
  }
  return object;
}

Node show_password_day(const Account& account) {
  const auto& day = account.password_set;
  return day ? Node::of(util::format_utc(*day).substr(0, day_size)) : Node();
}

Node show_password_valid(const Account& account) {
  const auto& valid = account.password_valid;
  return valid ? Node::of(util::format_duration(*valid)) : Node();
}

std::span<const OAuthField> oauth_fields() { return oauth_field_rows; }

std::span<const std::string_view> password_sources() {
  static constexpr std::array<std::string_view, 7> sources{
      "password", "password_command", "password_file", "password_credential", "password_env",
      "netrc",    "keyring"};
  return sources;
}

bool is_password_source(std::string_view name) {
  const auto sources = password_sources();
  return std::ranges::find(sources, name) != sources.end();
}

bool names_source(const Member& member) {
  const auto& value = member.value;
  return is_password_source(member.key) && (value.form != Node::Form::boolean || value.flag);
}

}  // namespace mailhaul::account
