// SPDX-License-Identifier: MIT
// The source of messages: a folder of files, or a generator of any number for tests and benchmarks.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "message.h"

namespace mailhaul::demo {
namespace {

namespace fs = std::filesystem;

/// splitmix64: small, fast, and the same everywhere, unlike std::uniform_int_distribution.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  std::size_t between(std::size_t low, std::size_t high) { return low + next() % (high - low + 1); }

 private:
  std::uint64_t state_;
};

struct Recipe {
  std::size_t count = 0, min_bytes = 0, max_bytes = 0, seed = 1;
};

bool is_uid(std::string_view name) {
  return !name.empty() && name.size() <= 70 &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::size_t parse_count(std::string_view text) {
  std::size_t factor = 1;
  if (text.ends_with('k')) factor = 1024;
  if (text.ends_with('M')) factor = 1'048'576;
  if (factor > 1) text.remove_suffix(1);
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::runtime_error("not a number in the mailbox: '" + std::string(text) + "'");
  }
  return value * factor;
}

Recipe parse_recipe(std::string_view text) {
  std::array<std::size_t, 4> numbers{0, 0, 0, 1};
  std::size_t found = 0;
  while (found < numbers.size()) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    numbers[found++] = parse_count(text.substr(0, colon));
    if (colon == text.size()) break;
    text.remove_prefix(colon + 1);
  }
  const Recipe recipe{numbers[0], numbers[1], numbers[2], numbers[3]};
  if (found < 3 || recipe.min_bytes > recipe.max_bytes) {
    throw std::runtime_error("a generated mailbox is gen:COUNT:MINBYTES:MAXBYTES[:SEED]");
  }
  return recipe;
}

/// Text to cut lines from: generating every byte would make the generator slower than the server.
std::string make_pool() {
  constexpr std::string_view letters = "etaoin shrdlu cmfwyp vbgkjq xz, ETAOIN. 0123456789-+";
  std::string pool(65'536, ' ');
  Dice dice(7);
  for (char& c : pool) c = letters[dice.next() % letters.size()];
  return pool;
}

std::string generated_header(const Recipe& recipe, std::size_t number) {
  const std::string tag = std::to_string(recipe.seed) + "." + std::to_string(number);
  return "Return-Path: <list@example.org>\r\n"
         "From: The list <list@example.org>\r\n"
         "To: reader@example.net\r\n"
         "Subject: Generated message " +
         tag +
         "\r\n"
         "Date: Mon, 02 Mar 2026 08:00:00 +0000\r\n"
         "Message-ID: <" +
         tag +
         "@example.org>\r\n"
         "MIME-Version: 1.0\r\n"
         "Content-Type: text/plain; charset=us-ascii\r\n\r\n";
}

/// Appends a line. One line in sixteen begins with text that a client must quote or unstuff.
void append_line(std::string& bytes, std::string_view pool, std::size_t length, Dice& dice) {
  constexpr std::array<std::string_view, 4> awkward{".", "..", "From ", ">From "};
  const std::size_t start = bytes.size();
  bytes += pool.substr(dice.next() % (pool.size() - length), length);
  const std::uint64_t throw_of = dice.next() % 64;
  if (throw_of < awkward.size() && length >= awkward[throw_of].size()) {
    bytes.replace(start, awkward[throw_of].size(), awkward[throw_of]);
  }
  bytes += "\r\n";
}

/// Generates a message whose size is exactly the random number, unless the header alone is larger.
std::string generate(const Recipe& recipe, std::size_t number, std::string_view pool) {
  Dice dice(recipe.seed * 1'000'003 + number);
  const std::size_t size = dice.between(recipe.min_bytes, recipe.max_bytes);
  std::string bytes = generated_header(recipe, number);
  bytes.reserve(size + 2);
  while (bytes.size() + 2 <= size) {
    const std::size_t left = size - bytes.size() - 2;
    std::size_t length = std::min(left, dice.between(20, 76));
    if (left - length < 2) length = left;  // a rest too short for a line of its own
    append_line(bytes, pool, length, dice);
  }
  return bytes;
}

std::vector<Source> generate_all(const Recipe& recipe) {
  const std::string pool = make_pool();
  std::vector<Source> all;
  all.reserve(recipe.count);
  for (std::size_t number = 1; number <= recipe.count; ++number) {
    all.push_back({"gen-" + std::to_string(recipe.seed) + "-" + std::to_string(number),
                   generate(recipe, number, pool)});
  }
  return all;
}

std::vector<Source> read_folder(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Source> all;
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    if (!is_uid(name)) throw std::runtime_error("not fit to be a unique-id: '" + name + "'");
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error("cannot open " + file.string());
    std::string bytes(fs::file_size(file), '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (static_cast<std::size_t>(in.gcount()) != bytes.size()) {
      throw std::runtime_error("cannot read " + file.string());
    }
    all.push_back({name, std::move(bytes)});
  }
  return all;
}

}  // namespace

std::vector<Source> open_mailbox(const std::string& spec) {
  if (spec == "demo") return sample_mailbox();
  if (spec.starts_with("gen:")) return generate_all(parse_recipe(std::string_view(spec).substr(4)));
  return read_folder(spec);
}

}  // namespace mailhaul::demo
