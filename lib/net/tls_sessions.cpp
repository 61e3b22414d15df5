// SPDX-License-Identifier: MIT
#include "net/tls_sessions.h"

#include <curl/curl.h>

#include <mutex>

namespace mailhaul::net {

namespace {

class Sessions {
 public:
  Sessions() : share_(curl_share_init()) {
    if (share_ == nullptr) return;
    curl_share_setopt(share_, CURLSHOPT_LOCKFUNC, &lock);
    curl_share_setopt(share_, CURLSHOPT_UNLOCKFUNC, &unlock);
    curl_share_setopt(share_, CURLSHOPT_USERDATA, this);
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }
  ~Sessions() { curl_share_cleanup(share_); }
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;
  CURLSH* share() const noexcept { return share_; }

 private:
  /// libcurl also locks the share itself, while it holds no other lock.
  std::mutex& mutex_of(curl_lock_data data) noexcept {
    return data == CURL_LOCK_DATA_SSL_SESSION ? sessions_ : others_;
  }
  static void lock(CURL* /*handle*/, curl_lock_data data, curl_lock_access /*access*/, void* self) noexcept {
    static_cast<Sessions*>(self)->mutex_of(data).lock();
  }
  static void unlock(CURL* /*handle*/, curl_lock_data data, void* self) noexcept {
    static_cast<Sessions*>(self)->mutex_of(data).unlock();
  }

  CURLSH* share_;
  std::mutex sessions_, others_;
};

}  // namespace

void* tls_sessions() {
  static Sessions sessions;
  return sessions.share();
}

}  // namespace mailhaul::net
