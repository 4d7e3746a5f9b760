// The kernels of one instruction set: which one, the macro SEGUE_KERNELS and the compiler's flags say.

#include "kernels.h"

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define SEGUE_JOIN(a, b) a##b
#define SEGUE_NAME(set) SEGUE_JOIN(kernels_, set)
#define SEGUE_TEXT(set) #set
#define SEGUE_STRING(set) SEGUE_TEXT(set)

namespace segue {
namespace {

// Each set defines the sums of a panel's 16 outputs (Ints, then Floats), a pair of inputs as every output sees it
// (Pair), the weights that it meets (Panel), and how many positions its registers hold (POSITIONS).

#if defined(__AVX512VNNI__) && defined(__AVX512BW__)

constexpr int POSITIONS = 12;
using Ints = __m512i;
using Floats = __m512;
using Pair = __m512i;
using Panel = __m512i;

inline Ints no_ints() { return _mm512_setzero_si512(); }
inline Floats no_floats() { return _mm512_setzero_ps(); }
inline Pair pair_of(const int16_t* x) {
  int32_t both;
  __builtin_memcpy(&both, x, sizeof both);
  return _mm512_set1_epi32(both);
}
inline Panel panel_of(const int8_t* w) {
  _mm_prefetch(reinterpret_cast<const char*>(w) + 2048, _MM_HINT_T0);
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)));
}
inline Panel panel_of(const int16_t* w) { return _mm512_loadu_si512(w); }
inline Ints add_product(Ints sums, Pair x, const Panel& w) { return _mm512_dpwssd_epi32(sums, x, w); }
inline Floats flush(const Ints& sums, float scale, const Floats& before) {
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), _mm512_set1_ps(scale), before);
}
inline void store(float* out, const Floats& sums) { _mm512_storeu_ps(out, sums); }

#elif defined(__AVX2__) && defined(__FMA__)

constexpr int POSITIONS = 6;
struct Ints {
  __m256i low, high;
};
struct Floats {
  __m256 low, high;
};
using Pair = __m256i;
using Panel = Ints;

inline Ints no_ints() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
inline Floats no_floats() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
inline Pair pair_of(const int16_t* x) {
  int32_t both;
  __builtin_memcpy(&both, x, sizeof both);
  return _mm256_set1_epi32(both);
}
inline Panel panel_of(const int8_t* w) {
  _mm_prefetch(reinterpret_cast<const char*>(w) + 2048, _MM_HINT_T0);
  const __m128i* from = reinterpret_cast<const __m128i*>(w);
  return {_mm256_cvtepi8_epi16(_mm_loadu_si128(from)), _mm256_cvtepi8_epi16(_mm_loadu_si128(from + 1))};
}
inline Panel panel_of(const int16_t* w) {
  const __m256i* from = reinterpret_cast<const __m256i*>(w);
  return {_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
}
inline Ints add_product(Ints sums, Pair x, const Panel& w) {
  // As intrinsics, GCC does all products before all sums, for which there are too few registers: three times slower.
  __m256i product;
  __asm__("vpmaddwd %2, %3, %1\n\tvpaddd %1, %0, %0" : "+x"(sums.low), "=&x"(product) : "x"(w.low), "x"(x));
  __asm__("vpmaddwd %2, %3, %1\n\tvpaddd %1, %0, %0" : "+x"(sums.high), "=&x"(product) : "x"(w.high), "x"(x));
  return sums;
}
inline Floats flush(const Ints& sums, float scale, const Floats& before) {
  const __m256 step = _mm256_set1_ps(scale);
  return {_mm256_fmadd_ps(_mm256_cvtepi32_ps(sums.low), step, before.low),
          _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums.high), step, before.high)};
}
inline void store(float* out, const Floats& sums) {
  _mm256_storeu_ps(out, sums.low);
  _mm256_storeu_ps(out + 8, sums.high);
}

#elif defined(__ARM_NEON) && defined(__aarch64__)

constexpr int POSITIONS = 4;
struct Ints {
  int32x4_t part[4];
};
struct Floats {
  float32x4_t part[4];
};
using Pair = int16x4_t;
// First and second inputs of outputs 0-7 and 8-15.
struct Panel {
  int16x8x2_t low, high;
};

inline Ints no_ints() { return {{vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)}}; }
inline Floats no_floats() { return {{vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)}}; }
inline Pair pair_of(const int16_t* x) {
  int32_t both;
  __builtin_memcpy(&both, x, sizeof both);
  return vreinterpret_s16_s32(vdup_n_s32(both));
}
inline Panel panel_of(const int8_t* w) {
  const int8x16x2_t all = vld2q_s8(w);
  return {{{vmovl_s8(vget_low_s8(all.val[0])), vmovl_s8(vget_low_s8(all.val[1]))}},
          {{vmovl_s8(vget_high_s8(all.val[0])), vmovl_s8(vget_high_s8(all.val[1]))}}};
}
inline Panel panel_of(const int16_t* w) { return {vld2q_s16(w), vld2q_s16(w + 16)}; }
inline int32x4_t add_four(int32x4_t sums, Pair x, int16x4_t first, int16x4_t second) {
  return vmlal_lane_s16(vmlal_lane_s16(sums, first, x, 0), second, x, 1);
}
inline Ints add_product(Ints sums, Pair x, const Panel& w) {
  sums.part[0] = add_four(sums.part[0], x, vget_low_s16(w.low.val[0]), vget_low_s16(w.low.val[1]));
  sums.part[1] = add_four(sums.part[1], x, vget_high_s16(w.low.val[0]), vget_high_s16(w.low.val[1]));
  sums.part[2] = add_four(sums.part[2], x, vget_low_s16(w.high.val[0]), vget_low_s16(w.high.val[1]));
  sums.part[3] = add_four(sums.part[3], x, vget_high_s16(w.high.val[0]), vget_high_s16(w.high.val[1]));
  return sums;
}
inline Floats flush(const Ints& sums, float scale, Floats before) {
  for (int k = 0; k < 4; k++) before.part[k] = vfmaq_n_f32(before.part[k], vcvtq_f32_s32(sums.part[k]), scale);
  return before;
}
inline void store(float* out, const Floats& sums) {
  for (int k = 0; k < 4; k++) vst1q_f32(out + 4 * k, sums.part[k]);
}

