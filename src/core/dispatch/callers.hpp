// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Which threads call something of an entity that the dispatcher does not call itself.
#pragma once

#include <Python.h>

#include <algorithm>
#include <vector>

namespace aiorcl {

class Entity;

/// The workers of one dispatcher, and its own thread in the first step of a coroutine. GIL held.
class Callers {
 public:
  /// The calling thread is in a call for as long as it lives.
  class Call {
   public:
    Call(Callers & callers, const Entity & entity)
        : callers_(callers), call_{PyThread_get_thread_ident(), &entity} {
      callers_.calls_.push_back(call_);
    }
    ~Call() {
      auto found = std::find_if(callers_.calls_.rbegin(), callers_.calls_.rend(), [&](auto & each) {
        return each.thread == call_.thread && each.entity == call_.entity;
      });
      callers_.calls_.erase(std::next(found).base());
    }
    Call(const Call &) = delete;
    Call & operator=(const Call &) = delete;

   private:
    friend class Callers;
    struct Noted {
      unsigned long thread;
      const Entity * entity;
    };

    Callers & callers_;
    const Noted call_;
  };

  /// The threads in calls of an entity, or of any if null.
  std::vector<unsigned long> threads(const Entity * entity) const {
    std::vector<unsigned long> found;
    for (const Call::Noted & call : calls_) {
      if (entity == nullptr || call.entity == entity) found.push_back(call.thread);
    }
    return found;
  }

 private:
  std::vector<Call::Noted> calls_;
};

}  // namespace aiorcl
