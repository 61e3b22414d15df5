// SPDX-License-Identifier: MIT
#include "engine/uidl_index.h"

#include <algorithm>

namespace mailhaul::engine {

namespace {

std::string_view common_prefix(std::span<const pop3::Listed> listed) {
  if (listed.empty()) return {};
  std::string_view common = listed.front().uidl;
  for (const auto& message : listed) {
    const auto differ = std::ranges::mismatch(common, message.uidl).in1;
    common = common.substr(0, static_cast<std::size_t>(differ - common.begin()));
  }
  return common;
}

/// The first 8 bytes as a number that compares like them; fewer bytes are filled up with zeros.
std::uint64_t leading_bytes(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value = value << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
  }
  return value;
}

}  // namespace

UidlIndex::UidlIndex(std::span<const pop3::Listed> listed)
    : listed_(listed), common_(common_prefix(listed)), unique_(listed.size()) {
  keys_.reserve(listed.size());
  for (const auto& message : listed) {
    const auto rest = std::string_view(message.uidl).substr(common_.size());
    keys_.push_back({leading_bytes(rest), static_cast<std::uint32_t>(keys_.size())});
  }
  sort();
  const auto uidl_of = [this](std::size_t place) -> std::string_view {
    return listed_[keys_[place].position].uidl;
  };
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const auto uidl = uidl_of(i);
    const bool twice = (i > 0 && uidl_of(i - 1) == uidl) || (i + 1 < keys_.size() && uidl_of(i + 1) == uidl);
    unique_[keys_[i].position] = !uidl.empty() && !twice;
  }
}

/// The eight bytes beside the position nearly always decide, so that UIDLs need not be fetched from all over
/// the memory.
void UidlIndex::sort() {
  const auto less = [this](const Key& one, const Key& other) {
    if (one.leading != other.leading) return one.leading < other.leading;
    return listed_[one.position].uidl < listed_[other.position].uidl;
  };
  // The UIDLs of many servers are sorted already.
  if (!std::ranges::is_sorted(keys_, less)) std::ranges::sort(keys_, less);
}

std::optional<std::size_t> UidlIndex::find(std::string_view uidl) {
  std::size_t found = next_;
  if (next_ >= listed_.size() || listed_[next_].uidl != uidl) {
    if (!uidl.starts_with(common_)) return std::nullopt;
    const auto leading = leading_bytes(uidl.substr(common_.size()));
    const auto place = std::ranges::partition_point(keys_, [&](const Key& key) {
      return key.leading != leading ? key.leading < leading : listed_[key.position].uidl < uidl;
    });
    if (place == keys_.end() || listed_[place->position].uidl != uidl) return std::nullopt;
    found = place->position;
  }
  next_ = found + 1;
  return found;
}

}  // namespace mailhaul::engine
