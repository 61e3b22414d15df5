// SPDX-License-Identifier: MIT
#include "delivery/maildir_flusher.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>

namespace mailhaul::delivery {

namespace {
// Far below the usual limit of 1,024, even if several accounts are fetched at a time.
constexpr std::size_t most_open = 64;
}  // namespace

Flusher::Flusher(int directory, util::Path path, util::Medium medium)
    : directory_(directory), path_(std::move(path)), one_for_all_(medium == util::Medium::batch) {}

void Flusher::add(util::Fd file, std::string name) {
  // With syncfs a file can be closed before it is flushed. With fsync it must stay open, because the kernel
  // reports an error of the write-back only to descriptors that were open.
  if (open_.size() >= most_open) free_descriptors();
  if (!one_for_all_) ::sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  open_.push_back({std::move(file), std::move(name)});
}

void Flusher::drop(std::string_view name) {
  std::erase_if(open_, [&](const File& file) { return file.name == name; });
}

void Flusher::free_descriptors() {
  if (one_for_all_) {
    closed_ += open_.size();
    close_each();
  } else {
    sync_each();
  }
}

void Flusher::flush() {
  if (closed_ > 0) {
    close_each();
    sync_file_system();
  } else {
    sync_each();
  }
  note(::fsync(directory_), "");
  closed_ = 0;
  if (const auto failure = std::exchange(failure_, std::nullopt)) throw *failure;
}

void Flusher::sync_each() {
  // Starts writing all files before it waits for each, so that the disk can work on them together.
  for (const auto& file : open_) ::sync_file_range(file.fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  for (const auto& file : open_) note(::fsync(file.fd.get()), file.name);
  close_each();
}

void Flusher::close_each() {
  for (auto& file : open_) {
    try {
      file.fd.close_checked(util::Kind::storage, (path_ / file.name).native());
    } catch (const util::Error& error) {  // thrown by flush(): another message may be arriving now
      if (!failure_) failure_ = error;
    }
  }
  open_.clear();
}

void Flusher::sync_file_system() {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  note(::syncfs(directory_), "");
  // syncfs also waits for what other programs wrote. If that is much, fsync of each file is faster.
  if (Clock::now() - start > std::chrono::seconds(1)) one_for_all_ = false;
}

void Flusher::note(int result, std::string_view name) {
  if (result == 0 || failure_) return;
  const auto words = util::errno_text(errno);
  const auto where = name.empty() ? path_ : path_ / name;
  failure_.emplace(util::Kind::storage, "cannot flush " + where.native() + ": " + words);
}

}  // namespace mailhaul::delivery
