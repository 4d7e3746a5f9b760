// Matrix products and convolutions in integers, for Python (ctypes) and for XLA (its foreign function interface).
//
// Activations are rounded where they enter, one scale a run of inputs; weights were rounded by segue_pack, one scale an
// output. B batch, T rows, F bins, D inputs, E outputs of a phase, N outputs of all phases, padded to panels.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels.h"
#include "threads.h"
#include "xla/ffi/api/ffi.h"

namespace segue {
namespace {

// Products that a thread is not woken up for.
constexpr double SMALL_LOOP = 2.5e6;
// Positions that go through a panel while it is in the cache, and panels that are one thread's task.
constexpr int BLOCK = 48;
constexpr int GROUP = 4;

const Kernels* chosen = kernels_portable();
Threads* threads = nullptr;

// The kernels that this processor can run, the fastest first.
std::vector<const Kernels*> usable() {
  std::vector<const Kernels*> found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    found.push_back(kernels_avx512vnni());
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(kernels_avx2());
#elif defined(__aarch64__)
  found.push_back(kernels_neon());
#endif
  found.push_back(kernels_portable());
  return found;
}

// Room that a thread keeps from call to call.
template <class Number>
Number* room(size_t count) {
  thread_local std::vector<Number> kept;
  if (kept.size() < count) kept.resize(count);
  return kept.data();
}

}  // namespace

extern "C" {

// A convolution over rows and bins. Its output may be a transposed one's: N is phases_t * phases_f * E padded, and the
// phases of an output are spread over rows and bins, of which the first `crop` bins and those after `bins_out` are left
// out.
struct Convolution {
  int32_t batch, past, rows, bins, inputs;            // of the input; `past` rows come before `rows` new ones
  int32_t taps_t, taps_f, left, right, step, elu;     // padding by zeros, and bins from one output to the next
  int32_t outputs, phases_t, phases_f, crop, bins_out;
  int32_t repeat_t, repeat_f;                         // how often the residual's rows and bins are used
};

}  // extern "C"

namespace {

template <class Weight>
void convolve(const Convolution& c, const float* past, const float* x, const Weight* packed, const float* scales,
              const float* bias, const float* residual, float* y) {
  const int depth = c.inputs + c.inputs % 2;
  const int width = c.left + c.bins + c.right;
  const ptrdiff_t length = static_cast<ptrdiff_t>(width) * depth;
  const int rows_in = c.past + c.rows, rows_out = rows_in - c.taps_t + 1;
  const int bins_out = (width - c.taps_f) / c.step + 1;
  const int panels_a_phase = (c.outputs + PANEL - 1) / PANEL;
  const int panels = panels_a_phase * c.phases_t * c.phases_f;
  const Runs runs = {c.taps_t, length, c.taps_f * depth / 2};
  const ptrdiff_t panel_size = static_cast<ptrdiff_t>(runs.count) * runs.pairs * 2 * PANEL;

  // The rows are rounded.
  int16_t* rounded = room<int16_t>(c.batch * rows_in * length);
  float* row_scales = room<float>(c.batch * rows_in);
  const int count = c.bins * c.inputs;
  const auto round_row = [&](int index) {
    const int b = index / rows_in, t = index % rows_in;
    const float* from = t < c.past ? past + (static_cast<ptrdiff_t>(b) * c.past + t) * count
                                   : x + (static_cast<ptrdiff_t>(b) * c.rows + t - c.past) * count;
    int16_t* to = rounded + index * length;
    std::fill(to, to + c.left * depth, 0);
    std::fill(to + (c.left + c.bins) * depth, to + length, 0);
    static thread_local std::vector<float> values;
    if (values.size() < static_cast<size_t>(count)) values.resize(count);
    row_scales[index] = chosen->quantise(from, count, c.elu, Range<Weight>::INPUT, values.data(), to + c.left * depth);
    if (depth == c.inputs) return;
    for (int f = c.bins - 1; f >= 0; f--) {
      int16_t* bin = to + (c.left + f) * depth;
      std::memmove(bin, to + c.left * depth + f * c.inputs, c.inputs * sizeof(int16_t));
      bin[c.inputs] = 0;
    }
  };

  // Every position meets every panel.
  const int positions = c.batch * rows_out * bins_out;
  const int blocks = (positions + BLOCK - 1) / BLOCK, groups = (panels + GROUP - 1) / GROUP;
  const int width_out = c.bins_out, residual_rows = rows_out * c.phases_t / c.repeat_t;
  const int residual_bins = width_out / c.repeat_f;
  const auto product = [&](int task) {
    const int first = task / groups * BLOCK, last = std::min(first + BLOCK, positions);
    Position inputs[BLOCK];
    int row_of[BLOCK], bin_of[BLOCK];
    for (int p = first; p < last; p++) {
      const int f = p % bins_out, row = p / bins_out, b = row / rows_out, t = row % rows_out;
      inputs[p - first] = {rounded + (b * rows_in + t) * length + static_cast<ptrdiff_t>(f) * c.step * depth,
                           row_scales + b * rows_in + t};
      row_of[p - first] = row;
      bin_of[p - first] = f;
    }
    const int end = std::min((task % groups + 1) * GROUP, panels);
    for (int panel = task % groups * GROUP; panel < end; panel++) {
      const int phase = panel / panels_a_phase, from = panel % panels_a_phase * PANEL;
      const int columns = std::min(PANEL, c.outputs - from);
      const int phase_t = phase / c.phases_f, phase_f = phase % c.phases_f;
      const float *scale = scales + panel * PANEL, *shift = bias ? bias + from : nullptr;
      for (int p = first; p < last; p += chosen->positions) {
        float sums[MOST_POSITIONS * PANEL];
        const int some = std::min(chosen->positions, last - p);
        if constexpr (sizeof(Weight) == 1)
          chosen->multiply8(some, inputs + p - first, runs, packed + panel * panel_size, sums);
        else
          chosen->multiply16(some, inputs + p - first, runs, packed + panel * panel_size, sums);
        for (int k = 0; k < some; k++) {
          const int bin = bin_of[p - first + k] * c.phases_f + phase_f - c.crop;
          if (bin < 0 || bin >= width_out) continue;
          const int row = row_of[p - first + k], b = row / rows_out;
          const int t = row % rows_out * c.phases_t + phase_t;
          const ptrdiff_t row_out = static_cast<ptrdiff_t>(b) * rows_out * c.phases_t + t;
          float* to = y + (row_out * width_out + bin) * c.outputs + from;
          const float* sum = sums + k * PANEL;
          if (shift)
            for (int n = 0; n < columns; n++) to[n] = sum[n] * scale[n] + shift[n];
          else
            for (int n = 0; n < columns; n++) to[n] = sum[n] * scale[n];
          if (!residual) continue;
          const float* more = residual + ((static_cast<ptrdiff_t>(b) * residual_rows + t / c.repeat_t) * residual_bins +
                                          bin / c.repeat_f) * c.outputs + from;
          for (int n = 0; n < columns; n++) to[n] += more[n];
        }
      }
    }
  };

  if (static_cast<double>(positions) * panels * PANEL * runs.count * runs.pairs * 2 < SMALL_LOOP) {
    for (int k = 0; k < c.batch * rows_in; k++) round_row(k);
    for (int k = 0; k < blocks * groups; k++) product(k);
    return;
  }
  if (c.batch * rows_in < 8)
    for (int k = 0; k < c.batch * rows_in; k++) round_row(k);
  else
    threads->run(c.batch * rows_in, round_row);
  threads->run(blocks * groups, product);
}

// Rounds a matrix [inputs, outputs] and lays it in panels. Inputs are runs of `run` numbers.
template <class Weight>
void pack(const float* from, int64_t input_stride, int64_t output_stride, int inputs, int outputs, int run,
          Weight* packed, float* scales) {
  const int panels = (outputs + PANEL - 1) / PANEL, even = inputs + inputs % 2;
  // What the magnitudes of a flush may add up to: a little less than int32 holds, since sums are float32 here. Where no
  // weights exceed it, there is no such bound.
  constexpr double largest = 2.0 * Range<Weight>::FLUSH * Range<Weight>::WEIGHT * Range<Weight>::INPUT;
  const float most_sum =
      largest < 2147483648.0 ? 1e30f : 0.999f * 2147483647.0f / Range<Weight>::INPUT - 2 * Range<Weight>::FLUSH;
  threads->run(panels, [&](int panel) {
    const int columns = std::min(PANEL, outputs - panel * PANEL);
    float* values = room<float>(static_cast<size_t>(even) * PANEL);
    std::fill(values, values + static_cast<size_t>(even) * PANEL, 0.0f);
    for (int n = 0; n < (output_stride == 1 ? 0 : columns); n++)
      for (int k = 0; k < inputs; k++)
        values[k * PANEL + n] = from[k * input_stride + (panel * PANEL + n) * output_stride];
    for (int k = 0; k < (output_stride == 1 ? inputs : 0); k++)
      std::memcpy(values + k * PANEL, from + k * input_stride + panel * PANEL, columns * sizeof(float));

    float most[PANEL] = {}, largest_sum[PANEL] = {};
    for (int begin = 0; begin < inputs; begin += run) {
      const int end = std::min(begin + run, inputs);
      for (int part = begin; part < end; part += 2 * Range<Weight>::FLUSH) {
        float sum[PANEL] = {};
        for (int k = part; k < std::min(part + 2 * Range<Weight>::FLUSH, end); k++)
          for (int n = 0; n < PANEL; n++) {
            const float magnitude = std::fabs(values[k * PANEL + n]);
            most[n] = std::max(most[n], magnitude);
            sum[n] += magnitude;
          }
        for (int n = 0; n < PANEL; n++) largest_sum[n] = std::max(largest_sum[n], sum[n]);
      }
    }
    float factors[PANEL];
    for (int n = 0; n < PANEL; n++) {
      const float step = std::max(most[n] / Range<Weight>::WEIGHT, largest_sum[n] / most_sum);
      scales[panel * PANEL + n] = step;
      factors[n] = step > 1e-30f ? 1 / step : 0.0f;
    }
    Weight* to = packed + static_cast<ptrdiff_t>(panel) * even * PANEL;
    for (int k = 0; k < even; k++)
      for (int n = 0; n < PANEL; n++)
        to[k / 2 * 2 * PANEL + 2 * n + k % 2] = static_cast<Weight>(std::lrint(values[k * PANEL + n] * factors[n]));
  });
}

// y [M, N] = x [M, I] times the transpose of the packed matrix.
xla::ffi::Error project(xla::ffi::Buffer<xla::ffi::S8> packed, xla::ffi::Buffer<xla::ffi::F32> scales,
                        xla::ffi::Buffer<xla::ffi::F32> x, xla::ffi::ResultBuffer<xla::ffi::F32> y) {
  Convolution c = {};
  c.batch = c.taps_t = c.taps_f = c.step = c.bins = c.phases_t = c.phases_f = c.bins_out = c.repeat_t = c.repeat_f = 1;
  c.rows = static_cast<int32_t>(x.dimensions()[0]);
  c.inputs = static_cast<int32_t>(x.dimensions()[1]);
  c.outputs = static_cast<int32_t>(y->dimensions()[1]);
  convolve<int8_t>(c, nullptr, x.typed_data(), packed.typed_data(), scales.typed_data(), nullptr, nullptr,
                   y->typed_data());
  return xla::ffi::Error::Success();
}

}  // namespace
}  // namespace segue

