// SPDX-License-Identifier: MIT
// An MDA that does nothing but read its message to the end, as some clients demand.
#include <unistd.h>

int main() {
  static char buffer[65536];
  ssize_t n = 0;
  do {
    n = read(0, buffer, sizeof buffer);
  } while (n > 0);
  return n == 0 ? 0 : 1;
}
