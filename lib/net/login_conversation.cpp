// SPDX-License-Identifier: MIT
#include "net/login_conversation.h"

#include <algorithm>
#include <utility>

#include "net/refusal.h"
#include "util/ascii.h"
#include "util/base64.h"
#include "util/digest.h"
#include "util/keyed_digest.h"

namespace mailhaul::net {

namespace {

using What = LoginEnd::What;

constexpr std::size_t longest_reply = 64UL * 1024;
constexpr std::size_t longest_capa = 1024UL * 1024;
constexpr std::size_t longest_auth_line = 255;  // with its CRLF: RFC 2449 section 4

/// The timestamp of a greeting with its brackets, as RFC 1939 section 7 demands for APOP.
std::string timestamp_in(std::string_view greeting) {
  const auto begin = greeting.find('<');
  return std::string(greeting.substr(begin, greeting.find('>', begin) + 1 - begin));
}

}  // namespace

std::string_view LoginEnd::refusal() const {
  return util::without_leading_blanks(std::string_view(words).substr(std::min<std::size_t>(4, words.size())));
}

struct LoginConversation::Line {
  std::string_view text;  ///< without its end
  Sort sort;
  std::string_view words() const {
    const std::size_t prefix = sort == Sort::challenge ? 1 : sort == Sort::ok ? 3 : 4;
    return util::without_leading_blanks(text.substr(std::min(prefix, text.size())));
  }
};

LoginConversation::LoginConversation(const Setting& setting, Dialogue& dialogue)
    : setting_(setting), dialogue_(dialogue), secure_(setting.endpoint.tls != Tls::starttls) {}

void LoginConversation::receive(std::string_view bytes) {
  received_.append(bytes);
  std::size_t read = 0;
  while (state_ == State::reading) {
    const auto end = received_.find('\n', read);
    if (end == std::string::npos) break;
    const std::string line(util::without_line_ends(std::string_view(received_).substr(read, end - read)));
    read = end + 1;
    // Only the greeting and the answer to CAPA may have more than one line. Nobody has asked for what follows
    // another answer in the same packet, unless the login was sent together with UTF8.
    const bool more = read < received_.size() && awaited_ > Awaited::capa_lines && !(utf8_owed_ && method_);
    if (line.size() > longest_reply) return fail(What::too_much, "a line of more than 64 KiB");
    const Sort sort = sort_of(line);
    dialogue_.received(line);
    // A refusal counts as one, whatever follows it ("-ERR closing the connection").
    if (more && (sort != Sort::refusal || awaited_ == Awaited::stls || utf8_owed_))
      return fail(awaited_ == Awaited::stls ? What::clear_text : What::too_much, "more than one line");
    take({line, sort});
  }
  received_.erase(0, read);
  if (state_ == State::reading && util::without_line_ends(received_).size() > longest_reply)
    fail(awaits_capa() ? What::capa_unanswered : What::too_much, "a line of more than 64 KiB");
}

LoginConversation::Sort LoginConversation::sort_of(std::string_view line) {
  const std::string start = util::upper(line.substr(0, 4));
  if (start.starts_with("+OK")) return Sort::ok;
  if (start == "-ERR" || start == "+ERR") return Sort::refusal;
  return line.starts_with('+') ? Sort::challenge : Sort::other;
}

void LoginConversation::take(const Line& line) {
  if (std::exchange(utf8_owed_, false)) {  // RFC 6856 section 2.1: a server may refuse UTF8
    if (line.sort != Sort::ok && line.sort != Sort::refusal)
      return fail(What::utf8_unanswered, std::string(line.text));
    if (!method_) begin_login();
    return;
  }
  switch (awaited_) {
    case Awaited::greeting:
      return take_greeting(line);
    case Awaited::capa:
      return take_capa(line);
    case Awaited::capa_lines:
      return take_capa_line(line);
    case Awaited::stls:
      return take_stls(line);
    case Awaited::user:
      return take_user(line);
    case Awaited::sasl:
      return take_sasl(line);
    case Awaited::pass:
    case Awaited::apop:
      return take_verdict(line);
  }
}

void LoginConversation::take_greeting(const Line& line) {
  if (line.sort == Sort::refusal) return fail(What::greeting_refused, std::string(line.text));
  if (line.sort != Sort::ok) return fail(What::foreign_greeting, std::string(line.text));
  if (setting_.login.auth == Auth::apop) {  // the greeting alone decides whether APOP is possible
    const auto timestamp = apop_timestamp(line.text);
    if (timestamp == ApopTimestamp::none) return fail(What::not_offered);
    if (timestamp == ApopTimestamp::forged) return fail(What::forged_timestamp);
  }
  if (setting_.methods.asks_capa()) return send("CAPA", Awaited::capa);
  begin_login();
}

/// Skips lines that are neither +OK nor -ERR, because some greetings have several lines.
void LoginConversation::take_capa(const Line& line) {
  capa_bytes_ += line.text.size() + 1;  // an empty line counts, too
  if (capa_bytes_ > longest_capa) return fail(What::capa_endless);
  if (line.sort == Sort::ok) awaited_ = Awaited::capa_lines;
  if (line.sort == Sort::refusal) after_capa();
}

void LoginConversation::take_capa_line(const Line& line) {
  capa_bytes_ += line.text.size() + 1;
  if (line.text == ".") return after_capa();
  if (capa_bytes_ > longest_capa) fail(What::capa_endless);
}

void LoginConversation::after_capa() {
  const auto& capabilities = dialogue_.transcript().capabilities();
  if (!secure_) {
    if (!offers(capabilities, "STLS")) return fail(What::no_stls);
    return send("STLS", Awaited::stls);
  }
  if (setting_.methods.sends_utf8() && offers(capabilities, "UTF8")) {
    send("UTF8", Awaited::user);
    utf8_owed_ = true;
    if (!offers(capabilities, "PIPELINING")) return;
  }
  begin_login();
}

void LoginConversation::take_stls(const Line& line) {
  if (line.sort == Sort::refusal) return fail(What::no_stls, std::string(line.text));
  if (line.sort != Sort::ok) return fail(What::odd_answer, std::string(line.text));
  state_ = State::switching_to_tls;
}

void LoginConversation::secured() {
  secure_ = true;
  state_ = State::reading;
  capa_bytes_ = 0;
  send("CAPA", Awaited::capa);
}

void LoginConversation::begin_login() {
  method_ = setting_.methods.choose(dialogue_.transcript().capabilities());
  if (!method_) return fail(What::not_offered);
  switch (method_->way) {
    case LoginMethod::Way::user_pass:
      return send("USER " + setting_.login.user, Awaited::user);
    case LoginMethod::Way::apop:
      return begin_apop();
    case LoginMethod::Way::sasl:
    case LoginMethod::Way::by_libcurl:
      return begin_sasl();
  }
}

void LoginConversation::take_user(const Line& line) {
  answered_ = true;  // the name is half of the credentials
  if (line.sort == Sort::refusal) {
    const bool no_reason = response_code(line.words()).empty() &&
                           understand(line.words(), util::Kind::login).reason == Reason::unknown;
    return fail(no_reason ? What::way_wrong : What::refused, std::string(line.text));
  }
  if (line.sort != Sort::ok) return fail(What::odd_answer, std::string(line.text));
  credentials_sent_ = true;
  send("PASS " + setting_.login.secret.reveal(), Awaited::pass);
}

void LoginConversation::begin_apop() {
  const util::Secret digested(timestamp_in(dialogue_.transcript().greeting()) +
                              setting_.login.secret.reveal());
  credentials_sent_ = true;
  send("APOP " + setting_.login.user + ' ' + util::hex(util::digest(util::Digest::md5, digested.reveal())),
       Awaited::apop);
}

void LoginConversation::take_verdict(const Line& line) {
  if (line.sort == Sort::refusal) return refuse(line);
  if (line.sort != Sort::ok) return fail(What::odd_answer, std::string(line.text));
  state_ = State::logged_in;
}

void LoginConversation::begin_sasl() {
  const Mechanism& mechanism = *mechanism_of(method_->auth);
  exchange_ = mechanism.start({setting_.login.user, setting_.login.secret, setting_.endpoint});
  const std::string command = "AUTH " + std::string(mechanism.name);
  if (mechanism.client_first) first_ = exchange_.answer({});
  if (method_->at_once && first_) {
    const std::string& bytes = first_->bytes.reveal();
    const util::Secret line(command + ' ' + (bytes.empty() ? "=" : util::base64_encode(bytes)));
    if (line.reveal().size() + 2 <= longest_auth_line) {
      answered_ = true;
      credentials_sent_ = first_->secret;
      first_.reset();
      return send(line.reveal(), Awaited::sasl);
    }
  }
  send(command, Awaited::sasl);
}

void LoginConversation::take_sasl(const Line& line) {
  switch (line.sort) {
    case Sort::other:
      return fail(What::odd_answer, std::string(line.text));
    case Sort::refusal:
      if (!answered_) return fail(What::way_refused, std::string(line.text));
      if (is_scram(method_->auth) && !credentials_sent_ && !blames_the_way(line.words()))
        return fail(What::name_refused, std::string(line.text));
      return refuse(line);
    case Sort::ok:
      if (!credentials_sent_) break;  // some servers say "+OK" where "+ " is due
      if (knows_refusal()) return fail(What::refused, std::string(line.text));
      if (const auto doubt = exchange_.doubt(); !doubt.empty()) return fail(What::broken_mechanism, doubt);
      state_ = State::logged_in;
      return;
    case Sort::challenge:
      break;
  }
  answer_challenge(line);
}

void LoginConversation::answer_challenge(const Line& line) {
  if (first_) {  // if the client speaks first, the text after the first "+" has no meaning
    Answer answer = std::move(*first_);
    first_.reset();
    return send_answer(std::move(answer));
  }
  auto challenge = util::base64_decode(line.words());
  if (!challenge && line.sort == Sort::ok) challenge.emplace();
  // "+ Password:", or the reason why a token is refused, can be understood without base64, too.
  if (!challenge && (method_->auth == Auth::login || is_by_token(method_->auth)))
    challenge.emplace(line.words());
  if (!challenge)
    return fail(What::broken_mechanism, "its challenge is not in base64: " + std::string(line.text));
  send_answer(exchange_.answer(*challenge));
}

void LoginConversation::send_answer(Answer answer) {
  if (!answer.problem.empty()) return fail(What::broken_mechanism, std::move(answer.problem));
  if (!answer.refusal.empty()) end_.reasons = std::move(answer.refusal);
  answered_ = true;
  credentials_sent_ = credentials_sent_ || answer.secret;
  const util::Secret line(util::base64_encode(answer.bytes.reveal()));
  send(line.reveal(), Awaited::sasl);
}

void LoginConversation::refuse(const Line& line) {
  const bool way = !knows_refusal() && blames_the_way(line.words());
  fail(way ? What::way_wrong : What::refused, std::string(line.text));
}

void LoginConversation::closed(std::string words) {
  if (state_ != State::reading) return;
  if (knows_refusal()) return fail(What::refused);
  if (awaits_capa()) return fail(What::capa_unanswered, std::move(words));
  if (utf8_owed_) return fail(What::utf8_unanswered, std::move(words));
  const auto at_name = is_name_unanswered() ? What::hung_up_at_name : What::lost;
  fail(credentials_sent_ ? What::hung_up : at_name, std::move(words));
}

/// Whether the server owes an answer to the user's name. The first message of SCRAM and the AUTH line may
/// also contain the name, but do not count, because the server may be refusing the mechanism.
bool LoginConversation::is_name_unanswered() const {
  if (awaited_ == Awaited::user) return true;
  return awaited_ == Awaited::sasl && answered_ && method_->auth == Auth::login && !method_->at_once;
}

void LoginConversation::fell_silent() {
  if (knows_refusal()) return fail(What::refused);
  if (utf8_owed_) return fail(What::utf8_unanswered);
  if (awaited_ == Awaited::capa_lines) return fail(What::capa_unfinished);
  fail(awaits_capa() ? What::capa_unanswered : What::timed_out);
}

void LoginConversation::send(std::string_view line, Awaited awaited) {
  dialogue_.sent(line);
  std::string all = output_.reveal();
  all.append(line).append("\r\n");
  output_ = util::Secret(std::move(all));
  awaited_ = awaited;
}

util::Secret LoginConversation::take_output() { return std::exchange(output_, util::Secret()); }

void LoginConversation::fail(What what, std::string words) {
  state_ = State::ended;
  end_.what = what;
  end_.words = std::move(words);
  end_.credentials_sent = credentials_sent_;
}

}  // namespace mailhaul::net
