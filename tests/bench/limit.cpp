// SPDX-License-Identifier: MIT
// The best that could be achieved: a toy that logs in, requests everything at once, writes, and flushes once
// per batch. It records nothing, locks nothing, trusts the server, and gives up at the first surprise.
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

void demand(bool done, const std::string& what) {
  if (done) return;
  std::fprintf(stderr, "mailhaul-bench-limit: cannot %s: %s\n", what.c_str(), std::strerror(errno));
  std::_Exit(75);
}

void write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(file, bytes.data(), bytes.size());
    demand(n > 0, "write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

struct Job {
  std::string host, port, password;
  bool tls = false, remove = false;
  std::size_t last = 0;  ///< fetch only this many messages, from the end; 0: all
};

/// Reads a connection line by line. No line may be longer than half the buffer.
class Wire {
 public:
  explicit Wire(const Job& job) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    demand(getaddrinfo(job.host.c_str(), job.port.c_str(), &wanted, &found) == 0, "find the server");
    socket_ = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    demand(socket_ >= 0 && connect(socket_, found->ai_addr, found->ai_addrlen) == 0, "connect");
    freeaddrinfo(found);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!job.tls) return;
    tls_ = SSL_new(SSL_CTX_new(TLS_client_method()));  // both are kept until the program ends
    demand(tls_ != nullptr && SSL_set_fd(tls_, socket_) == 1 && SSL_connect(tls_) == 1, "use TLS");
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { close(socket_); }

  void send(std::string_view text) {
    if (tls_ == nullptr) return write_all(socket_, text);
    std::size_t sent = 0;
    demand(text.empty() || SSL_write_ex(tls_, text.data(), text.size(), &sent) == 1, "send");
  }
  /// The next line without its CRLF; valid until the next call.
  std::string_view line() {
    while (true) {
      const char* const begin = buffer_.data() + at_;
      const auto* const end = static_cast<const char*>(std::memchr(begin, '\n', filled_ - at_));
      if (end != nullptr) {
        at_ += static_cast<std::size_t>(end - begin) + 1;
        return {begin, static_cast<std::size_t>(end - begin) - 1};
      }
      fill();
    }
  }
  void expect_ok() { demand(line().starts_with("+OK"), "go on: the server refuses"); }
  std::size_t count_lines() {
    expect_ok();
    std::size_t lines = 0;
    while (line() != ".") ++lines;
    return lines;
  }

 private:
  void fill() {
    std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
    filled_ -= at_;
    at_ = 0;
    char* const to = buffer_.data() + filled_;
    const std::size_t room = buffer_.size() - filled_;
    std::size_t got = 0;
    if (tls_ != nullptr) {
      demand(SSL_read_ex(tls_, to, room, &got) == 1, "read");
    } else {
      const ssize_t n = recv(socket_, to, room, 0);
      demand(n > 0, "read");
      got = static_cast<std::size_t>(n);
    }
    filled_ += got;
  }

  int socket_ = -1;
  SSL* tls_ = nullptr;
  std::vector<char> buffer_ = std::vector<char>(262'144);
  std::size_t at_ = 0, filled_ = 0;
};

/// Where messages go: maildir:DIR, mbox:FILE, mda:PROGRAM or null:.
class Place {
 public:
  explicit Place(const std::string& spec) {
    const auto colon = spec.find(':');
    kind_ = spec.substr(0, colon);
    path_ = spec.substr(colon + 1);
    if (kind_ == "maildir") directory_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (kind_ == "mbox") file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    demand(kind_ == "mda" || kind_ == "null" || directory_ >= 0 || file_ >= 0, "open " + path_);
  }
  void begin() {
    name_ = "/" + std::to_string(++number_) + ".limit";
    if (kind_ == "maildir")
      file_ = openat(directory_, ("tmp" + name_).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (kind_ == "mda") file_ = memfd_create("message", MFD_CLOEXEC);
    if (kind_ == "mbox") text_ += "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n";
    demand(kind_ == "null" || file_ >= 0, "make a file");
  }
  void add(std::string_view line) {
    if (kind_ == "mbox" &&
        line.substr(std::min(line.find_first_not_of('>'), line.size())).starts_with("From ")) {
      text_ += '>';
    }
    text_.append(line).append("\n");
    if (text_.size() > 262'144) write_out();
  }
  void end() {
    if (kind_ == "mbox") text_ += '\n';
    if (kind_ != "mbox" || text_.size() > 262'144) write_out();
    if (kind_ == "maildir") {
      close(file_);
      demand(renameat(directory_, ("tmp" + name_).c_str(), directory_, ("new" + name_).c_str()) == 0,
             "rename");
    }
    if (kind_ == "mda") run_program();
  }
  void flush() {
    write_out();
    if (kind_ == "maildir") demand(syncfs(directory_) == 0, "flush");
    if (kind_ == "mbox") demand(fsync(file_) == 0, "flush");
  }

 private:
  void write_out() {
    if (kind_ != "null") write_all(file_, text_);
    text_.clear();
  }
  void run_program() {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, file_, 0);
    lseek(file_, 0, SEEK_SET);
    std::array<char*, 4> words{const_cast<char*>("/bin/sh"), const_cast<char*>("-c"), path_.data(), nullptr};
    const bool plain = path_.find(' ') == std::string::npos;
    if (plain) words = {path_.data(), nullptr, nullptr, nullptr};
    pid_t child = 0;
    int status = 0;
    demand(posix_spawn(&child, words[0], &actions, nullptr, words.data(), environ) == 0, "start the program");
    demand(waitpid(child, &status, 0) == child && status == 0, "deliver");
    posix_spawn_file_actions_destroy(&actions);
    close(file_);
  }

  std::string kind_, path_, name_, text_;
  int directory_ = -1, file_ = -1;
  std::size_t number_ = 0;
};

class Fetch {
 public:
  Fetch(const Job& job, const std::string& user, const std::string& place)
      : job_(job), wire_(job), place_(place) {
    wire_.expect_ok();
    wire_.send("CAPA\r\n");
    wire_.count_lines();
    for (const std::string& command : {"USER " + user, "PASS " + job.password}) {
      wire_.send(command + "\r\n");
      wire_.expect_ok();
    }
    wire_.send("LIST\r\nUIDL\r\n");
    wire_.count_lines();
    messages_ = wire_.count_lines();
    asked_ = job.last > 0 && job.last < messages_ ? messages_ - job.last : 0;
  }

  void run() {
    std::deque<std::size_t> owed;  // message numbers, and 0 for an answer of one line
    for (ask(owed); !owed.empty(); ask(owed)) {
      const std::size_t number = owed.front();
      owed.pop_front();
      wire_.expect_ok();
      if (number == 0) continue;
      --outstanding_;
      receive();
      batch_.push_back(number);
      if (bytes_ >= 8U << 20U || batch_.size() >= 1024 || number == messages_) settle(owed);
    }
    wire_.send("QUIT\r\n");
    wire_.expect_ok();
  }

 private:
  static constexpr std::size_t window = 1024;

  void ask(std::deque<std::size_t>& owed) {
    if (outstanding_ > window / 2) return;
    std::string commands;
    for (; asked_ < messages_ && outstanding_ < window; ++outstanding_) {
      owed.push_back(++asked_);
      commands.append("RETR ").append(std::to_string(asked_)).append("\r\n");
    }
    wire_.send(commands);
  }
  void receive() {
    place_.begin();
    while (true) {
      std::string_view line = wire_.line();
      bytes_ += line.size() + 2;
      if (line.starts_with('.')) {
        if (line.size() == 1) break;
        line.remove_prefix(1);
      }
      place_.add(line);
    }
    place_.end();
  }
  void settle(std::deque<std::size_t>& owed) {
    place_.flush();
    if (job_.remove) {
      std::string commands;
      for (const std::size_t number : batch_) {
        commands.append("DELE ").append(std::to_string(number)).append("\r\n");
        owed.push_back(0);
      }
      wire_.send(commands);
    }
    batch_.clear();
    bytes_ = 0;
  }

  const Job& job_;
  Wire wire_;
  Place place_;
  std::size_t messages_ = 0, asked_ = 0, outstanding_ = 0, bytes_ = 0;
  std::vector<std::size_t> batch_;
};

}  // namespace

int main(int argc, char** argv) {
  Job job;
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--tls") {
      job.tls = true;
    } else if (word == "--remove") {
      job.remove = true;
    } else if (word == "--last" && i + 1 < argc) {
      job.last = std::strtoul(argv[++i], nullptr, 10);
    } else {
      words.push_back(word);
    }
  }
  if (words.size() < 4) {
    std::fputs("usage: mailhaul-bench-limit [--tls] [--remove] [--last N] HOST PORT PASSWORD USER=PLACE...\n",
               stderr);
    return 64;
  }
  job.host = words[0];
  job.port = words[1];
  job.password = words[2];
  std::vector<std::thread> threads;
  for (std::size_t i = 3; i < words.size(); ++i) {
    threads.emplace_back([&job, word = words[i]] {
      const auto sign = word.find('=');
      Fetch(job, word.substr(0, sign), word.substr(sign + 1)).run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}
