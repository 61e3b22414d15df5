// SPDX-License-Identifier: MIT
#include "delivery/maildir_reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <set>
#include <utility>
#include <vector>

namespace mailhaul::delivery {

namespace {

namespace fs = std::filesystem;
using util::Path;

/// Returns new/ and cur/ of all folders, each new/ before its cur/, because readers move files to cur/.
std::vector<Path> mail_directories(const Path& path) {
  constexpr int deepest = 8;
  std::set<Path> folders{path};
  std::error_code error;
  fs::recursive_directory_iterator entry(path, fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (!entry->is_directory(error) || entry->is_symlink(error)) continue;
    const auto name = entry->path().filename();
    const bool of_maildir = name == "new" || name == "cur" || name == "tmp";
    if (name == "cur") folders.insert(entry->path().parent_path());
    if (of_maildir || entry.depth() >= deepest) entry.disable_recursion_pending();
  }
  if (error) throw util::Error(util::Kind::storage, "cannot read " + path.native() + ": " + error.message());
  std::vector<Path> directories;
  for (const auto& folder : folders)
    for (const auto* part : {"new", "cur"}) directories.push_back(folder / part);
  return directories;
}

/// Reads each file once, even if its name changes while the directory is read.
class Reader {
 public:
  explicit Reader(const StoredMailVisitor& visitor) : text_(visitor) {}

  /// Returns whether there was a file that was not read before.
  bool read_directory(const Path& directory) {
    bool found = false;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
      found = read_file(entry->path()) || found;
    if (error && error != std::errc::no_such_file_or_directory)
      throw util::Error(util::Kind::storage, "cannot read " + directory.native() + ": " + error.message());
    return found;
  }

 private:
  bool read_file(const Path& file) {
    const util::Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    // A file that was moved meanwhile is found again under its new name. Symbolic links are skipped.
    if (!fd && (errno == ENOENT || errno == ELOOP)) return false;
    if (!fd) util::throw_errno(util::Kind::storage, "open", file.native());
    const auto info = util::status_of(fd.get(), file);
    if (!S_ISREG(info.st_mode) || !seen_.emplace(info.st_dev, info.st_ino).second) return false;
    const auto name = file.filename().native();
    const auto unique = name.substr(0, name.find_first_of(",:"));
    text_.start({.where = file.native(),
                 .id = parts_of_id(unique) ? unique : "",
                 .server = {},
                 .time = std::chrono::sys_seconds(std::chrono::seconds(info.st_mtim.tv_sec))});
    off_t at = 0;
    while (const auto bytes = util::pread_all(fd.get(), buffer_, at, file)) {
      if (!text_.append({buffer_.data(), bytes})) break;
      at += static_cast<off_t>(bytes);
    }
    text_.finish();
    return true;
  }

  StoredText text_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{64} << 10U);
  std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

void read_maildir(const Path& path, const StoredMailVisitor& visitor) {
  if (util::type_of(path) != fs::file_type::directory) return;
  Reader reader(visitor);
  constexpr int most_passes = 5;  // the second one finds what was moved during the first
  bool found = true;
  for (int pass = 0; found && pass < most_passes; ++pass) {
    found = false;
    for (const auto& directory : mail_directories(path)) found = reader.read_directory(directory) || found;
  }
}

}  // namespace mailhaul::delivery
