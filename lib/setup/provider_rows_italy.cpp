// SPDX-License-Identifier: MIT
#include <array>

#include "setup/provider_rows.h"

namespace mailhaul::setup {

using namespace std::chrono_literals;

std::span<const Provider> providers_of_italy() {
  static constexpr std::array rows{
      Provider{.name = "Libero",
               .domains = "libero.it iol.it blu.it inwind.it giallo.it",
               .mx = "libero.it",
               .host = "popmail.libero.it",
               .get_secret =
                   "Libero asks for a new password from time to time: log in to the web mail once to see",
               .note = "the spam folder cannot be fetched over POP3",
               .source = "https://aiuto.libero.it",
               .checked = first_check},
      Provider{.name = "Virgilio",
               .domains = "virgilio.it",
               .host = "in.virgilio.it",
               .source = "https://autoconfig.thunderbird.net/v1.1/virgilio.it",
               .checked = first_check},
      Provider{.name = "TIM",
               .domains = "tim.it",
               .host = "pop.tim.it",
               .tls = net::Tls::starttls,
               .port = 110,
               .source = "https://autoconfig.thunderbird.net/v1.1/tim.it",
               .checked = first_check},
      Provider{.name = "Alice",
               .domains = "alice.it",
               .host = "in.alice.it",
               .tls = net::Tls::starttls,
               .port = 110,
               .source = "https://autoconfig.thunderbird.net/v1.1/alice.it",
               .checked = first_check},
      Provider{.name = "Tiscali",
               .domains = "tiscali.it",
               .host = "pop.tiscali.it",
               .source = "https://autoconfig.thunderbird.net/v1.1/tiscali.it",
               .checked = first_check},
      Provider{.name = "Fastweb",
               .domains = "fastwebnet.it",
               .host = "pop.fastwebnet.it",
               .source = "https://autoconfig.thunderbird.net/v1.1/fastwebnet.it",
               .checked = first_check},
      Provider{.name = "Email.it",
               .domains = "email.it",
               .host = "pop.email.it",
               .source = "https://autoconfig.thunderbird.net/v1.1/email.it",
               .checked = first_check},
      Provider{
          .name = "Aruba PEC",
          .domains = "pec.it arubapec.it mypec.eu gigapec.it ingpec.eu",
          .mx = "pec.aruba.it",
          .host = "pop3s.pec.aruba.it",
          .get_secret =
              "a mailbox with two-step verification requires a separate password for mail programs, which "
              "expires after 90 days: extend it or create a new one in the settings of the web mail",
          .enable = "check in the settings of the mailbox that POP3 is switched on",
          .password_valid = std::chrono::days(90),
          .note = "POP3 gives access to the inbox only, which holds the received mail and the receipts",
          .source = "https://guide.pec.it",
          .checked = first_check},
      Provider{.name = "Aruba",
               .domains = "aruba.it technet.it",
               .mx = "aruba.it",
               .host = "pop3s.aruba.it",
               .source = "https://guide.hosting.aruba.it",
               .checked = first_check},
      Provider{.name = "PosteCert",
               .domains = "postecert.it",
               .host = "mail.postecert.it",
               .source = "https://autoconfig.thunderbird.net/v1.1/postecert.it",
               .checked = first_check},
      Provider{.name = "Legalmail",
               .domains = "legalmail.it cert.legalmail.it",
               .mx = "cert.legalmail.it",
               .host = "mbox.cert.legalmail.it",
               .user = UserName::assigned,
               .get_secret = "the user name at Legalmail is the User ID of the contract",
               .note = "a message or receipt that is removed is gone, unless the paid archive is switched on",
               .source = "https://help.infocert.it",
               .checked = first_check},
      Provider{.name = "Register.it",
               .domains = "register.it",
               .mx = "securemail.pro",
               .host = "pop.securemail.pro",
               .source = "https://www.register.it/assistenza/parametri-email",
               .checked = first_check},
  };
  return rows;
}

}  // namespace mailhaul::setup
