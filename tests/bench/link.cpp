// SPDX-License-Identifier: MIT
// A delayed line, for kernels without netem: two network namespaces, a TUN device in each, and between them
// this process, which holds every packet for a while. The namespaces have no names and end with the process.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void demand(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "mailhaul-bench-link: cannot %s: %s\n", what, std::strerror(errno));
  std::exit(71);
}

struct Packet {
  Clock::time_point due;
  std::vector<char> bytes;
};

struct Side {
  int device = -1, space = -1;
  std::deque<Packet> on_its_way;  ///< packets to this side
};

ifreq request_for(const char* device) {
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  return request;
}

void set_address(int control, unsigned long what, const char* address) {
  ifreq request = request_for("tun0");
  auto& in = reinterpret_cast<sockaddr_in&>(request.ifr_addr);
  in.sin_family = AF_INET;
  inet_pton(AF_INET, address, &in.sin_addr);
  demand(ioctl(control, what, &request) == 0, "give the device its address");
}

void bring_up(int control, const char* device) {
  ifreq request = request_for(device);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  demand(ioctl(control, SIOCSIFFLAGS, &request) == 0, "bring the device up");
}

/// Moves this process into a new namespace and creates a device there.
Side new_side(const char* address) {
  Side side;
  demand(unshare(CLONE_NEWNET) == 0, "make a network namespace");
  side.space = open("/proc/self/ns/net", O_RDONLY);
  side.device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  demand(side.space >= 0 && side.device >= 0, "open /dev/net/tun");
  ifreq request = request_for("tun0");
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  demand(ioctl(side.device, TUNSETIFF, &request) == 0, "make a TUN device");
  // As on a network card, segments of 64 KB travel whole and checksums are not computed. Otherwise this
  // process would be the bottleneck.
  demand(ioctl(side.device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) == 0, "let large segments through");
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  demand(control >= 0, "make a socket");
  set_address(control, SIOCSIFADDR, address);
  set_address(control, SIOCSIFNETMASK, "255.255.255.0");
  bring_up(control, "tun0");
  bring_up(control, "lo");
  close(control);
  return side;
}

void take_in(const Side& from, Side& to, Clock::duration delay) {
  static std::vector<char> buffer(70'000);
  for (int packets = 0; packets < 64; ++packets) {
    const ssize_t n = read(from.device, buffer.data(), buffer.size());
    if (n <= 0) return;
    to.on_its_way.push_back({Clock::now() + delay, {buffer.begin(), buffer.begin() + n}});
  }
}

void hand_out(Side& side) {
  while (!side.on_its_way.empty() && side.on_its_way.front().due <= Clock::now()) {
    const auto& bytes = side.on_its_way.front().bytes;
    if (write(side.device, bytes.data(), bytes.size()) < 0 && errno == EAGAIN) return;
    side.on_its_way.pop_front();
  }
}

timespec until_due(const std::array<Side, 2>& sides) {
  auto wait = Clock::duration(std::chrono::seconds(1));
  for (const Side& side : sides) {
    if (!side.on_its_way.empty()) wait = std::min(wait, side.on_its_way.front().due - Clock::now());
  }
  wait = std::max(wait, Clock::duration::zero());
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count();
  return {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: mailhaul-bench-link MILLISECONDS      (one way; ends with its standard input)\n",
               stderr);
    return 64;
  }
  const auto delay = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double, std::milli>(std::atof(argv[1])));
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_SET_TIMERSLACK, 1);
  setpriority(PRIO_PROCESS, 0, -10);
  const char* const client = "192.0.2.1";  // RFC 5737: for documentation, and used only in these namespaces
  const char* const server = "192.0.2.2";
  std::array<Side, 2> sides{new_side(client), new_side(server)};
  std::printf("/proc/%d/fd/%d /proc/%d/fd/%d %s\n", getpid(), sides[0].space, getpid(), sides[1].space,
              server);
  std::fflush(stdout);
  std::array<pollfd, 3> waiting{{{sides[0].device, POLLIN, 0}, {sides[1].device, POLLIN, 0}, {0, POLLIN, 0}}};
  while (true) {
    const timespec wait = until_due(sides);
    if (ppoll(waiting.data(), waiting.size(), &wait, nullptr) < 0) continue;
    if (waiting[2].revents != 0) return 0;
    take_in(sides[0], sides[1], delay);
    take_in(sides[1], sides[0], delay);
    hand_out(sides[0]);
    hand_out(sides[1]);
  }
}
