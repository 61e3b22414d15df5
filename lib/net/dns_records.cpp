// SPDX-License-Identifier: MIT
#include "net/dns_records.h"

// Newer releases of c-ares deprecate functions in favour of some that the oldest supported release lacks.
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <curl/curl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <memory>
#include <type_traits>

#include "net/lookup.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::net {
namespace {

using util::Error;
using util::Kind;
using Clock = std::chrono::steady_clock;

constexpr int internet = 1;  // the class IN (RFC 1035 section 3.2.4)

int number_of(RecordType type) {
  switch (type) {
    case RecordType::mx:
      return 15;
    case RecordType::txt:
      return 16;
    case RecordType::srv:
      break;
  }
  return 33;
}

std::string host_of(const char* name) {
  std::string host(name == nullptr ? "" : name);
  if (host.ends_with('.')) host.pop_back();
  return host;
}

/// Data that c-ares has allocated.
struct FreeAresData {
  void operator()(void* data) const noexcept { ares_free_data(data); }
};

template <typename Reply>
using Owned = std::unique_ptr<Reply, FreeAresData>;

void take(const ares_srv_reply& reply, DnsAnswer& answer) {
  answer.targets.push_back(
      {.host = host_of(reply.host), .port = reply.port, .priority = reply.priority, .weight = reply.weight});
}

void take(const ares_mx_reply& reply, DnsAnswer& answer) {
  answer.targets.push_back({.host = host_of(reply.host), .priority = reply.priority});
}

/// A long text comes in several strings.
void take(const ares_txt_ext& reply, DnsAnswer& answer) {
  if (reply.record_start != 0 || answer.texts.empty()) answer.texts.emplace_back();
  for (std::size_t i = 0; i < reply.length; ++i) answer.texts.back() += static_cast<char>(reply.txt[i]);
}

/// Reads a packet with one of the parsers of c-ares.
template <typename Reply>
int read(int (*parse)(const unsigned char*, int, Reply**), std::span<const unsigned char> packet,
         DnsAnswer& answer) {
  Reply* first = nullptr;
  const int status = parse(packet.data(), static_cast<int>(packet.size()), &first);
  const Owned<Reply> owner(first);
  for (const auto* reply = first; reply != nullptr; reply = reply->next) take(*reply, answer);
  return status;
}

int read_packet(RecordType type, std::span<const unsigned char> packet, DnsAnswer& answer) {
  switch (type) {
    case RecordType::mx:
      return read<ares_mx_reply>(ares_parse_mx_reply, packet, answer);
    case RecordType::txt:
      return read<ares_txt_ext>(ares_parse_txt_reply_ext, packet, answer);
    case RecordType::srv:
      break;
  }
  return read<ares_srv_reply>(ares_parse_srv_reply, packet, answer);
}

/// One question on its way.
struct Query {
  RecordType type;
  DnsAnswer* answer;
  std::size_t* open;  ///< how many questions are on their way
};

void on_answer(void* query, int status, int /*timeouts*/, unsigned char* packet, int length) noexcept {
  const Query& to = *static_cast<Query*>(query);
  --*to.open;
  if (status == ARES_SUCCESS) status = read_packet(to.type, {packet, std::size_t(length)}, *to.answer);
  if (status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND) return;
  to.answer->problem =
      status == ARES_EDESTRUCTION || status == ARES_ETIMEOUT ? "no answer in time" : ares_strerror(status);
}

/// The library, and a connection to name servers.
class Channel {
 public:
  explicit Channel(const std::string& name_server) {
    ares_options options{};
    options.timeout = 2000;  // ms, of the first try
    options.tries = 2;
    check(ares_library_init(ARES_LIB_INIT_ALL));
    if (const int status = ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
        status != ARES_SUCCESS) {
      ares_library_cleanup();
      check(status);
    }
    if (name_server.empty() || ares_set_servers_ports_csv(channel_, name_server.c_str()) == ARES_SUCCESS)
      return;
    close();
    throw Error(Kind::usage, "'" + util::escape(name_server) + "' is not the address of a name server",
                "write for example 9.9.9.9, or [2620:fe::fe]:53");
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() { close(); }

  void ask(const DnsQuestion& question, Query& query) {
    ares_query(channel_, question.name.c_str(), internet, number_of(question.type), on_answer, &query);
  }

  /// Waits until something happens, for a second at most.
  void wait(const util::Cancel& cancel) {
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const auto bits = static_cast<unsigned>(ares_getsock(channel_, sockets.data(), ARES_GETSOCK_MAXNUM));
    std::vector<struct pollfd> waits{{cancel.fd(), POLLIN, 0}};
    for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
      const bool reads = (bits >> i & 1U) != 0, writes = (bits >> (i + ARES_GETSOCK_MAXNUM) & 1U) != 0;
      if (reads || writes)
        waits.push_back(
            {sockets.at(i), static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), 0});
    }
    timeval most{.tv_sec = 1, .tv_usec = 0}, next{};
    const auto* const until = ares_timeout(channel_, &most, &next);
    ::poll(waits.data(), waits.size(), static_cast<int>(until->tv_sec * 1000 + until->tv_usec / 1000 + 1));
    for (const auto& wait : std::span(waits).subspan(1))
      ares_process_fd(channel_, (wait.revents & ~POLLOUT) != 0 ? wait.fd : ARES_SOCKET_BAD,
                      (wait.revents & POLLOUT) != 0 ? wait.fd : ARES_SOCKET_BAD);
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // sends again what has taken too long
  }

  /// Ends the questions that are on their way.
  void close() noexcept {
    if (channel_ == nullptr) return;
    ares_destroy(channel_);
    channel_ = nullptr;
    ares_library_cleanup();
  }

 private:
  static void check(int status) {
    if (status != ARES_SUCCESS)
      throw Error(Kind::os, std::string("cannot prepare to ask a name server: ") + ares_strerror(status));
  }

  ares_channel channel_ = nullptr;
};

}  // namespace

std::vector<DnsAnswer> ask_dns(std::span<const DnsQuestion> questions, const DnsLimits& limits,
                               const util::Cancel& cancel) {
  std::vector<DnsAnswer> answers(questions.size());
  std::vector<Query> queries;
  std::size_t open = questions.size();
  for (std::size_t i = 0; i < questions.size(); ++i)
    queries.push_back({.type = questions[i].type, .answer = &answers[i], .open = &open});
  const auto end = Clock::now() + limits.limit;
  Channel channel(limits.name_server);
  for (std::size_t i = 0; i < questions.size(); ++i) channel.ask(questions[i], queries[i]);
  while (open != 0 && Clock::now() < end && !cancel.requested()) channel.wait(cancel);
  channel.close();
  if (cancel.requested()) throw Error(Kind::cancelled, "stopped while asking the name server");
  for (auto& answer : answers)
    std::ranges::stable_sort(answer.targets, [](const DnsTarget& one, const DnsTarget& other) {
      return one.priority != other.priority ? one.priority < other.priority : one.weight > other.weight;
    });
  return answers;
}

std::string name_in_dns(const std::string& name) {
  const HostNameLocale locale(name);
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  if (curl_url_set(url.get(), CURLUPART_HOST, name.c_str(), 0) != CURLUE_OK) return {};
  char* host = nullptr;
  const auto result = curl_url_get(url.get(), CURLUPART_HOST, &host, CURLU_PUNYCODE);
  // libcurl 7.88 sets `host` even if it fails because the name cannot be written in ASCII.
  const std::unique_ptr<char, decltype(&curl_free)> owner(host, &curl_free);
  return result == CURLUE_OK ? host : std::string();
}

}  // namespace mailhaul::net
