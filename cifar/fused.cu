// A whole attack in one kernel: every step of projected gradient ascent on an image, forward and backward through both
// networks, without leaving a multiprocessor.
//
// One block is one image. Activations, their gradients and the signs of all activations stay in shared memory; weights
// stream from the second-level cache, a few taps ahead of their use. Convolutions are matrix products on the tensor cores:
// bfloat16 operands, float32 sums. Points, logits, losses and gradients of pixels are float32.
//
// Layout. A cell is 8 channels of a pixel, 16 bytes. A map is pixel after pixel, the cells of a pixel together, an odd number
// of cells from pixel to pixel, so that 8 neighbours never share a bank. So the cells of three neighbouring pixels are one
// run of memory: what a row of a 3x3 kernel is multiplied with. Maps of gradients have two zero pixels between rows, so
// that runs which hang over an edge read zeros. Weights lie in the order of their use (fused_layout.py).
//
// Compiled at run time for the widths of two networks: SIDE, LAYERS, CLASSES, WIDTHS_A, WIDTHS_B (lists), TAPS (of a kernel
// that are staged at a time: 3 or 1), WARPS, SHARED (bytes that the launch gives).
#ifndef EMULATED
typedef unsigned int word;
#define CONSTEXPR __host__ __device__ constexpr

__device__ __forceinline__ word shared_address(const void* p) { return static_cast<word>(__cvta_generic_to_shared(p)); }

