// SPDX-License-Identifier: MIT
// Takes what is recorded to another database, as a document. Nothing here uses the network.
#pragma once
#include <cstddef>
#include <istream>
#include <span>
#include <string>
#include <vector>

#include "account/account.h"
#include "engine/environment.h"
#include "state/document_writer.h"

namespace mailhaul::engine {

struct Exported {
  std::size_t messages = 0;
  /// Those whose delivery has begun and could not be completed: the other database will take them for new.
  std::size_t unfinished = 0;
};

/// Writes what is recorded about the accounts' mailboxes to `sink`, after completing what a killed run left
/// half delivered. Returns what was written of each. Throws Error; Error{temporary} while a run is at work on
/// one of them: nothing is written then. After any other error the document is incomplete.
std::vector<Exported> export_state(std::span<const account::Account> accounts, const Environment& environment,
                                   const state::DocumentWriter::Sink& sink);

/// What became of one mailbox of a document.
struct Imported {
  state::DocumentMailbox mailbox;
  std::size_t messages = 0;   ///< in the document
  std::size_t added = 0;      ///< of these, not recorded here before
  std::size_t completed = 0;  ///< rows that were here and have changed
};

/// Reads a document whole, and records what it says, all of it or nothing: see merge(). `name` is for errors.
/// Throws Error; Error{temporary} while a run is at work on one of its mailboxes.
std::vector<Imported> import_state(std::istream& text, const std::string& name, const util::Path& state_file,
                                   state::Time now);

}  // namespace mailhaul::engine
