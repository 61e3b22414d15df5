// SPDX-License-Identifier: MIT
// An example of how to add a kind of delivery: a class, its fields and its row, in one file.
#include "delivery/kinds.h"

#include <doctest/doctest.h>

#include <array>
#include <utility>

#include "delivery/names.h"
#include "delivery/ticket_fields.h"
#include "fixture.h"

using namespace mailhaul;
using namespace mailhaul::delivery;
using mailhaul::test::Fixture;
using mailhaul::test::put;
using mailhaul::test::slurp;

namespace {

extern const KindRow shelf_kind;

/// A directory with one file for each message, as the server sent it: ID.part while it is staged, then ID.
class Shelf final : public Destination {
 public:
  Shelf(util::Path path, std::string mark, const RunContext& context)
      : path_(std::move(path)),
        mark_(std::move(mark)),
        context_(context),
        target_(target_of(shelf_kind, path_)) {}

  const std::string& target() const noexcept override { return target_; }
  const Traits& traits() const noexcept override { return shelf_kind.traits; }
  std::unique_ptr<Writer> begin(const Envelope& envelope, std::uint64_t announced_bytes) override;
  void stage(std::span<Ticket> /*tickets*/) override { util::sync_directory(path_); }
  std::vector<DeliveryResult> publish(std::span<const Ticket> tickets) override {
    for (const auto& ticket : tickets) std::filesystem::rename(part(id_of(ticket)), path_ / id_of(ticket));
    util::sync_directory(path_);
    return std::vector<DeliveryResult>(tickets.size());
  }
  void discard(std::span<const Ticket> tickets) noexcept override {
    for (const auto& ticket : tickets) std::filesystem::remove(part(id_of(ticket)));
  }
  std::vector<DeliveryResult> recover(std::span<const Ticket> tickets) override {
    for (const auto& ticket : tickets) {
      if (std::filesystem::exists(part(id_of(ticket)))) (void)publish({&ticket, 1});
    }
    return std::vector<DeliveryResult>(tickets.size());
  }
  void sweep(std::span<const Ticket> /*keep*/) noexcept override {}

  util::Path part(const std::string& id) const { return path_ / (id + ".part"); }
  const std::string& mark() const { return mark_; }

 private:
  util::Path path_;
  std::string mark_;
  const RunContext& context_;
  std::string target_;
};

class ShelfWriter final : public Writer {
 public:
  ShelfWriter(const Shelf& shelf, const std::string& id) : shelf_(shelf), id_(id), text_(shelf.mark()) {}
  void append(std::string_view wire) override { text_ += wire; }
  Ticket finish() override {
    test::spill(shelf_.part(id_), text_);
    TicketFields fields;
    fields.set("id", id_);
    return {shelf_.target(), fields.data()};
  }

 private:
  const Shelf& shelf_;
  std::string id_, text_;
};

std::unique_ptr<Writer> Shelf::begin(const Envelope& envelope, std::uint64_t /*announced_bytes*/) {
  return std::make_unique<ShelfWriter>(*this, envelope.id);
}

constexpr std::array shelf_fields{
    Field{.name = "path", .help = "a directory", .type = FieldType::path, .required = true},
    Field{.name = "mark", .help = "stands before each message", .type = FieldType::path, .fallback = "#"},
};

const KindRow shelf_kind{
    .name = "shelf",
    .value = "PATH",
    .help = "a directory of messages",
    .fields = shelf_fields,
    .traits = {},
    .open = [](const Spec& spec, const RunContext& context) -> std::unique_ptr<Destination> {
      util::make_directories(value_of(spec, "path").text);
      return std::make_unique<Shelf>(value_of(spec, "path").text, value_of(spec, "mark").text, context);
    },
    .reopen = [](const Ticket& ticket, const RunContext& context) -> std::unique_ptr<Destination> {
      return std::make_unique<Shelf>(path_of(ticket), "", context);
    },
};

constexpr std::array<const KindRow*, 1> with_shelf{&shelf_kind};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a kind of one file and one row is parsed, opened, delivered to and recovered") {
  const auto absolute = [this](std::string_view path) { return dir / std::string(path); };
  const auto parsed = parse_shorthand("shelf:mail", absolute, with_shelf);
  REQUIRE(parsed.wrong == "");
  CHECK(describe(parsed.spec) == "shelf:" + (dir / "mail").native());
  CHECK(form_of(*parsed.spec.kind) == "shelf:PATH");

  const auto shelf = open(parsed.spec, context);
  CHECK(shelf->traits().exactly_once());
  const auto first = envelope();
  test::deliver(*shelf, {put(*shelf, first, "a\r\n")});
  CHECK(slurp(dir / "mail" / first.id) == "#a\r\n");

  const auto second = envelope();
  const std::vector<Ticket> left{put(*shelf, second, "b\r\n")};
  for (int run = 0; run < 2; ++run) {
    const auto results = reopen(left.front(), context, with_shelf)->recover(left);
    CHECK(results.at(0).status == DeliveryStatus::published);
  }
  CHECK(slurp(dir / "mail" / second.id) == "#b\r\n");
}

TEST_CASE("a kind that is not in the table is unknown") {
  CHECK(find_kind("shelf") == nullptr);
  CHECK(find_kind("shelf", with_shelf) == &shelf_kind);
  const auto parsed = parse_shorthand(
      "mbox:a", [](std::string_view path) { return util::Path(path); }, with_shelf);
  CHECK(parsed.wrong == "unknown delivery kind (kinds: shelf)");
}