// Rows 0-7 and 8-15 of the first cell of a pair, then of the second.
__device__ __forceinline__ void load_pair(word (&a)[4], word from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3]) : "r"(from));
}
__device__ __forceinline__ void load_single(word (&a)[2], word from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];" : "=r"(a[0]), "=r"(a[1]) : "r"(from));
}
__device__ __forceinline__ void multiply_pair(float (&c)[4], const word (&a)[4], uint2 b) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b.x), "r"(b.y));
}
__device__ __forceinline__ void multiply_single(float (&c)[4], const word (&a)[2], word b) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(b));
}
__device__ __forceinline__ void copy_later(word to, const void* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
__device__ __forceinline__ void wait_for_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }
__device__ __forceinline__ word bfloat_pair(float low, float high) {
  word packed;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
}
__device__ __forceinline__ float low_float(word pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float high_float(word pair) { return __uint_as_float(pair & 0xffff0000u); }
extern __shared__ __align__(128) char shared[];
#endif

constexpr int THREADS = 32 * WARPS;
constexpr int COLOURS = 3, CHUNKS = 9 / TAPS;
constexpr int PIXELS = SIDE * SIDE;
constexpr word ALL_LANES = 0xffffffffu;
constexpr int STEP_BYTES = 256, TAIL_BYTES = 128;  // of weights, for 8 outputs and two cells or one

struct A {  // the student
  static constexpr int PLACE = 0;
  static CONSTEXPR int width(int layer) { constexpr int widths[] = {WIDTHS_A}; return widths[layer]; }
};
struct B {  // the teacher
  static constexpr int PLACE = 1;
  static CONSTEXPR int width(int layer) { constexpr int widths[] = {WIDTHS_B}; return widths[layer]; }
};

CONSTEXPR int larger(int a, int b) { return a > b ? a : b; }
CONSTEXPR int side(int layer) { return SIDE - 2 * (layer + 1); }  // layer -1 is the image
template <class Net> CONSTEXPR int cells(int layer) { return layer < 0 ? 1 : (Net::width(layer) + 7) / 8; }
CONSTEXPR int apart(int cells) { return cells | 1; }  // from pixel to pixel, in cells

// The sum over the cells of TAPS neighbouring pixels: pairs, and one cell that may be left.
CONSTEXPR int pairs(int cells) { return TAPS * cells / 2; }
CONSTEXPR int left(int cells) { return TAPS * cells % 2; }
CONSTEXPR int pair_offset(int cells, int s) {
  return cells % 2 ? 32 * s : s / (cells / 2) * apart(cells) * 16 + s % (cells / 2) * 32;
}
CONSTEXPR int chunk_bytes(int cells, int tiles) { return (pairs(cells) * STEP_BYTES + left(cells) * TAIL_BYTES) * tiles; }
// Outputs in tiles of 8 channels; at most 5 tiles at a time, so that the sums fit the registers.
CONSTEXPR int groups(int tiles) { return (tiles + 4) / 5; }
CONSTEXPR int first_tile(int tiles, int group) { return (tiles + groups(tiles) - 1) / groups(tiles) * group; }
CONSTEXPR int group_tiles(int tiles, int group) {
  return (group + 1 < groups(tiles) ? first_tile(tiles, group + 1) : tiles) - first_tile(tiles, group);
}

// Weights of a network, in bytes: forward from the first layer on, backward from the last on, the head.
template <class Net> CONSTEXPR int forward_bytes(int layer) {
  return CHUNKS * chunk_bytes(cells<Net>(layer - 1), cells<Net>(layer));
}
template <class Net> CONSTEXPR int backward_bytes(int layer) {
  return CHUNKS * chunk_bytes(cells<Net>(layer), cells<Net>(layer - 1));
}
template <class Net> CONSTEXPR int forward_place(int layer) {
  int place = 0;
  for (int i = 0; i < layer; ++i) place += forward_bytes<Net>(i);
  return place;
}
template <class Net> CONSTEXPR int backward_place(int layer) {
  int place = forward_place<Net>(LAYERS);
  for (int i = LAYERS - 1; i > layer; --i) place += backward_bytes<Net>(i);
  return place;
}
template <class Net> CONSTEXPR int head_place() { return backward_place<Net>(-1); }
template <class Net> CONSTEXPR int head_cells() { return side(LAYERS - 1) * side(LAYERS - 1) * cells<Net>(LAYERS - 1); }
// Numbers of a network, in float32: mean, standard deviation, two of padding, biases layer by layer, biases of the head.
template <class Net> CONSTEXPR int bias_place(int layer) {
  int place = 8;
  for (int i = 0; i < layer; ++i) place += 8 * cells<Net>(i);
  return place;
}

// Shared memory: two regions that maps alternate between, weights under way and in use, zeros, signs, sums.
template <class Net> CONSTEXPR int region_bytes(int parity) {
  int bytes = parity ? PIXELS * 16 : 0;
  for (int i = parity; i < LAYERS; i += 2) bytes = larger(bytes, (side(i) * (side(i) + 2) + 2) * apart(cells<Net>(i)) * 16);
  return bytes;
}
template <class Net> CONSTEXPR int largest_chunk() {
  int bytes = 0;
  for (int i = 0; i < LAYERS; ++i) {
    int in = cells<Net>(i - 1), out = cells<Net>(i);
    bytes = larger(bytes, larger(chunk_bytes(in, group_tiles(out, 0)), chunk_bytes(out, group_tiles(in, 0))));
  }
  return bytes;
}
template <class Net> CONSTEXPR int widest() {
  int widest = 1;
  for (int i = 0; i < LAYERS; ++i) widest = larger(widest, apart(cells<Net>(i)));
  return widest;
}
CONSTEXPR int row_tiles(int side) { return (side * side + 15) / 16; }  // of 16 pixels
template <class Net> CONSTEXPR int sign_place(int layer) {
  int place = 0;
  for (int i = 0; i < layer; ++i) place += row_tiles(side(i)) * cells<Net>(i) * 16;
  return place;
}
CONSTEXPR int rounded(int bytes) { return (bytes + 15) / 16 * 16; }
constexpr int REGION_0 = 0;
constexpr int REGION_1 = REGION_0 + larger(region_bytes<A>(0), region_bytes<B>(0));
constexpr int STAGE = REGION_1 + larger(region_bytes<A>(1), region_bytes<B>(1));
constexpr int STAGE_BYTES = larger(largest_chunk<A>(), largest_chunk<B>());
constexpr int ZEROS = STAGE + 2 * STAGE_BYTES;
constexpr int ZERO_BYTES = 16 * 3 * larger(widest<A>(), widest<B>());
constexpr int SIGNS_A = ZEROS + ZERO_BYTES;
constexpr int SIGNS_B = SIGNS_A + sign_place<A>(LAYERS);
constexpr int SUMS = SIGNS_B + sign_place<B>(LAYERS);  // of each warp, then logits of both, then the slope
constexpr int LOGITS = SUMS + rounded(4 * WARPS * CLASSES);
constexpr int SLOPE = LOGITS + rounded(4 * 2 * CLASSES);
constexpr int STATE = SLOPE + rounded(4 * CLASSES);
constexpr int SHARED_BYTES = STATE + 32;
static_assert(SHARED_BYTES == SHARED, "fused_layout.py and fused.cu disagree on shared memory");

struct State {  // of an image, kept by its first thread
  float highest, farthest;   // loss of `best`, score of `watched`
  int is_highest, is_farthest;  // the point at hand is
  int moves;                 // its gradient is not zero
};

enum Objective { DISTANCE, GAP, CROSS_ENTROPY, MARGIN };

struct Arguments {
  const float* clean;         // (N, PIXELS, 3), as all images here: channels last
  float* point;               // where to start; in the end the last iterate
  float* gradient;            // scratch; the gradient itself, if that alone is wanted
  const char* weights[2];     // of student and teacher
  const float* numbers[2];
  const float* target;        // logits (N, CLASSES) that stand in for the teacher's, or null
  const long long* labels;    // (N,) that stand in for the teacher's answers, or null
  float* best;                // the iterate of highest loss, or null
  float* best_loss;           // (N,)
  float* watched;             // the iterate at which the student's answer is farthest above the teacher's, or null
  float* watched_score;       // (N,)
  float* logits;              // (N, 2, CLASSES) at the last iterate that was looked at, or null
  float eps, step, confidence;
  int steps;
  int objective;
  int networks;               // 2, or 1: the teacher is not computed
  int gradient_only;          // one step, which is not taken
};

struct Thread {
  int id, warp, lane;
  int slot;                 // of the stage, for the next weights
  const char* under_way;    // the weights that were asked for
};

__device__ __forceinline__ void fetch(Thread& me, const char* from, int bytes, int slot) {
  word to = shared_address(shared + STAGE + slot * STAGE_BYTES);
  for (int i = me.id * 16; i < bytes; i += THREADS * 16) copy_later(to + i, from + i);
  me.under_way = from;
}

// Sums over all taps, for one group of output tiles.   rows: pixels of the product, OUT x OUT;  source: the map
// Tile i of a warp is 16 pixels; the sums of tile i are sums[i].
template <int CELLS, int NT, int OUT, int PITCH, bool BACK, int MT>
__device__ __forceinline__ void contract(Thread& me, int source, const char* weights, const char* next, int next_bytes,
                                         float (&sums)[MT][NT][4]) {
  constexpr int M = OUT * OUT, TILES = row_tiles(OUT), PIXEL = apart(CELLS) * 16, BYTES = chunk_bytes(CELLS, NT);
  constexpr int LEAST = TILES / WARPS;  // tiles that every warp has
  const int count = (TILES - me.warp + WARPS - 1) / WARPS, half = (me.lane >> 4) * 16;
  const word base = shared_address(shared);
  word rows[MT];
  int top[MT];
#pragma unroll
  for (int i = 0; i < MT; ++i) {
    int p = (me.warp + i * WARPS) * 16 + (me.lane & 15);
    p = p < M ? p : M - 1;
    const int y = p / OUT, x = p % OUT;
    top[i] = BACK ? y - 2 : y;
    rows[i] = base + source + (top[i] * PITCH + x) * PIXEL + half;
#pragma unroll
    for (int j = 0; j < NT; ++j)
#pragma unroll
      for (int k = 0; k < 4; ++k) sums[i][j][k] = 0.0f;
  }
  if (me.under_way != weights) {
    wait_for_copies();
    fetch(me, weights, BYTES, me.slot);
  }
#pragma unroll 1
  for (int c = 0; c < CHUNKS; ++c) {
    wait_for_copies();
    __syncthreads();
    const bool last = c + 1 == CHUNKS;
    fetch(me, last ? next : weights + (c + 1) * BYTES, last ? next_bytes : BYTES, me.slot ^ 1);
    const int row = TAPS == 3 ? c : c / 3, shift = (TAPS == 3 ? c * PITCH : c / 3 * PITCH + c % 3) * PIXEL;
    word at[MT];
#pragma unroll
    for (int i = 0; i < MT; ++i) {
      at[i] = rows[i] + shift;
      if (BACK && static_cast<word>(top[i] + row) >= static_cast<word>(OUT - 2)) at[i] = base + ZEROS + half;
    }
    const char* staged = shared + STAGE + me.slot * STAGE_BYTES;
    word a[2][4];  // of a tile, while the one before it is multiplied
    if (pairs(CELLS)) load_pair(a[0], at[0]);
#pragma unroll
    for (int s = 0; s < pairs(CELLS); ++s) {
      uint2 b[NT];
#pragma unroll
      for (int j = 0; j < NT; ++j) b[j] = reinterpret_cast<const uint2*>(staged + (s * NT + j) * STEP_BYTES)[me.lane];
#pragma unroll
      for (int i = 0; i < MT; ++i) {
        const bool ends = i + 1 == MT;
        if (!ends || s + 1 < pairs(CELLS)) load_pair(a[(s * MT + i + 1) % 2], at[ends ? 0 : i + 1] + pair_offset(CELLS, s + ends));
        if (i < LEAST || i < count) {
#pragma unroll
          for (int j = 0; j < NT; ++j) multiply_pair(sums[i][j], a[(s * MT + i) % 2], b[j]);
        }
      }
    }
    if (left(CELLS)) {
      const char* tail = staged + pairs(CELLS) * NT * STEP_BYTES;
      word b[NT];
#pragma unroll
      for (int j = 0; j < NT; ++j) b[j] = reinterpret_cast<const word*>(tail + j * TAIL_BYTES)[me.lane];
#pragma unroll
      for (int i = 0; i < MT; ++i) {
        if (i < LEAST || i < count) {
          word a[2];
          load_single(a, at[i] + pairs(CELLS) * 32);
#pragma unroll
          for (int j = 0; j < NT; ++j) multiply_single(sums[i][j], a, b[j]);
        }
      }
    }
    me.slot ^= 1;
  }
}

CONSTEXPR int region(int layer) { return layer % 2 == 0 ? REGION_0 : REGION_1; }  // of layer's map; the image is in 1
template <class Net> CONSTEXPR int signs(int layer) { return (Net::PLACE ? SIGNS_B : SIGNS_A) + sign_place<Net>(layer); }

// The normalised image.   Ends without a barrier, as all that follows does until the next `contract`.
template <class Net>
__device__ __forceinline__ void show(const Thread& me, const float* point, const float* numbers) {
  for (int p = me.id; p < PIXELS; p += THREADS) {
    float v[COLOURS];
#pragma unroll
    for (int k = 0; k < COLOURS; ++k) v[k] = (point[p * COLOURS + k] - numbers[k]) / numbers[COLOURS + k];
    *reinterpret_cast<uint4*>(shared + REGION_1 + p * 16) = make_uint4(bfloat_pair(v[0], v[1]), bfloat_pair(v[2], 0.0f), 0, 0);
  }
}

// relu(convolution + bias) of a layer from group on, and the signs.
template <class Net, int LAYER, int GROUP>
__device__ __forceinline__ void convolve(Thread& me, const char* weights, const float* numbers, const char* next, int next_bytes) {
  constexpr int IN = cells<Net>(LAYER - 1), ALL = cells<Net>(LAYER), NT = group_tiles(ALL, GROUP), FIRST = first_tile(ALL, GROUP);
  constexpr int OUT = side(LAYER), M = OUT * OUT, TILES = row_tiles(OUT), MT = (TILES + WARPS - 1) / WARPS;
  constexpr bool ENDS = GROUP + 1 == groups(ALL), LAST = ENDS && LAYER + 1 == LAYERS;
  constexpr int GOES_ON = LAST ? 0 : ENDS ? chunk_bytes(ALL, group_tiles(cells<Net>(LAST ? LAYER : LAYER + 1), 0))
                                          : chunk_bytes(IN, group_tiles(ALL, ENDS ? GROUP : GROUP + 1));
  const char* after = weights + CHUNKS * chunk_bytes(IN, NT);
  float sums[MT][NT][4];
  contract<IN, NT, OUT, OUT + 2, false>(me, region(LAYER - 1), weights, LAST ? next : after, LAST ? next_bytes : GOES_ON, sums);
  const int row = me.lane >> 2, pair = me.lane & 3;
#pragma unroll
  for (int j = 0; j < NT; ++j) {
    const float2 bias = *reinterpret_cast<const float2*>(numbers + bias_place<Net>(LAYER) + (FIRST + j) * 8 + pair * 2);
#pragma unroll
    for (int i = 0; i < MT; ++i) {
      const int tile = me.warp + i * WARPS, p = tile * 16 + row;
      if ((i + 1) * WARPS > TILES && tile >= TILES) continue;
      const bool whole = (i + 1) * WARPS * 16 <= M;  // known to the compiler
      const float v0 = fmaxf(sums[i][j][0] + bias.x, 0.0f), v1 = fmaxf(sums[i][j][1] + bias.y, 0.0f);
      const float v2 = fmaxf(sums[i][j][2] + bias.x, 0.0f), v3 = fmaxf(sums[i][j][3] + bias.y, 0.0f);
      const uint4 bits = make_uint4(__ballot_sync(ALL_LANES, v0 > 0), __ballot_sync(ALL_LANES, v1 > 0),
                                    __ballot_sync(ALL_LANES, v2 > 0), __ballot_sync(ALL_LANES, v3 > 0));
      if (me.lane == 0) *reinterpret_cast<uint4*>(shared + signs<Net>(LAYER) + (tile * ALL + FIRST + j) * 16) = bits;
      char* out = shared + region(LAYER) + (p * apart(ALL) + FIRST + j) * 16 + pair * 4;
      if (whole || p < M) *reinterpret_cast<word*>(out) = bfloat_pair(v0, v1);
      if (whole || p + 8 < M) *reinterpret_cast<word*>(out + 8 * apart(ALL) * 16) = bfloat_pair(v2, v3);
    }
  }
  if constexpr (!ENDS) convolve<Net, LAYER, GROUP + 1>(me, after, numbers, next, next_bytes);
  else if constexpr (!LAST) convolve<Net, LAYER + 1, 0>(me, after, numbers, next, next_bytes);
}

// Sums of a class over the features that a thread has, then over all threads: the logits.
template <class Net>
__device__ __forceinline__ void answer(const Thread& me, const char* weights, const float* numbers) {
  constexpr int C = cells<Net>(LAYERS - 1), ALL = head_cells<Net>();
  const char* head = weights + head_place<Net>();
  float sums[CLASSES];
#pragma unroll
  for (int k = 0; k < CLASSES; ++k) sums[k] = 0.0f;
  __syncthreads();
  for (int q = me.id; q < ALL; q += THREADS) {
    const uint4 f = *reinterpret_cast<const uint4*>(shared + region(LAYERS - 1) + (q / C * apart(C) + q % C) * 16);
#pragma unroll
    for (int k = 0; k < CLASSES; ++k) {
      const uint4 w = reinterpret_cast<const uint4*>(head)[k * ALL + q];
      sums[k] += low_float(f.x) * low_float(w.x) + high_float(f.x) * high_float(w.x)
               + low_float(f.y) * low_float(w.y) + high_float(f.y) * high_float(w.y)
               + low_float(f.z) * low_float(w.z) + high_float(f.z) * high_float(w.z)
               + low_float(f.w) * low_float(w.w) + high_float(f.w) * high_float(w.w);
    }
  }
  float* shares = reinterpret_cast<float*>(shared + SUMS);
#pragma unroll
  for (int k = 0; k < CLASSES; ++k) {
#pragma unroll
    for (int hop = 16; hop; hop >>= 1) sums[k] += __shfl_xor_sync(ALL_LANES, sums[k], hop);
    if (me.lane == 0) shares[me.warp * CLASSES + k] = sums[k];
  }
  __syncthreads();
  if (me.id < CLASSES) {
    float logit = numbers[bias_place<Net>(LAYERS) + me.id];
    for (int w = 0; w < WARPS; ++w) logit += shares[w * CLASSES + me.id];
    reinterpret_cast<float*>(shared + LOGITS)[Net::PLACE * CLASSES + me.id] = logit;
  }
}

// Zeros between the rows of a map of gradients.
template <int SIZE, int CELLS>
__device__ __forceinline__ void clear_edges(const Thread& me, int map) {
  constexpr int EDGE = 2 * apart(CELLS);
  for (int i = me.id; i < (SIZE + 1) * EDGE; i += THREADS)
    *reinterpret_cast<uint4*>(shared + map + (i / EDGE * (SIZE + 2) * apart(CELLS) + i % EDGE) * 16) = make_uint4(0, 0, 0, 0);
}

// Two neighbouring channels of a gradient, each where its activation is on.
__device__ __forceinline__ word passed_pair(float low, float high, word low_on, word high_on) {
  return bfloat_pair(low_on & 1 ? low : 0.0f, high_on & 1 ? high : 0.0f);
}

// The gradient of the last map, from the slope of the logits times `factor`.
template <class Net>
__device__ __forceinline__ void answer_back(const Thread& me, const char* weights, float factor) {
  constexpr int C = cells<Net>(LAYERS - 1), ALL = head_cells<Net>(), S = side(LAYERS - 1);
  const char* head = weights + head_place<Net>();
  const float* slope = reinterpret_cast<const float*>(shared + SLOPE);
  clear_edges<S, C>(me, region(LAYERS - 1));
  for (int q = me.id; q < ALL; q += THREADS) {
    float v[8] = {0, 0, 0, 0, 0, 0, 0, 0};
#pragma unroll
    for (int k = 0; k < CLASSES; ++k) {
      const float d = factor * slope[k];
      const uint4 w = reinterpret_cast<const uint4*>(head)[k * ALL + q];
      v[0] += d * low_float(w.x), v[1] += d * high_float(w.x), v[2] += d * low_float(w.y), v[3] += d * high_float(w.y);
      v[4] += d * low_float(w.z), v[5] += d * high_float(w.z), v[6] += d * low_float(w.w), v[7] += d * high_float(w.w);
    }
    const int p = q / C, lane = p % 8 * 4;
    const word* sign = reinterpret_cast<const word*>(shared + signs<Net>(LAYERS - 1) + (p / 16 * C + q % C) * 16) + p % 16 / 8 * 2;
    const word low = sign[0] >> lane, high = sign[1] >> lane;
    *reinterpret_cast<uint4*>(shared + region(LAYERS - 1) + ((p / S * (S + 2) + p % S + 2) * apart(C) + q % C) * 16) =
        make_uint4(passed_pair(v[0], v[1], low, high), passed_pair(v[2], v[3], low >> 1, high >> 1),
                   passed_pair(v[4], v[5], low >> 2, high >> 2), passed_pair(v[6], v[7], low >> 3, high >> 3));
  }
}

// A pixel's gradient is known: add it to the teacher's, and take the step.
template <class Net>
__device__ __forceinline__ void move(const Arguments& a, int place, float slope, bool joined) {
  if (Net::PLACE == 1) {
    a.gradient[place] = slope;
    return;
  }
  if (joined) slope += a.gradient[place];
  if (a.gradient_only) {
    a.gradient[place] = slope;
    return;
  }
  const float x = a.clean[place], sign = static_cast<float>((slope > 0) - (slope < 0));
  const float away = (a.point[place] + a.step * sign) - x;
  a.point[place] = fminf(fmaxf(x + fminf(fmaxf(away, -a.eps), a.eps), 0.0f), 1.0f);
}

// Gradients of the map below, from a layer's and group on down to the pixels.
template <class Net, int LAYER, int GROUP>
__device__ __forceinline__ void convolve_back(Thread& me, const Arguments& a, int image, const char* weights, const char* next,
                                              int next_bytes, bool joined) {
  constexpr int IN = cells<Net>(LAYER), ALL = cells<Net>(LAYER - 1), NT = group_tiles(ALL, GROUP), FIRST = first_tile(ALL, GROUP);
  constexpr int OUT = side(LAYER - 1), M = OUT * OUT, TILES = row_tiles(OUT), MT = (TILES + WARPS - 1) / WARPS;
  constexpr bool ENDS = GROUP + 1 == groups(ALL), LAST = ENDS && LAYER == 0;
  constexpr int GOES_ON = LAST ? 0 : ENDS ? chunk_bytes(ALL, group_tiles(cells<Net>(LAYER - 2), 0))
                                          : chunk_bytes(IN, group_tiles(ALL, ENDS ? GROUP : GROUP + 1));
  const char* after = weights + CHUNKS * chunk_bytes(IN, NT);
  float sums[MT][NT][4];
  contract<IN, NT, OUT, OUT, true>(me, region(LAYER), weights, LAST ? next : after, LAST ? next_bytes : GOES_ON, sums);
  const int row = me.lane >> 2, pair = me.lane & 3;
  if constexpr (LAYER > 0 && GROUP == 0) clear_edges<OUT, ALL>(me, region(LAYER - 1));
#pragma unroll
  for (int i = 0; i < MT; ++i) {
    const int tile = me.warp + i * WARPS;
    if ((i + 1) * WARPS > TILES && tile >= TILES) continue;
    const bool whole = (i + 1) * WARPS * 16 <= M;  // known to the compiler
    const int p[2] = {tile * 16 + row, tile * 16 + row + 8};
    if constexpr (LAYER > 0) {
      char* to[2];
#pragma unroll
      for (int h = 0; h < 2; ++h)
        to[h] = shared + region(LAYER - 1) + ((p[h] / OUT * (OUT + 2) + p[h] % OUT + 2) * apart(ALL) + FIRST) * 16 + pair * 4;
#pragma unroll
      for (int j = 0; j < NT; ++j) {
        const uint4 on = *reinterpret_cast<const uint4*>(shared + signs<Net>(LAYER > 0 ? LAYER - 1 : 0) + (tile * ALL + FIRST + j) * 16);
        if (whole || p[0] < M)
          *reinterpret_cast<word*>(to[0] + j * 16) = passed_pair(sums[i][j][0], sums[i][j][1], on.x >> me.lane, on.y >> me.lane);
        if (whole || p[1] < M)
          *reinterpret_cast<word*>(to[1] + j * 16) = passed_pair(sums[i][j][2], sums[i][j][3], on.z >> me.lane, on.w >> me.lane);
      }
    } else if (pair < 2) {
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        if (!whole && p[h] >= M) continue;
        const float* deviations = a.numbers[Net::PLACE] + COLOURS;
        const int place = (image * PIXELS + p[h]) * COLOURS + 2 * pair;
        move<Net>(a, place, sums[i][0][2 * h] / deviations[2 * pair], joined);
        if (pair == 0) move<Net>(a, place + 1, sums[i][0][2 * h + 1] / deviations[1], joined);
      }
    }
  }
  if constexpr (!ENDS) convolve_back<Net, LAYER, GROUP + 1>(me, a, image, after, next, next_bytes, joined);
  else if constexpr (!LAST) convolve_back<Net, LAYER - 1, 0>(me, a, image, after, next, next_bytes, joined);
}

