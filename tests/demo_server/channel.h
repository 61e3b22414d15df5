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

/// Creates a server's TLS context from PEM files. Throws std::runtime_error.
TlsContext load_certificate(const std::string& cert_file, const std::string& key_file);
/// The same with a new certificate for localhost, 127.0.0.1 and `address`, valid for 30 days. The certificate
/// of its authority is written to `ca_out` (if not empty) for clients to trust.
TlsContext make_certificate(const std::string& address, const std::string& ca_out);

/// Writes the file under another name first, so that nobody reads an incomplete file.
void write_file_at_once(const std::string& path, std::string_view text);

/// The client is gone, or did not speak TLS where it should.
struct Gone {};

/// One client's connection, plain or TLS, with buffers both ways. Blocks. Throws Gone.
class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}  ///< does not own the socket
  void start_tls(SSL_CTX& context);                  ///< drops clear text that the client sent too early
  bool encrypted() const noexcept { return tls_ != nullptr; }
  /// The next line without its line end; nullopt if the client has closed, or the line is far too long. Sends
  /// all buffered output before it waits.
  std::optional<std::string> read_line();
  void put(std::string_view bytes);
  void flush();
  void close();  ///< flushes, sends the TLS close alert and ends both directions

 private:
  bool fill();
  void send_now(std::string_view bytes);

  int socket_;
  std::unique_ptr<SSL, FreeConnection> tls_;
  std::string input_, output_;
  std::size_t read_at_ = 0;
};

}  // namespace mailhaul::demo
