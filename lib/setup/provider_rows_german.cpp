// SPDX-License-Identifier: MIT
#include <array>

#include "setup/provider_rows.h"

namespace mailhaul::setup {

using namespace std::chrono_literals;

std::span<const Provider> providers_of_german_lands() {
  static constexpr std::array rows{
      Provider{.name = "GMX",
               .domains = "gmx.net gmx.de gmx.at gmx.ch gmx.eu gmx.info gmx.org",
               .mx = "gmx.net",
               .host = "pop.gmx.net",
               .get_secret =
                   "with two-step verification GMX requires an app password, which you create in the "
                   "settings of the account",
               .enable = "switch POP3 on in the settings of the web mail, under \"POP3/IMAP Abruf\"",
               .source = "https://autoconfig.thunderbird.net/v1.1/gmx.net",
               .checked = first_check},
      Provider{.name = "GMX international",
               .domains = "gmx.com gmx.us gmx.co.uk gmx.fr gmx.es",
               .mx = "mx00.gmx.com mx01.gmx.com",
               .host = "pop.gmx.com",
               .enable = "switch POP3 on in the settings of the web mail, under \"POP3 & IMAP\"",
               .source = "https://autoconfig.thunderbird.net/v1.1/gmx.com",
               .checked = first_check},
      Provider{.name = "WEB.DE",
               .domains = "web.de",
               .mx = "web.de",
               .host = "pop3.web.de",
               .user = UserName::local_part,
               .get_secret =
                   "with two-step verification WEB.DE requires an app password, which you create in the "
                   "settings of the account",
               .enable = "switch POP3 on in the settings of the web mail, under \"POP3/IMAP Abruf\"",
               .interval = 15min,
               .source = "https://autoconfig.thunderbird.net/v1.1/web.de",
               .checked = first_check},
      Provider{.name = "T-Online",
               .domains = "t-online.de magenta.de",
               .mx = "t-online.de",
               .host = "securepop.t-online.de",
               .get_secret =
                   "T-Online has a separate password for mail programs, which you set in the customer centre",
               .source = "https://autoconfig.thunderbird.net/v1.1/t-online.de",
               .checked = first_check},
      Provider{.name = "IONOS",
               .domains = "online.de onlinehome.de 1und1.de",
               .mx = "kundenserver.de ionos.de",
               .host = "pop.ionos.de",
               .source = "https://autoconfig.thunderbird.net/v1.1/1und1.de",
               .checked = first_check},
      Provider{.name = "Strato",
               .domains = "strato.de",
               .mx = "rzone.de",
               .host = "pop3.strato.de",
               .source = "https://autoconfig.thunderbird.net/v1.1/strato.de",
               .checked = first_check},
      Provider{.name = "Posteo",
               .domains = "posteo.de posteo.net posteo.at posteo.ch posteo.eu posteo.org",
               .mx = "posteo.de",
               .host = "posteo.de",
               .get_secret = "an app password is needed if the settings of Posteo demand one for programs",
               .source = "https://autoconfig.thunderbird.net/v1.1/posteo.de",
               .checked = first_check},
      Provider{.name = "mailbox.org",
               .domains = "mailbox.org",
               .mx = "mailbox.org",
               .host = "pop3.mailbox.org",
               .source = "https://kb.mailbox.org",
               .checked = first_check},
      Provider{.name = "Vodafone",
               .domains = "vodafonemail.de arcor.de nexgo.de",
               .host = "pop3.vodafonemail.de",
               .source = "https://autoconfig.thunderbird.net/v1.1/vodafonemail.de",
               .checked = first_check},
      Provider{.name = "Bluewin",
               .domains = "bluewin.ch bluemail.ch",
               .mx = "bluewin.ch",
               .host = "pop3s.bluewin.ch",
               .source = "https://autoconfig.thunderbird.net/v1.1/bluewin.ch",
               .checked = first_check},
  };
  return rows;
}

}  // namespace mailhaul::setup