XLA_FFI_DEFINE_HANDLER_SYMBOL(segue_project, segue::project,
                              xla::ffi::Ffi::Bind()
                                  .Arg<xla::ffi::Buffer<xla::ffi::S8>>()
                                  .Arg<xla::ffi::Buffer<xla::ffi::F32>>()
                                  .Arg<xla::ffi::Buffer<xla::ffi::F32>>()
                                  .Ret<xla::ffi::Buffer<xla::ffi::F32>>());

extern "C" {

// Chooses the kernels, and starts the threads when first called; "" for the best that the processor has. Returns their
// name, or null where there are none of that name.
const char* segue_start(int thread_count, const char* wanted) {
  using namespace segue;
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  const Kernels* found = nullptr;
  for (const Kernels* each : usable())
    if (!found && (!*wanted || std::strcmp(each->name, wanted) == 0)) found = each;
  if (!found) return nullptr;
  chosen = found;
  // Never deleted: its threads sleep in it.
  if (!threads) threads = new Threads(thread_count);
  return chosen->name;
}

void segue_pack8(const float* from, int64_t input_stride, int64_t output_stride, int inputs, int outputs, int run,
                 int8_t* packed, float* scales) {
  segue::pack(from, input_stride, output_stride, inputs, outputs, run, packed, scales);
}

void segue_pack16(const float* from, int64_t input_stride, int64_t output_stride, int inputs, int outputs, int run,
                  int16_t* packed, float* scales) {
  segue::pack(from, input_stride, output_stride, inputs, outputs, run, packed, scales);
}

void segue_convolve(const segue::Convolution* c, const float* past, const float* x, const int16_t* packed,
                    const float* scales, const float* bias, const float* residual, float* y) {
  segue::convolve(*c, past, x, packed, scales, bias, residual, y);
}

}  // extern "C"
