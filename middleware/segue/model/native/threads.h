// Threads that share loops, and sleep while there is none.

#ifndef SEGUE_THREADS_H
#define SEGUE_THREADS_H

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace segue {

class Threads {
 public:
  // `count` threads work on a loop, the caller's included.
  explicit Threads(int count) {
    for (int k = 1; k < count; k++) std::thread([this] { work(); }).detach();
    count_ = count;
  }

  int count() const { return count_; }

  // Calls task(0) to task(size - 1), each once. While another thread's loop runs, or after a fork, the caller does all.
  void run(int size, const std::function<void(int)>& task) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (count_ < 2 || size < 2 || !turn.owns_lock()) {
      for (int k = 0; k < size; k++) task(k);
      return;
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      size_ = size;
      next_ = 0;
      loop_++;
    }
    begun_.notify_all();
    take(task, size);
    std::unique_lock<std::mutex> lock(mutex_);
    // Whoever wakes up from now on finds no task: only those that joined are waited for.
    task_ = nullptr;
    ended_.wait(lock, [this] { return joined_ == 0; });
  }

 private:
  void take(const std::function<void(int)>& task, int size) {
    for (int k = next_++; k < size; k = next_++) task(k);
  }

  void work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (long seen = 0;;) {
      begun_.wait(lock, [&] { return loop_ != seen; });
      seen = loop_;
      if (task_ == nullptr) continue;
      const std::function<void(int)>* task = task_;
      const int size = size_;
      joined_++;
      lock.unlock();
      take(*task, size);
      lock.lock();
      if (--joined_ == 0) ended_.notify_all();
    }
  }

  int count_ = 1;
  std::mutex turn_, mutex_;
  std::condition_variable begun_, ended_;
  const std::function<void(int)>* task_ = nullptr;
  std::atomic<int> next_{0};
  int size_ = 0, joined_ = 0;
  long loop_ = 0;
};

}  // namespace segue

#endif
