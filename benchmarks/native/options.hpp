// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The command line of the benchmark programs: pairs of --name and value.
#pragma once

#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>

namespace benchmarks {

class Options {
 public:
  /// Read the pairs from argument `first` on.
  Options(int argc, char ** argv, int first) {
    for (int i = first; i + 1 < argc; i += 2) values_[std::string(argv[i]).substr(2)] = argv[i + 1];
  }
  long integer(const std::string & name) const { return std::stol(text(name)); }
  double number(const std::string & name) const { return std::stod(text(name)); }

 private:
  const std::string & text(const std::string & name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) throw std::invalid_argument("Missing option --" + name);
    return found->second;
  }
  std::map<std::string, std::string> values_;
};

}  // namespace benchmarks
