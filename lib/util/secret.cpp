// SPDX-License-Identifier: MIT
#include "util/secret.h"

#include <cstring>

namespace mailhaul::util {

Secret::~Secret() { wipe(); }

Secret::Secret(Secret&& other) noexcept : text_(other.text_) { other.wipe(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = other.text_;
    other.wipe();
  }
  return *this;
}

void Secret::wipe() noexcept {
  if (!text_.empty()) explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

}  // namespace mailhaul::util
