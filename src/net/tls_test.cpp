// SPDX-License-Identifier: Apache-2.0
// The server under TLS, with a certificate made here and OpenSSL's own client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "net/http_server.h"
#include "net/testing/server.h"

namespace stride::net {
namespace {

using testing::HasSubstr;

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
template <class T, auto release>
using Owned = std::unique_ptr<T, Release<release>>;

// A key and a certificate signed by it, in files of the test's own folder.
class Identity {
 public:
  Identity() {
    std::filesystem::create_directories(folder_);
    const Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_EC_gen("P-256"));
    const Owned<X509, X509_free> certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    const Owned<FILE, std::fclose> key_out(std::fopen(key_file().c_str(), "w"));
    PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    const Owned<FILE, std::fclose> certificate_out(std::fopen(certificate_file().c_str(), "w"));
    PEM_write_X509(certificate_out.get(), certificate.get());
  }
  ~Identity() { std::filesystem::remove_all(folder_); }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  std::string key_file() const { return folder_ + "/key.pem"; }
  std::string certificate_file() const { return folder_ + "/certificate.pem"; }
  ServerOptions options() const {
    return {.tls_certificate = certificate_file(), .tls_key = key_file()};
  }

 private:
  std::string folder_ = testing::TempDir() + "stride_tls_" + std::to_string(getpid());
};

// TLS over the socket of a Client.
class TlsClient {
 public:
  explicit TlsClient(uint16_t port) : client_(port) {
    SSL_set_fd(tls_.get(), client_.socket_number());
    connected_ = SSL_connect(tls_.get()) == 1;
  }

  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  std::string read_through(std::string_view text) {
    std::string received;
    char byte = 0;
    while (!received.ends_with(text) && SSL_read(tls_.get(), &byte, 1) == 1) received += byte;
    return received;
  }
  // The server ended the stream properly, so that a cut could not pass for an end.
  bool at_proper_end() {
    char byte = 0;
    const int n = SSL_read(tls_.get(), &byte, 1);
    return n <= 0 && SSL_get_error(tls_.get(), n) == SSL_ERROR_ZERO_RETURN;
  }
  void close() { client_.close(); }

 private:
  Client client_;
  Owned<SSL_CTX, SSL_CTX_free> context_{SSL_CTX_new(TLS_client_method())};
  Owned<SSL, SSL_free> tls_{SSL_new(context_.get())};
  bool connected_ = false;
};

TEST(Tls, AnswersStreamsAndEnds) {
  const Identity identity;
  TestServer test(identity.options());
  EXPECT_THAT(test.server->url(), HasSubstr("https://127.0.0.1:"));
  TlsClient client(test.server->port());
  ASSERT_TRUE(client.connected());
  client.send(get("/a"));
  EXPECT_THAT(client.read_through("GET /a "), HasSubstr("200 OK"));
  client.send(post("/hold", std::string(100'000, 'x'), "Connection: close\r\n"));
  auto [request, exchange] = test.held.take();
  EXPECT_EQ(request.body.size(), 100'000u);
  exchange.begin_stream({.body = "one"});
  client.read_through("3\r\none\r\n");
  exchange.write("two");
  EXPECT_EQ(client.read_through("two\r\n"), "3\r\ntwo\r\n");
  exchange.end();
  client.read_through("0\r\n\r\n");
  EXPECT_TRUE(client.at_proper_end());
}

TEST(Tls, ABodyThatIsRefusedDoesNotHideTheAnswer) {
  const Identity identity;
  ServerOptions options = identity.options();
  options.limits.body_bytes = 1000;
  TestServer test(options);
  TlsClient client(test.server->port());
  client.send(post("/echo", std::string(1'000'000, 'x')));
  EXPECT_THAT(client.read_through("\r\n\r\n"), HasSubstr(" 413 "));
}

TEST(Tls, NoticesADisconnect) {
  const Identity identity;
  TestServer test(identity.options());
  TlsClient client(test.server->port());
  client.send(get("/hold"));
  auto [request, exchange] = test.held.take();
  Mailbox<bool> told;
  exchange.on_closed([&] { told.put(true); });
  client.close();
  EXPECT_TRUE(told.take());
}

TEST(Tls, ClientsThatDoNotSpeakItAreDropped) {
  const Identity identity;
  TestServer test(identity.options());
  Client plain = test.connect();
  plain.send(get("/"));
  plain.read_to_end();
  Client silent = test.connect();
  TlsClient client(test.server->port());
  EXPECT_TRUE(client.connected());
}

TEST(Tls, SaysWhatIsWrongWithItsFiles) {
  const Identity identity;
  const auto one = HttpServer::start({.tls_key = identity.key_file()}, {});
  ASSERT_FALSE(one);
  EXPECT_THAT(one.error().message, HasSubstr("both"));
  const auto missing =
      HttpServer::start({.tls_certificate = "/no/such/file", .tls_key = identity.key_file()}, {});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("/no/such/file"));
  const auto swapped = HttpServer::start(
      {.tls_certificate = identity.certificate_file(), .tls_key = identity.certificate_file()}, {});
  ASSERT_FALSE(swapped);
  EXPECT_THAT(swapped.error().message, HasSubstr("key"));
}

}  // namespace
}  // namespace stride::net
