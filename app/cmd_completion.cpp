// SPDX-License-Identifier: MIT
// The scripts that make shells complete command lines. They run "mailhaul completion words" each time that
// TAB is pressed.
#include <CLI/CLI.hpp>
#include <array>

#include "app/commands.h"
#include "app/completion.h"
#include "app/output.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/join.h"

namespace mailhaul::app {
namespace {

/// Bash also splits words at ":", "=" and "@". The answer must not repeat what is before the last split.
constexpr std::string_view bash_script = R"(# bash completion for mailhaul
_mailhaul() {
  local line=${COMP_LINE:0:COMP_POINT} words current cut candidates candidate
  read -ra words <<<"$line"
  case $line in *[[:space:]]) words+=('') ;; esac
  current=${words[${#words[@]} - 1]}
  cut=${current%"$2"}
  COMPREPLY=()
  mapfile -t candidates < <(mailhaul completion words "${words[@]:1}" 2>/dev/null)
  case ${candidates[0]-} in
    ':files '*)
      compopt -o filenames
      current=${current#"${candidates[0]#:files }"}
      mapfile -t candidates < <(compgen -f -- "${current/#\~\//$HOME/}")
      for candidate in "${candidates[@]}"; do
        case $current in '~/'*) candidate="~/${candidate#"$HOME"/}" ;; esac
        COMPREPLY+=("$candidate")
      done
      return
      ;;
  esac
  for candidate in "${candidates[@]%%$'\t'*}"; do
    case $candidate in
      "$current"*)
        COMPREPLY+=("${candidate#"$cut"}")
        case $candidate in *:) compopt -o nospace ;; esac
        ;;
    esac
  done
}
complete -F _mailhaul mailhaul
)";

constexpr std::string_view zsh_script = R"(#compdef mailhaul
_mailhaul() {
  local -a lines candidates beginnings
  local line candidate
  lines=("${(@f)$(mailhaul completion words "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == ':files '* ]]; then
    compset -p $(( ${#lines[1]} - 7 ))
    _files
    return
  fi
  for line in $lines; do
    candidate=${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}
    case ${line%%$'\t'*} in
      *:) beginnings+=("$candidate") ;;
      *) candidates+=("$candidate") ;;
    esac
  done
  _describe -t words 'mailhaul' candidates -- beginnings -S ''
}
if [ "$funcstack[1]" = _mailhaul ]; then _mailhaul "$@"; else compdef _mailhaul mailhaul; fi
)";

constexpr std::string_view fish_script = R"(# fish completion for mailhaul
function __mailhaul_words
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (mailhaul completion words $words[2..-1] "$current" 2>/dev/null)
    if string match -q -- ':files *' "$lines[1]"
        set -l before (string sub -s 8 -- "$lines[1]")
        set -l typed (string sub -s (math 1 + (string length -- "$before")) -- "$current")
        for path in (__fish_complete_path "$typed")
            echo "$before$path"
        end
        return
    end
    printf '%s\n' $lines
end
complete -c mailhaul -f -a '(__mailhaul_words)'
)";

constexpr std::array<ShellRow, 3> shell_rows{
    {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}}};

}  // namespace

std::span<const ShellRow> shells() { return shell_rows; }

void describe_completion(CLI::App& parser, Invocation& /*invocation*/) {
  parser
      .add_option_function<std::string>(
          "SHELL", [](const std::string&) {}, "one of " + util::joined(shells(), &ShellRow::name))
      ->type_name("");
}

int run_completion(const Invocation& invocation) {
  for (const auto& shell : shells()) {
    if (invocation.words.empty() || invocation.words.front() != shell.name) continue;
    print(shell.script);
    return 0;
  }
  throw util::Error(
      util::Kind::usage,
      invocation.words.empty()
          ? "completion: no shell is named"
          : "completion: there is no script for '" + util::escape(invocation.words.front()) + "'",
      "write mailhaul completion SHELL, with one of " + util::joined(shells(), &ShellRow::name));
}

}  // namespace mailhaul::app
