// Integer kernels that every instruction set provides: kernels.cc is compiled once for each, with its own flags.
//
// Matrices lie in panels of 16 outputs: [panel][pair of inputs][16 outputs][2 inputs]. The inputs of an output are runs
// of consecutive int16 numbers; a run has one scale, and runs of a position lie at equal distances (the rows of a
// convolution). Sums are exact in int32 for FLUSH pairs at most, then go on in float32: neither the number of positions
// in a call nor the threads change a bit of the results.

#ifndef SEGUE_KERNELS_H
#define SEGUE_KERNELS_H

#include <cstddef>
#include <cstdint>

namespace segue {

constexpr int PANEL = 16;
constexpr int MOST_POSITIONS = 12;

// How weights of a type are bounded, so that no sum of FLUSH pairs leaves int32.
template <class Weight>
struct Range;

// 127 * 32767 * 2 * 256 < 2^31.
template <>
struct Range<int8_t> {
  static constexpr int WEIGHT = 127, INPUT = 32767, FLUSH = 256;
};

// The sum of magnitudes of a flush's weights is kept below 2^31 / INPUT, see pack().
template <>
struct Range<int16_t> {
  static constexpr int WEIGHT = 2047, INPUT = 8191, FLUSH = 128;
};

// Inputs of one position.
struct Position {
  const int16_t* inputs;  // of the first run
  const float* scales;    // one a run
};

// Where the runs of a position lie.
struct Runs {
  int count;
  ptrdiff_t distance;  // from one run to the next, in numbers
  int pairs;           // of a run
};

struct Kernels {
  const char* name;
  int positions;  // that one call of `multiply` takes at most

  // Writes the products of positions with a panel: out[position][16]. The panel's own scales are left to the caller.
  void (*multiply8)(int count, const Position* positions, Runs runs, const int8_t* panel, float* out);
  void (*multiply16)(int count, const Position* positions, Runs runs, const int16_t* panel, float* out);

  // Rounds `count` numbers to -limit..limit and returns what one step stands for. `elu` applies the exponential linear
  // unit first. `values` is room for as many numbers.
  float (*quantise)(const float* x, int count, bool elu, int limit, float* values, int16_t* rounded);
};

// Of those, a build has what its processor family may have.
const Kernels* kernels_portable();
const Kernels* kernels_avx2();
const Kernels* kernels_avx512vnni();
const Kernels* kernels_neon();

}  // namespace segue

#endif
