// SPDX-License-Identifier: MIT
#include "delivery/kinds.h"

#include <algorithm>
#include <array>

#include "delivery/maildir.h"
#include "delivery/mbox.h"
#include "delivery/mda.h"
#include "delivery/stdout.h"

namespace mailhaul::delivery {

namespace {
constexpr std::array<const KindRow*, 4> table{&maildir_kind, &mbox_kind, &mda_kind, &stdout_kind};
}

Kinds kinds() { return table; }

const KindRow* find_kind(std::string_view name, Kinds among) {
  const auto found = std::ranges::find(among, name, &KindRow::name);
  return found == among.end() ? nullptr : *found;
}

const Field* find_field(const KindRow& kind, std::string_view name) {
  const auto found = std::ranges::find(kind.fields, name, &Field::name);
  return found == kind.fields.end() ? nullptr : &*found;
}

std::string form_of(const KindRow& kind) {
  std::string form(kind.name);
  if (!kind.value.empty()) form.append(":").append(kind.value);
  return form;
}

}  // namespace mailhaul::delivery