#else

constexpr int POSITIONS = 2;
struct Ints {
  int32_t of[PANEL];
};
struct Floats {
  float of[PANEL];
};
struct Pair {
  int32_t first, second;
};
struct Panel {
  int32_t first[PANEL], second[PANEL];
};

inline Ints no_ints() { return {}; }
inline Floats no_floats() { return {}; }
inline Pair pair_of(const int16_t* x) { return {x[0], x[1]}; }
template <class Weight>
inline Panel panel_of(const Weight* w) {
  Panel panel;
  for (int k = 0; k < PANEL; k++) panel.first[k] = w[2 * k], panel.second[k] = w[2 * k + 1];
  return panel;
}
inline Ints add_product(Ints sums, Pair x, const Panel& w) {
  for (int k = 0; k < PANEL; k++) sums.of[k] += x.first * w.first[k] + x.second * w.second[k];
  return sums;
}
inline Floats flush(const Ints& sums, float scale, Floats before) {
  for (int k = 0; k < PANEL; k++) before.of[k] += static_cast<float>(sums.of[k]) * scale;
  return before;
}
inline void store(float* out, const Floats& sums) {
  for (int k = 0; k < PANEL; k++) out[k] = sums.of[k];
}

#endif

template <int COUNT, class Weight>
void products(const Position* positions, Runs runs, const Weight* panel, float* out) {
  Floats sums[COUNT];
  for (int k = 0; k < COUNT; k++) sums[k] = no_floats();
  for (int run = 0; run < runs.count; run++) {
    const int16_t* x[COUNT];
    for (int k = 0; k < COUNT; k++) x[k] = positions[k].inputs + run * runs.distance;
    for (int begin = 0; begin < runs.pairs; begin += Range<Weight>::FLUSH) {
      const int left = runs.pairs - begin;
      const int count = left < Range<Weight>::FLUSH ? left : Range<Weight>::FLUSH;
      Ints exact[COUNT];
#pragma GCC unroll 12
      for (int k = 0; k < COUNT; k++) exact[k] = no_ints();
      for (int pair = begin; pair < begin + count; pair++, panel += 2 * PANEL) {
        const Panel weights = panel_of(panel);
#pragma GCC unroll 12
        for (int k = 0; k < COUNT; k++) exact[k] = add_product(exact[k], pair_of(x[k] + 2 * pair), weights);
      }
#pragma GCC unroll 12
      for (int k = 0; k < COUNT; k++) sums[k] = flush(exact[k], positions[k].scales[run], sums[k]);
    }
  }
  for (int k = 0; k < COUNT; k++) store(out + k * PANEL, sums[k]);
}

template <int COUNT, class Weight>
void products_of(int count, const Position* positions, Runs runs, const Weight* panel, float* out) {
  if (count == COUNT) {
    products<COUNT>(positions, runs, panel, out);
  } else if constexpr (COUNT > 1) {
    products_of<COUNT - 1>(count, positions, runs, panel, out);
  }
}

// The exponential of x from -20 to 0: 2^n times the series of 2^f, |f| <= 1/2; its relative error is below 2e-7.
inline float exponential(float x) {
  const float power = (x > -20.0f ? x : -20.0f) * 1.44269504f;
  const float whole = __builtin_rintf(power), f = power - whole;
  float series = 1.54035304e-4f;
  series = series * f + 1.33335581e-3f;
  series = series * f + 9.61812911e-3f;
  series = series * f + 5.55041087e-2f;
  series = series * f + 2.40226507e-1f;
  series = series * f + 6.93147181e-1f;
  series = series * f + 1.0f;
  const int32_t bits = (static_cast<int32_t>(whole) + 127) << 23;
  return series * __builtin_bit_cast(float, bits);
}

float quantise(const float* x, int count, bool elu, int limit, float* values, int16_t* rounded) {
  float most = 0.0f;
  if (elu) {
    for (int i = 0; i < count; i++) {
      const float value = x[i];
      const float below = exponential(value < 0.0f ? value : 0.0f) - 1.0f;
      values[i] = value > 0.0f ? value : below;
    }
    x = values;
  }
  for (int i = 0; i < count; i++) {
    const float magnitude = __builtin_fabsf(x[i]);
    most = magnitude > most ? magnitude : most;
  }
  const float factor = most > 1e-30f ? static_cast<float>(limit) / most : 0.0f;
  for (int i = 0; i < count; i++)
    rounded[i] = static_cast<int16_t>(static_cast<int32_t>(__builtin_rintf(x[i] * factor)));
  return most / static_cast<float>(limit);
}

const Kernels KERNELS = {
    SEGUE_STRING(SEGUE_KERNELS), POSITIONS, products_of<POSITIONS, int8_t>, products_of<POSITIONS, int16_t>, quantise};

}  // namespace

const Kernels* SEGUE_NAME(SEGUE_KERNELS)() { return &KERNELS; }

}  // namespace segue
