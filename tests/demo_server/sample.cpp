// SPDX-License-Identifier: MIT
// The sample mailbox: small, plain cases first, then cases that have caused bugs in mail programs.
#include <array>
#include <cstdint>

#include "message.h"

namespace mailhaul::demo {
namespace {

std::string header(const std::string& subject, const std::string& from, int hour) {
  std::string two_digits = std::to_string(hour);
  if (two_digits.size() < 2) two_digits.insert(0, 1, '0');
  return "Return-Path: <" + from +
         ">\n"
         "Received: from mx.example.net by mail.example.org with ESMTPS;\n"
         "\tMon, 02 Mar 2026 " +
         two_digits +
         ":00:07 +0000\n"
         "From: " +
         from +
         "\n"
         "To: demo@example.org\n"
         "Subject: " +
         subject +
         "\n"
         "Date: Mon, 02 Mar 2026 " +
         two_digits +
         ":00:00 +0000\n"
         "Message-ID: <sample-" +
         two_digits +
         "@example.net>\n"
         "MIME-Version: 1.0\n";
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

/// Base64 lines of 76 characters that look like a packed file; `lines` of them, each with its line end.
std::string attachment(std::size_t lines, std::string_view line_end) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve(lines * (76 + line_end.size()));
  std::uint32_t state = 20260302;
  for (std::size_t line = 0; line < lines; ++line) {
    for (int column = 0; column < 76; ++column) {
      state = state * 1664525U + 1013904223U;
      text += alphabet[state >> 26U];
    }
    text += line_end;
  }
  return text;
}

std::string plain() {
  return header("Welcome to the sample mailbox", "postmaster@example.org", 1) +
         "Content-Type: text/plain; charset=us-ascii\n\n"
         "This message came from the server that is bundled with mailhaul.\n\n"
         "The others in this mailbox have the shapes that real mail has:\n"
         "attachments, letters from other alphabets, lines that begin with a\n"
         "dot, lines that look like the start of a message, and worse.\n\n"
         "-- \nThe postmaster\n";
}

std::string alternative() {
  return with_crlf(header("Timetable for spring", "timetable@example.net", 2) +
                   "Content-Type: multipart/alternative; boundary=\"=_alt_1\"\n\n"
                   "This is a multi-part message in MIME format.\n"
                   "--=_alt_1\nContent-Type: text/plain; charset=utf-8\n"
                   "Content-Transfer-Encoding: quoted-printable\n\n"
                   "The caf=C3=A9 opens at eight; the last train leaves at nine, and the buses g=\n"
                   "o on until midnight.\n"
                   "--=_alt_1\nContent-Type: text/html; charset=utf-8\n"
                   "Content-Transfer-Encoding: quoted-printable\n\n"
                   "<html><body><p style=3D\"color:green\">The caf=C3=A9 opens at <b>eight</b>.</p>\n"
                   "</body></html>\n"
                   "--=_alt_1--\n");
}

std::string mixed() {
  return with_crlf(header("Report for February", "office@example.net", 3) +
                   "Content-Type: multipart/mixed;\n boundary=\"=_mixed_1\"\n\n"
                   "--=_mixed_1\nContent-Type: text/plain; charset=us-ascii\n\n"
                   "The report and its figures are attached.\n\n"
                   "--=_mixed_1\nContent-Type: application/pdf; name=\"report.pdf\"\n"
                   "Content-Transfer-Encoding: base64\n"
                   "Content-Disposition: attachment; filename=\"report.pdf\"\n\n" +
                   attachment(1200, "\n") +
                   "\n--=_mixed_1\nContent-Type: text/csv; name=\"figures.csv\"\n"
                   "Content-Disposition: attachment; filename=\"figures.csv\"\n\n"
                   "month,letters,parcels\nJanuary,412,31\nFebruary,377,28\n"
                   "--=_mixed_1--\n");
}

std::string utf8() {
  return header("=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_der_K=C3=BCche?=", "kitchen@example.org", 4) +
         "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
         "X-Place: Z\xc3\xbcrich\n\n"
         "Gr\xc3\xbc\xc3\x9f"
         "e, \xce\xba\xce\xb1\xce\xbb\xce\xb7\xce\xbc\xce\xad\xcf\x81\xce\xb1, "
         "\xd0\xb7\xd0\xb4\xd1\x80\xd0\xb0\xd0\xb2\xd1\x81\xd1\x82\xd0\xb2\xd1\x83\xd0\xb9\xd1\x82\xd0\xb5, "
         "\xe3\x81\x93\xe3\x82\x93\xe3\x81\xab\xe3\x81\xa1\xe3\x81\xaf \xf0\x9f\x93\xac\n";
}

std::string latin1() {
  return with_crlf(header("=?iso-8859-1?Q?R=E9servation?=", "hotel@example.net", 5) +
                   "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n"
                   "Votre r\xe9servation est confirm\xe9"
                   "e: deux nuits, 180 \xa3, petit d\xe9jeuner compris.\n"
                   "\xc0 bient\xf4t!\n");
}

std::string dots() {
  return header("Lines that begin with a dot", "printer@example.net", 6) +
         "Content-Type: text/plain; charset=us-ascii\n\n"
         ".\n..\n...\n.hidden\n..hidden twice\n. \nnot at the start.\n.\n\n.\n";
}

std::string from_lines() {
  return header("Lines that begin with From", "archive@example.net", 7) +
         "Content-Type: text/plain; charset=us-ascii\n\n"
         "From here on, every line is a trap for an mbox:\n\n"
         "From MAILER-DAEMON Mon Mar  2 07:00:00 2026\n"
         ">From one who was quoted once\n>>From one who was quoted twice\n"
         " From with a blank before it\nfrom in small letters\nFrom: looks like a field\n\nFrom \n";
}

std::string long_line() {
  std::string text = header("One line of 300,000 bytes", "robot@example.net", 8) +
                     "Content-Type: text/html; charset=us-ascii\n\n<!-- ";
  while (text.size() < 300'000) text += "no line end for a very long time, ";
  return with_crlf(text + "-->\n");
}

std::string bounce() {
  return with_crlf(
      "Return-Path: <>\n"
      "From: Mail Delivery System <MAILER-DAEMON@mail.example.org>\n"
      "To: demo@example.org\n"
      "Subject: Undelivered Mail Returned to Sender\n"
      "Date: Mon, 02 Mar 2026 11:00:00 +0000\n"
      "Message-ID: <sample-11@mail.example.org>\n"
      "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
      "Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"=_dsn_1\"\n\n"
      "--=_dsn_1\nContent-Type: text/plain; charset=us-ascii\n\n"
      "<nobody@example.net>: no such mailbox here\n\n"
      "--=_dsn_1\nContent-Type: message/delivery-status\n\n"
      "Reporting-MTA: dns; mail.example.org\n\n"
      "Final-Recipient: rfc822; nobody@example.net\nAction: failed\nStatus: 5.1.1\n\n"
      "--=_dsn_1\nContent-Type: message/rfc822\n\n"
      "From: demo@example.org\nTo: nobody@example.net\nSubject: Is anybody there?\n"
      "Message-ID: <sample-10b@example.org>\n\nHello?\n\n"
      "--=_dsn_1--\n");
}

std::string large() {
  constexpr std::size_t lines = 336'000;  // 78 bytes each: 25 MB
  return with_crlf(header("Scans of the old map (25 MB)", "archive@example.net", 12) +
                   "Content-Type: application/zip; name=\"map.zip\"\n"
                   "Content-Transfer-Encoding: base64\n"
                   "Content-Disposition: attachment; filename=\"map.zip\"\n\n") +
         attachment(lines, "\r\n");
}

std::string list_mail() {
  return header("[gardeners] Re: Re: when to plant beans", "gardeners@example.org", 13) +
         "In-Reply-To: <beans-1@example.net>\n"
         "References: <beans-0@example.org>\n <beans-1@example.net>\n"
         "List-Id: Gardeners of the valley <gardeners.example.org>\n"
         "List-Unsubscribe: <mailto:gardeners-leave@example.org>,\n"
         "\t<https://lists.example.org/gardeners>\n"
         "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=valley;\n"
         "\th=from:to:subject:date; bh=" +
         attachment(1, "").substr(0, 43) +
         "=;\n"
         "Content-Type: text/plain; charset=us-ascii; format=flowed\n\n"
         "> > When should beans be planted?\n> When the ground is warm.\n\nNot before May, then.\n";
}

}  // namespace

std::vector<Source> sample_mailbox() {
  const std::string no_end = header("No line end at the end", "robot@example.net", 14) +
                             "Content-Type: text/plain; charset=us-ascii\n\nThe last line has no end";
  return {{"01-plain", plain()},
          {"02-alternative", alternative()},
          {"03-attachments", mixed()},
          {"04-utf-8", utf8()},
          {"05-latin-1", latin1()},
          {"06-dots", dots()},
          {"07-from-lines", from_lines()},
          {"08-long-line", long_line()},
          {"09-header-only", header("A header and nothing else", "robot@example.net", 9)},
          {"10-empty-body", header("An empty body", "robot@example.net", 10) + "\n"},
          {"11-bounce", bounce()},
          {"12-large", large()},
          {"13-mailing-list", list_mail()},
          {"14-no-line-end", no_end}};
}

}  // namespace mailhaul::demo
