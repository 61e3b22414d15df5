// SPDX-License-Identifier: MIT
#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::demo {

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
struct FreeConnection {
  void operator()(SSL* connection) const noexcept { SSL_free(connection); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

/// A server's context from PEM files. Throws std::runtime_error.
TlsContext load_certificate(const std::string& cert_file, const std::string& key_file);
/// The same with a certificate of its own for localhost, 127.0.0.1 and `address`, signed by itself, good for
/// 30 days and written to `ca_out` (when not empty) for clients to trust.
TlsContext make_certificate(const std::string& address, const std::string& ca_out);

/// Writes the file under another name first, so that nobody ever reads a half.
void write_file_at_once(const std::string& path, std::string_view text);

/// The client has gone, or spoke no TLS where it should.
struct Gone {};

/// One client's connection, plain or TLS, with buffers both ways. Blocks. Throws Gone.
class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}  ///< does not own the socket
  void start_tls(SSL_CTX& context);                  ///< what the client sent too early in clear is dropped
  bool encrypted() const noexcept { return tls_ != nullptr; }
  /// The next line without its line end; empty when the client has closed, or the line is far too long.
  /// Whatever was put is sent before waiting.
  std::optional<std::string> read_line();
  void put(std::string_view bytes);
  void flush();
  void close();  ///< flushes, says goodbye in TLS and ends both directions

 private:
  bool fill();
  void send_now(std::string_view bytes);

  int socket_;
  std::unique_ptr<SSL, FreeConnection> tls_;
  std::string input_, output_;
  std::size_t read_at_ = 0;
};

}  // namespace mailhaul::demo
