// Enough of a CUDA device, on a CPU, to run fused.cu: one block at a time, every thread a fiber, collectives of a warp in
// lockstep, barriers, asynchronous copies that arrive when they are waited for and not before.
//
// Warps run in a random order that a seed decides, so that a missing barrier changes results. An error ends the launch.
#pragma once
#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <ucontext.h>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define CONSTEXPR constexpr
typedef unsigned int word;
struct uint2 { word x, y; };
struct alignas(16) uint4 { word x, y, z, w; };
struct float2 { float x, y; };
static inline uint4 make_uint4(word x, word y, word z, word w) { return {x, y, z, w}; }

namespace device {
constexpr int LANES = 32;
struct Index { int x; };
struct Deposit { int kind; word a[4]; word b[2]; };
struct Copy { int to; const void* from; };
struct Fiber {
  ucontext_t first;
  jmp_buf here;
  std::vector<char> stack;
  std::vector<Copy> copies;
  bool begun = false, done = false, at_barrier = false;
};
struct Warp {
  long arrived = 0;
  long rounds[LANES] = {};
  Deposit deposits[2][LANES];
};
alignas(128) char memory[SHARED];
std::vector<Fiber> fibers;
std::vector<Warp> warps;
std::function<void()> body;
jmp_buf scheduler;
int current, waiting, block;
long half_products, copied;  // by lanes; by bytes
const char* error;

[[noreturn]] inline void fail(const char* what) {
  error = what;
  _longjmp(scheduler, 1);
}
inline void yield() {
  if (!_setjmp(fibers[current].here)) _longjmp(scheduler, 1);
}
inline void entry() {
  body();
  Fiber& me = fibers[current];
  if (!me.copies.empty()) fail("a thread ended with copies under way");
  me.done = true;
  _longjmp(scheduler, 1);
}
inline void resume(int thread) {
  current = thread;
  Fiber& me = fibers[thread];
  if (_setjmp(scheduler)) return;
  if (me.begun) _longjmp(me.here, 1);
  me.begun = true;
  setcontext(&me.first);
}
// What every lane of a warp hands in, once all have.
inline const Deposit* exchanged(const Deposit& mine) {
  Warp& warp = warps[current / LANES];
  const int lane = current % LANES;
  const long round = warp.rounds[lane]++;
  Deposit* all = warp.deposits[round & 1];
  all[lane] = mine;
  ++warp.arrived;
  while (warp.arrived < (round + 1) * LANES) yield();
  if (all[0].kind != mine.kind) fail("lanes of a warp are at different instructions");
  return all;
}
inline int checked(word address, int bytes) {
  if (address % bytes || address + bytes > SHARED) fail("an address is outside of shared memory or not aligned");
  return static_cast<int>(address);
}
inline float from_bfloat(word half) {
  const word bits = half << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
inline word to_bfloat(float value) {  // nearest, ties to even
  word bits;
  std::memcpy(&bits, &value, 4);
  if (std::isnan(value)) return bits >> 16 | 0x40;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
inline float element(word pair, int half) { return from_bfloat(half ? pair >> 16 : pair & 0xffff); }

inline void run_block(int index, std::mt19937& random) {
  block = index;
  std::memset(memory, 0xff, SHARED);  // not numbers, until something is written
  const int count = static_cast<int>(fibers.size());
  warps.assign(count / LANES, Warp());
  for (int i = 0; i < count; ++i) {
    Fiber& fiber = fibers[i];
    fiber.begun = fiber.done = fiber.at_barrier = false;
    fiber.copies.clear();
    getcontext(&fiber.first);
    fiber.first.uc_stack.ss_sp = fiber.stack.data();
    fiber.first.uc_stack.ss_size = fiber.stack.size();
    fiber.first.uc_link = nullptr;
    makecontext(&fiber.first, entry, 0);
  }
  waiting = 0;
  for (;;) {
    std::vector<int> ready;
    for (int w = 0; w < count / LANES; ++w)
      for (int lane = 0; lane < LANES; ++lane)
        if (!fibers[w * LANES + lane].done && !fibers[w * LANES + lane].at_barrier) {
          ready.push_back(w);
          break;
        }
    if (ready.empty()) {
      int unfinished = 0;
      for (Fiber& fiber : fibers) unfinished += !fiber.done;
      if (!unfinished) return;
      if (waiting != count) {
        error = "some threads ended while others wait at a barrier";
        return;
      }
      waiting = 0;
      for (Fiber& fiber : fibers) fiber.at_barrier = false;
      continue;
    }
    const int warp = ready[random() % ready.size()];
    for (int turns = 1 + random() % 64; turns; --turns)
      for (int lane = 0; lane < LANES; ++lane) {
        Fiber& fiber = fibers[warp * LANES + lane];
        if (!fiber.done && !fiber.at_barrier) resume(warp * LANES + lane);
        if (error) return;
      }
  }
}
// What went wrong, or null.
inline const char* run(int blocks, int threads, unsigned seed, std::function<void()> kernel) {
  error = nullptr;
  body = std::move(kernel);
  fibers.resize(threads);
  for (Fiber& fiber : fibers) fiber.stack.resize(1 << 16);
  std::mt19937 random(seed);
  for (int i = 0; i < blocks && !error; ++i) run_block(i, random);
  return error;
}
struct ThreadIndex { struct { operator int() const { return current; } } x; };
struct BlockIndex { struct { operator int() const { return block; } } x; };
}  // namespace device

static device::ThreadIndex threadIdx;
static device::BlockIndex blockIdx;
static char (&shared)[SHARED] = device::memory;

static inline void __syncthreads() {
  device::fibers[device::current].at_barrier = true;
  ++device::waiting;
  device::yield();
}
static inline word __shfl_xor_sync(word, word value, int mask) {
  return device::exchanged({0, {value}, {}})[(device::current % device::LANES) ^ mask].a[0];
}
static inline float __shfl_xor_sync(word all, float value, int mask) {
  word bits;
  std::memcpy(&bits, &value, 4);
  bits = __shfl_xor_sync(all, bits, mask);
  std::memcpy(&value, &bits, 4);
  return value;
}
static inline word __ballot_sync(word, bool mine) {
  const device::Deposit* all = device::exchanged({6, {mine}, {}});
  word bits = 0;
  for (int lane = 0; lane < device::LANES; ++lane) bits |= all[lane].a[0] << lane;
  return bits;
}
static inline int __shfl_sync(word, int value, int lane) {
  return static_cast<int>(device::exchanged({1, {static_cast<word>(value)}, {}})[lane].a[0]);
}
static inline word shared_address(const void* p) { return static_cast<word>(static_cast<const char*>(p) - shared); }
static inline word bfloat_pair(float low, float high) { return device::to_bfloat(low) | device::to_bfloat(high) << 16; }
static inline float low_float(word pair) { return device::element(pair, 0); }
static inline float high_float(word pair) { return device::element(pair, 1); }

template <int N> inline void load_rows(word (&a)[N], word from, int kind) {
  const device::Deposit* all = device::exchanged({kind, {from}, {}});
  const int lane = device::current % device::LANES;
  for (int m = 0; m < N; ++m)
    std::memcpy(&a[m], shared + device::checked(all[m * 8 + lane / 4].a[0], 16) + lane % 4 * 4, 4);
}
static inline void load_pair(word (&a)[4], word from) { load_rows(a, from, 2); }
static inline void load_single(word (&a)[2], word from) { load_rows(a, from, 3); }

// Row r of the first operand, column n of the second: lanes 4 (r % 8) + t and 4 n + t hold elements 2 t, 2 t + 1 of a cell.
static inline void multiply(float (&c)[4], const device::Deposit* all, int cells) {
  device::half_products += cells;
  const int lane = device::current % device::LANES;
  for (int k = 0; k < 4; ++k) {
    const int row = lane / 4, column = lane % 4 * 2 + k % 2, lower = k / 2;
    float sum = c[k];
    for (int cell = 0; cell < cells; ++cell)
      for (int t = 0; t < 4; ++t)
        for (int half = 0; half < 2; ++half)
          sum += device::element(all[row * 4 + t].a[cell * 2 + lower], half) * device::element(all[column * 4 + t].b[cell], half);
    c[k] = sum;
  }
}
static inline void multiply_pair(float (&c)[4], const word (&a)[4], uint2 b) {
  multiply(c, device::exchanged({4, {a[0], a[1], a[2], a[3]}, {b.x, b.y}}), 2);
}
static inline void multiply_single(float (&c)[4], const word (&a)[2], word b) {
  multiply(c, device::exchanged({5, {a[0], a[1]}, {b}}), 1);
}
static inline void copy_later(word to, const void* from) {
  std::memset(shared + device::checked(to, 16), 0xff, 16);
  device::copied += 16;
  device::fibers[device::current].copies.push_back({static_cast<int>(to), from});
}
static inline void wait_for_copies() {
  std::vector<device::Copy>& copies = device::fibers[device::current].copies;
  for (const device::Copy& copy : copies) std::memcpy(shared + copy.to, copy.from, 16);
  copies.clear();
}
