// SPDX-License-Identifier: MIT
#pragma once
#include <string>

namespace mailhaul::app {

/// Opens a page in the desktop's browser, if there is a desktop. The browser goes on when mailhaul ends.
void open_browser(const std::string& url);

}  // namespace mailhaul::app
