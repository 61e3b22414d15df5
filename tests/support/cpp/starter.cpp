// SPDX-License-Identifier: MIT
// For LD_PRELOAD: the program is loaded once and runs many times, each time in a child that begins with
// main(). Loading libcurl and the libraries it needs takes five times as long as a run. support/py/starter.py
// requests the runs. With MAILHAUL_TEST_TOOLS= (empty) it is not used, and every run starts the program.
#include <dlfcn.h>
#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Main = int (*)(int, char**, char**);

Main real_main;
constexpr std::size_t streams = 3;

/// What to run: the standard streams, and these strings: "1" to wait for SIGUSR1 first, the directory, the
/// number of words, the words, the environment.
struct Request {
  std::array<int, streams> fds{};
  std::vector<std::string> texts;
};

/// Returns false when there are no more requests.
bool receive(int control, Request& request) {
  std::vector<char> text(1U << 18U);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof request.fds)> room{};
  iovec piece{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  const ssize_t length = ::recvmsg(control, &message, 0);
  if (length <= 0) return false;
  std::memcpy(request.fds.data(), CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof request.fds);
  const char* const end = text.data() + length;
  for (const char* at = text.data(); at < end; at += request.texts.back().size() + 1)
    request.texts.emplace_back(at);
  return true;
}

/// The strings in the form of main()'s argv and environ.
std::vector<char*> pointers(std::vector<std::string>& texts, std::size_t begin, std::size_t end) {
  std::vector<char*> all;
  for (std::size_t n = begin; n < end; ++n) all.push_back(texts[n].data());
  all.push_back(nullptr);
  return all;
}

/// Runs in the child, which becomes the program.
int run(int control, Request& request, const sigset_t& signals) {
  for (std::size_t n = 0; n < streams; ++n) {
    ::dup2(request.fds[n], static_cast<int>(n));
    ::close(request.fds[n]);
  }
  ::setsid();
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);  // for systems where only parents may trace
  const pid_t self = ::getpid();
  ::send(control, &self, sizeof self, 0);
  ::close(control);
  if (request.texts[0] == "1") {
    sigset_t go;
    sigemptyset(&go);
    sigaddset(&go, SIGUSR1);
    int met = 0;
    ::sigwait(&go, &met);
  }
  ::sigprocmask(SIG_SETMASK, &signals, nullptr);
  if (::chdir(request.texts[1].c_str()) != 0) return 127;
  const std::size_t words = std::strtoul(request.texts[2].c_str(), nullptr, 10);
  auto argv = pointers(request.texts, 3, 3 + words);
  auto env = pointers(request.texts, 3 + words, request.texts.size());
  environ = env.data();
  // exit() is called before these vectors are destroyed: destructors and atexit() may read the environment.
  std::exit(real_main(static_cast<int>(words), argv.data(),
                      environ));  // NOLINT(concurrency-mt-unsafe): one thread is left
}

/// Initialises libcurl in the parent. The same call in each child then does nothing.
void warm_up() {
  constexpr long everything = 3;  // CURL_GLOBAL_ALL
  if (const auto call = reinterpret_cast<int (*)(long)>(::dlsym(RTLD_DEFAULT, "curl_global_init")))
    call(everything);
}

int serve(int /*words*/, char** /*argv*/, char** /*env*/) {
  warm_up();
  const int control = std::atoi(std::getenv("MAILHAUL_STARTER"));
  sigset_t signals;
  sigset_t go;
  sigemptyset(&go);
  sigaddset(&go, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &go, &signals);
  for (;;) {
    Request request;
    if (!receive(control, request)) return 0;
    const pid_t child = ::fork();
    if (child == 0) return run(control, request, signals);
    for (const int fd : request.fds) ::close(fd);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ::send(control, &status, sizeof status, 0);
  }
}

/// The function of the C library.
template <typename Call>
Call real(const char* name) {
  return reinterpret_cast<Call>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int __libc_start_main(Main main, int words, char** argv, void (*init)(), void (*fini)(), void (*unload)(),
                      void* stack) {
  using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  real_main = main;
  return real<Start>("__libc_start_main")(std::getenv("MAILHAUL_STARTER") != nullptr ? serve : main, words,
                                          argv, init, fini, unload, stack);
}

/// Makes a file system in memory look like ext4, so that mail is flushed as on a disk.
int statfs(const char* path, struct statfs* info) noexcept {
  static const auto call = real<int (*)(const char*, struct statfs*)>("statfs");
  const int result = call(path, info);
  if (result == 0 && info->f_type == TMPFS_MAGIC) info->f_type = EXT4_SUPER_MAGIC;
  return result;
}
}