// What the first thread finds in the logits: loss, slope with respect to the student's logits, score.
__device__ void judge(const Arguments& a, int image, int step) {
  const float* s = reinterpret_cast<const float*>(shared + LOGITS);
  const float* t = s + CLASSES;
  float* slope = reinterpret_cast<float*>(shared + SLOPE);
  State& state = *reinterpret_cast<State*>(shared + STATE);
  const float* wanted = a.target ? a.target + image * CLASSES : t;
  int answered = 0;
  if (a.networks == 2)
    for (int k = 1; k < CLASSES; ++k) answered = t[k] > t[answered] ? k : answered;
  const int label = a.labels ? static_cast<int>(a.labels[image]) : answered;
  float loss = 0.0f;
  for (int k = 0; k < CLASSES; ++k) slope[k] = 0.0f;
  if (a.objective == DISTANCE) {
    for (int k = 0; k < CLASSES; ++k) {
      const float d = s[k] - wanted[k];
      loss += d * d;
      slope[k] = 2 * d;
    }
  } else if (a.objective == GAP) {
    int widest = 0;
    for (int k = 1; k < CLASSES; ++k) widest = fabsf(s[k] - wanted[k]) > fabsf(s[widest] - wanted[widest]) ? k : widest;
    const float d = s[widest] - wanted[widest];
    loss = fabsf(d);
    slope[widest] = static_cast<float>((d > 0) - (d < 0));
  } else if (a.objective == CROSS_ENTROPY) {
    float top = s[0], sum = 0.0f;
    for (int k = 1; k < CLASSES; ++k) top = fmaxf(top, s[k]);
    for (int k = 0; k < CLASSES; ++k) sum += expf(s[k] - top);
    for (int k = 0; k < CLASSES; ++k) slope[k] = expf(s[k] - top) / sum - (k == label);
    loss = top + logf(sum) - s[label];
  } else {
    int other = label == 0;
    for (int k = 0; k < CLASSES; ++k) other = k != label && s[k] > s[other] ? k : other;
    loss = fminf(s[other] - s[label], a.confidence);
    if (s[other] - s[label] < a.confidence) slope[other] = 1.0f, slope[label] = -1.0f;
  }
  state.moves = 0;
  for (int k = 0; k < CLASSES; ++k) state.moves |= slope[k] != 0.0f;
  int other = answered == 0;
  for (int k = 0; k < CLASSES; ++k) other = k != answered && s[k] > s[other] ? k : other;
  const float score = s[other] - s[answered];
  state.is_highest = step == 0 || loss > state.highest;
  state.is_farthest = step == 0 || score > state.farthest;
  if (state.is_highest) state.highest = loss;
  if (state.is_farthest) state.farthest = score;
}

