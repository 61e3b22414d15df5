// SPDX-License-Identifier: MIT
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

#include "state/document_writer.h"
#include "state/rows.h"

namespace mailhaul::state {

/// What a document says. The rows have no ids yet.
struct Document {
  Time written;
  struct Part {
    DocumentMailbox mailbox;
    std::vector<Row> rows;
  };
  std::vector<Part> mailboxes;
};

/// Reads a document to its end and checks it; `name` is for errors. Throws Error{content} for one that is
/// damaged, incomplete, of another version or of another program; Error{storage} when it cannot be read.
[[nodiscard]] Document read_document(std::istream& text, const std::string& name);

}  // namespace mailhaul::state
