// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/key_options.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "delivery/stdout.h"
#include "delivery/text_filters.h"
#include "engine/get.h"

namespace mailhaul::app {

namespace {

/// Prints one message unchanged, but with LF line ends.
engine::MessageSink raw(delivery::LineEnds& ends) {
  return {.begin = [](const std::string&) {},
          .piece = [&ends](std::string_view wire) { print(ends.convert(wire)); },
          .end = [&ends] { print(ends.finish()); }};
}

/// Prints several messages as an mbox stream, as delivery to stdout does.
class MessageOutput {
 public:
  MessageOutput(const engine::Environment& environment, const account::Account& account)
      : context_{.account = account.name,
                 .instance = "get",
                 .mailbox = "get",
                 .host = environment.host,
                 .boot = environment.boot,
                 .user = environment.user,
                 .state_directory = environment.state_file.parent_path(),
                 .now = environment.clock,
                 .warn = [](std::string_view, std::string_view) {},
                 .cancel = environment.cancel},
        ids_(context_),
        destination_(delivery::open_stdout(STDOUT_FILENO, context_)) {}

  engine::MessageSink sink() {
    return {.begin =
                [this](const std::string&) {
                  writer_ = destination_->begin({.id = ids_.next(), .trace_header = {}}, 0);
                },
            .piece = [this](std::string_view wire) { writer_->append(wire); },
            .end = [this] { put(); }};
  }

 private:
  void put() {
    const auto ticket = writer_->finish();
    const auto outcome = destination_->publish({&ticket, 1}).front();
    if (outcome.status != delivery::DeliveryStatus::published)
      throw util::Error(util::Kind::storage, outcome.sentence, outcome.hint);
  }

  delivery::RunContext context_;
  delivery::Ids ids_;
  std::unique_ptr<delivery::Destination> destination_;
  std::unique_ptr<delivery::Writer> writer_;
};

}  // namespace

void describe_get(CLI::App& parser, Invocation& invocation) {
  add_account(parser);
  add_uids(parser, "the messages: UIDs, or #N as list shows them");
  add_connection_options(parser, invocation);
}

int run_get(const Invocation& invocation) {
  if (invocation.json)
    throw util::Error(util::Kind::usage, "--json and get both need standard output", "omit --json");
  const auto config = load_for_uids(invocation);
  const auto [account, uids] = target_with_uids(invocation, config);
  const auto environment = real_environment(invocation, config, {account});
  const auto tell = make_listener(invocation);
  return with_account(invocation, account, [&, &account = account, uids = uids] {
    delivery::LineEnds ends;
    std::optional<MessageOutput> stream;
    const auto open_sink = [&](std::size_t messages) {
      auto sink = messages == 1 ? raw(ends) : stream.emplace(environment, account).sink();
      sink.begin = [&tell, &account, begin = std::move(sink.begin)](const std::string& uid) {
        const bool is_seen = ::isatty(STDOUT_FILENO) == 1 || prints_into_pipe();
        if (is_seen) tell->done(account.name);  // the live line would be drawn into the message
        begin(uid);
      };
      return sink;
    };
    engine::get(account, environment, *tell, {.uids = uids, .open_sink = open_sink});
  });
}

}  // namespace mailhaul::app