extern "C" __global__ void __launch_bounds__(THREADS, 1) ascend(const Arguments a) {
  const int id = threadIdx.x;
  Thread me{id, __shfl_sync(ALL_LANES, id / 32, 0), id % 32, 0, nullptr};  // so the compiler knows that a warp has one number
  const int image = blockIdx.x, offset = image * PIXELS * COLOURS;
  for (int i = me.id * 16; i < SHARED_BYTES; i += THREADS * 16)
    *reinterpret_cast<uint4*>(shared + i) = make_uint4(0, 0, 0, 0);
  const bool tracked = a.best || a.watched || a.logits, joined = a.networks == 2 && !a.target && a.objective <= GAP;
  const char *student = a.weights[0], *teacher = a.weights[1];
  constexpr int FORWARD_A = chunk_bytes(1, group_tiles(cells<A>(0), 0)), FORWARD_B = chunk_bytes(1, group_tiles(cells<B>(0), 0));
  constexpr int BACK_A = chunk_bytes(cells<A>(LAYERS - 1), group_tiles(cells<A>(LAYERS - 2), 0));
  constexpr int BACK_B = chunk_bytes(cells<B>(LAYERS - 1), group_tiles(cells<B>(LAYERS - 2), 0));
  const char *back_a = student + backward_place<A>(LAYERS - 1), *back_b = teacher + backward_place<B>(LAYERS - 1);
  const State& state = *reinterpret_cast<const State*>(shared + STATE);
  for (int step = 0; step < a.steps || (tracked && !a.gradient_only && step == a.steps); ++step) {
    const char* first_back = joined ? back_b : back_a;
    const int first_bytes = joined ? BACK_B : BACK_A;
    __syncthreads();
    show<A>(me, a.point + offset, a.numbers[0]);
    convolve<A, 0, 0>(me, student, a.numbers[0], a.networks == 2 ? teacher : first_back, a.networks == 2 ? FORWARD_B : first_bytes);
    answer<A>(me, student, a.numbers[0]);
    if (a.networks == 2) {
      show<B>(me, a.point + offset, a.numbers[1]);
      convolve<B, 0, 0>(me, teacher, a.numbers[1], first_back, first_bytes);
      answer<B>(me, teacher, a.numbers[1]);
    }
    __syncthreads();
    if (me.id == 0) judge(a, image, step);
    __syncthreads();
    if (a.best && state.is_highest)
      for (int i = me.id; i < PIXELS * COLOURS; i += THREADS) a.best[offset + i] = a.point[offset + i];
    if (a.watched && state.is_farthest)
      for (int i = me.id; i < PIXELS * COLOURS; i += THREADS) a.watched[offset + i] = a.point[offset + i];
    if (step == a.steps) break;
    if (state.moves) {
      if (joined) {
        answer_back<B>(me, teacher, -1.0f);
        convolve_back<B, LAYERS - 1, 0>(me, a, image, back_b, back_a, BACK_A, false);
        __syncthreads();
      }
      answer_back<A>(me, student, 1.0f);
      convolve_back<A, LAYERS - 1, 0>(me, a, image, back_a, student, FORWARD_A, joined);
    } else if (a.gradient_only) {
      for (int i = me.id; i < PIXELS * COLOURS; i += THREADS) a.gradient[offset + i] = 0.0f;
    }
  }
  wait_for_copies();
  if (a.logits && me.id < 2 * CLASSES)
    a.logits[image * 2 * CLASSES + me.id] = reinterpret_cast<const float*>(shared + LOGITS)[me.id];
  if (me.id == 0 && a.best_loss) a.best_loss[image] = state.highest;
  if (me.id == 0 && a.watched_score) a.watched_score[image] = state.farthest;
}
