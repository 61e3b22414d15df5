// SPDX-License-Identifier: MIT
#include "delivery/maildir_recovery.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <string>

#include "delivery/names.h"
#include "delivery/ticket_fields.h"

namespace mailhaul::delivery {

namespace {

using Names = std::set<std::string, std::less<>>;
constexpr std::uint64_t a_day = 86400;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// Calls `each` with each name in the directory.
template <typename Each>
void for_each_name(int directory, const util::Path& path, Each each) {
  const int again = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseDirectory> entries(again < 0 ? nullptr : ::fdopendir(again));
  if (!entries) util::throw_errno(util::Kind::storage, "read", path.native());
  errno = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own is safe
  while (const auto* entry = ::readdir(entries.get())) {
    each(std::string_view(entry->d_name));
    errno = 0;
  }
  if (errno != 0) util::throw_errno(util::Kind::storage, "read", path.native());
}

/// Returns the ids in `wanted` for which new/ or cur/ has a file. new/ is read first, because readers move
/// files from there to cur/.
Names visible(const MaildirFolder& folder, const Names& wanted) {
  Names found;
  const auto note = [&](std::string_view name) {
    const auto unique = name.substr(0, name.find_first_of(":,"));
    if (wanted.contains(unique)) found.emplace(unique);
  };
  for_each_name(folder.new_fd(), folder.path() / "new", note);
  for_each_name(folder.cur_fd(), folder.path() / "cur", note);
  return found;
}

void require_same_place(const MaildirFolder& folder, const TicketFields& message) {
  if (folder.new_inode() == message.number("new") && folder.tmp_inode() == message.number("tmp")) return;
  throw util::Error(
      util::Kind::storage,
      "the Maildir " + folder.path().native() + " is not the one in which a delivery is unfinished",
      "restore the other one (is its disk mounted?), or have the messages fetched again: "
      "mailhaul state forget ACCOUNT UID");
}

bool taken_by_a_reader(const TicketFields& message, const RunContext& context) {
  const auto now = static_cast<std::uint64_t>(context.seconds());
  return !context.boot.empty() && message.text("boot") == context.boot &&
         now < message.number("time") + a_day;
}

/// The size of tmp/`id`, or -1 if it does not exist.
off_t waiting_bytes(const MaildirFolder& folder, const std::string& id) {
  struct stat info {};
  if (::fstatat(folder.tmp_fd(), id.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) return info.st_size;
  if (errno != ENOENT)
    util::throw_errno(util::Kind::storage, "read the attributes of", (folder.path() / "tmp" / id).native());
  return -1;
}

/// Brings a message from S3 or S4 to S4. The messages in `ids` are in new/ or cur/.
DeliveryResult recover_one(MaildirFolder& folder, const RunContext& context, const TicketFields& message,
                           const Names& ids) {
  const auto& id = message.text("id");
  const auto bytes = message.number("size");
  const auto waiting = waiting_bytes(folder, id);
  if (ids.contains(id)) {
    // The run was killed between link and unlink. If this fails, sweep_maildir() removes the file later.
    if (waiting >= 0) ::unlinkat(folder.tmp_fd(), id.c_str(), 0);
    return {};
  }
  const bool whole = waiting >= 0 && static_cast<std::uint64_t>(waiting) == bytes;
  if (whole && folder.move_to_new(id, published_name(id, bytes))) return {};
  if (waiting < 0 && taken_by_a_reader(message, context)) return {};
  return {DeliveryStatus::doubt, "nobody can tell whether " + id + " reached " + folder.path().native(), ""};
}

}  // namespace

std::string published_name(std::string_view id, std::uint64_t bytes) {
  return std::string(id) + ",S=" + std::to_string(bytes);
}

std::vector<DeliveryResult> recover_maildir(MaildirFolder& folder, const RunContext& context,
                                            std::span<const Ticket> tickets) {
  std::vector<TicketFields> messages(tickets.begin(), tickets.end());
  Names wanted;
  for (const auto& message : messages) {
    require_same_place(folder, message);
    wanted.insert(message.text("id"));
  }
  auto ids = visible(folder, wanted);
  // A reader that changes flags renames files in cur/ while we list it, and readdir may miss such a name:
  // read the directories twice.
  if (ids.size() < wanted.size()) ids.merge(visible(folder, wanted));
  std::vector<DeliveryResult> results;
  results.reserve(messages.size());
  for (const auto& message : messages) results.push_back(recover_one(folder, context, message, ids));
  folder.sync_both();
  return results;
}

void sweep_maildir(const MaildirFolder& folder, const RunContext& context, std::span<const Ticket> keep) {
  Names kept;
  for (const auto& ticket : keep) kept.insert(id_of(ticket));
  Names orphans;
  for_each_name(folder.tmp_fd(), folder.path() / "tmp", [&](std::string_view name) {
    if (leading_id(name, context) == name && !kept.contains(name)) orphans.emplace(name);
  });
  for (const auto& name : orphans) ::unlinkat(folder.tmp_fd(), name.c_str(), 0);
}

}  // namespace mailhaul::delivery
