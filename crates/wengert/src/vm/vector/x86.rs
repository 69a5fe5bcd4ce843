//! The vectors of AVX-512 and AVX2.

use super::{Octet, Vector};
use crate::vm::kernels::dot::Dots;
use crate::vm::kernels::reduce::{Red, Reds};
use crate::vm::math::{
    Kernel, Kernel2, binary_avx2, binary_avx2_f32, binary_avx512, binary_avx512_f32, unary_avx2, unary_avx2_f32,
    unary_avx512, unary_avx512_f32,
};
use std::arch::x86_64::*;

/// A function of the trait by intrinsics.
macro_rules! by {
    ($(fn $name:ident($first:ident $(: $First:ty)? $(, $arg:ident: $Arg:ty)*) -> $Out:ty { $body:expr })*) => { $(
        #[inline(always)]
        unsafe fn $name($first $(: $First)? $(, $arg: $Arg)*) -> $Out {
            // SAFETY: the caller answers for the processor and the pointers.
            unsafe { $body }
        }
    )* };
}

/// The kernels that are functions of their own.
macro_rules! outlined {
    ($B:literal, $features:literal, $N:ty) => {
        #[inline(always)]
        fn prefetch(line: *const $N) {
            // SAFETY: every x86-64 processor has the instruction, which reads nothing that the program sees.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.cast()) }
        }
        unsafe fn dots(dots: &Dots<'_, $N>) {
            #[target_feature(enable = $features)]
            unsafe fn run<V: Vector<$N>>(dots: &Dots<'_, $N>) {
                // SAFETY: the caller answers for it.
                unsafe { dots.run::<V>() }
            }
            // SAFETY: the caller answers for it.
            unsafe { run::<Self>(dots) }
        }
        unsafe fn red(red: &Red<$N>) {
            #[target_feature(enable = $features)]
            unsafe fn run<V: Vector<$N>>(red: &Red<$N>) {
                // SAFETY: the caller answers for it.
                unsafe { red.run::<V, $B>() }
            }
            // SAFETY: the caller answers for it.
            unsafe { run::<Self>(red) }
        }
        unsafe fn reds(reds: &Reds<'_, $N>) {
            #[target_feature(enable = $features)]
            unsafe fn run<V: Vector<$N>>(reds: &Reds<'_, $N>) {
                // SAFETY: the caller answers for it.
                unsafe { reds.run::<V, $B>() }
            }
            // SAFETY: the caller answers for it.
            unsafe { run::<Self>(reds) }
        }
    };
}

macro_rules! avx512 {
    (
        $V:ty, $N:ty, $W:literal, $Mask:ty, $set1:ident, $zero:ident, $load:ident, $load_some:ident, $store:ident,
        $store_some:ident,
        $add:ident, $sub:ident, $mul:ident, $div:ident, $fmadd:ident, $xor:ident, $abs:ident, $sqrt:ident, $max:ident,
        $min:ident, $cmp:ident, $maskz:ident, $blend:ident, $sums:ident,
        $unary:ident, $binary:ident
    ) => {
        impl Vector<$N> for $V {
            const WIDTH: usize = $W;
            const BLOCK: usize = 8;

            by! {
                fn splat(x: $N) -> Self { $set1(x) }
                fn load(from: *const $N) -> Self { $load(from) }
                fn load_some(from: *const $N, len: usize) -> Self { $load_some(((1u32 << len) - 1) as $Mask, from) }
                fn add(self, b: Self) -> Self { $add(self, b) }
                fn sub(self, b: Self) -> Self { $sub(self, b) }
                fn mul(self, b: Self) -> Self { $mul(self, b) }
                fn div(self, b: Self) -> Self { $div(self, b) }
                fn mul_add(self, b: Self, c: Self) -> Self { $fmadd(self, b, c) }
                fn neg(self) -> Self { $xor(self, $set1(-0.0)) }
                fn abs(self) -> Self { $abs(self) }
                fn sqrt(self) -> Self { $sqrt(self) }
                fn max(self, b: Self) -> Self { $blend($cmp::<_CMP_UNORD_Q>(b, b), $max(self, b), self) }
                fn min(self, b: Self) -> Self { $blend($cmp::<_CMP_UNORD_Q>(b, b), $min(self, b), self) }
                fn less(self, b: Self) -> Self { $maskz($cmp::<_CMP_LT_OQ>(self, b), $set1(1.0)) }
                fn less_equal(self, b: Self) -> Self { $maskz($cmp::<_CMP_LE_OQ>(self, b), $set1(1.0)) }
                fn equal(self, b: Self) -> Self { $maskz($cmp::<_CMP_EQ_OQ>(self, b), $set1(1.0)) }
                fn select(self, a: Self, b: Self) -> Self { $blend($cmp::<_CMP_NEQ_UQ>(self, $zero()), b, a) }
                fn unary(kernel: Kernel, to: &mut [$N], x: &[$N]) -> () { $unary(kernel, to, x) }
                fn binary(kernel: Kernel2, to: &mut [$N], a: &[$N], b: &[$N]) -> () { $binary(kernel, to, a, b) }
                fn sums(x: Octet<Self>) -> [$N; 8] { $sums(x) }
            }
            outlined!(8, "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma", $N);
            #[inline(always)]
            unsafe fn store(self, to: *mut $N) {
                // SAFETY: the caller answers for the processor and the pointer.
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            unsafe fn store_some(self, to: *mut $N, len: usize) {
                // SAFETY: the caller answers for the processor and the pointer.
                unsafe { $store_some(to, ((1u32 << len) - 1) as $Mask, self) }
            }
        }
    };
}

avx512!(
    __m512d,
    f64,
    8,
    __mmask8,
    _mm512_set1_pd,
    _mm512_setzero_pd,
    _mm512_loadu_pd,
    _mm512_maskz_loadu_pd,
    _mm512_storeu_pd,
    _mm512_mask_storeu_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_mul_pd,
    _mm512_div_pd,
    _mm512_fmadd_pd,
    _mm512_xor_pd,
    _mm512_abs_pd,
    _mm512_sqrt_pd,
    _mm512_max_pd,
    _mm512_min_pd,
    _mm512_cmp_pd_mask,
    _mm512_maskz_mov_pd,
    _mm512_mask_blend_pd,
    sums_512_pd,
    unary_avx512,
    binary_avx512
);
avx512!(
    __m512,
    f32,
    16,
    __mmask16,
    _mm512_set1_ps,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    _mm512_maskz_loadu_ps,
    _mm512_storeu_ps,
    _mm512_mask_storeu_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_div_ps,
    _mm512_fmadd_ps,
    _mm512_xor_ps,
    _mm512_abs_ps,
    _mm512_sqrt_ps,
    _mm512_max_ps,
    _mm512_min_ps,
    _mm512_cmp_ps_mask,
    _mm512_maskz_mov_ps,
    _mm512_mask_blend_ps,
    sums_512_ps,
    unary_avx512_f32,
    binary_avx512_f32
);

/// Eight sums of eight lanes: pairs of neighbours, then of pairs, then of halves, of all vectors together.
#[inline]
#[target_feature(enable = "avx512f")]
fn sums_512_pd(x: Octet<__m512d>) -> [f64; 8] {
    /// Of four 128-bit parts of each the even ones plus the odd ones.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn fold(a: __m512d, b: __m512d) -> __m512d {
        let (even, odd) = (_mm512_shuffle_f64x2::<0b10_00_10_00>(a, b), _mm512_shuffle_f64x2::<0b11_01_11_01>(a, b));
        _mm512_add_pd(even, odd)
    }
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn pairs(a: __m512d, b: __m512d) -> __m512d {
        _mm512_add_pd(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b))
    }
    let (low, high) = (fold(pairs(x.v0, x.v1), pairs(x.v2, x.v3)), fold(pairs(x.v4, x.v5), pairs(x.v6, x.v7)));
    // SAFETY: both are 64 bytes of any bits.
    unsafe { std::mem::transmute::<__m512d, [f64; 8]>(fold(low, high)) }
}

/// Eight sums of sixteen lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx2")]
fn sums_512_ps(x: Octet<__m512>) -> [f32; 8] {
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx2")]
    fn half(a: __m512) -> __m256 {
        _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps::<1>(a))
    }
    #[inline]
    #[target_feature(enable = "avx2")]
    fn four(a: __m256, b: __m256, c: __m256, d: __m256) -> __m256 {
        _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d))
    }
    let low = four(half(x.v0), half(x.v1), half(x.v2), half(x.v3));
    let high = four(half(x.v4), half(x.v5), half(x.v6), half(x.v7));
    let sums = _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(low, high), _mm256_permute2f128_ps::<0x31>(low, high));
    // SAFETY: both are 32 bytes of any bits.
    unsafe { std::mem::transmute::<__m256, [f32; 8]>(sums) }
}

/// The mask of the first so many of 32 bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn first(bytes: usize) -> __m256i {
    /// What to load from so far before the end of the first half.
    const MASKS: [[i8; 32]; 2] = [[-1; 32], [0; 32]];
    // SAFETY: 32 bytes from there on are within the 64, if there are no more than 32 to choose.
    unsafe { _mm256_loadu_si256(MASKS.as_ptr().cast::<i8>().add(32 - bytes.min(32)).cast()) }
}

macro_rules! avx2 {
    (
        $V:ty, $N:ty, $W:literal, $set1:ident, $zero:ident, $load:ident, $load_some:ident, $store:ident,
        $store_some:ident,
        $add:ident, $sub:ident, $mul:ident, $div:ident, $fmadd:ident, $xor:ident, $andnot:ident, $sqrt:ident,
        $max:ident, $min:ident, $cmp:ident, $and:ident, $blendv:ident, $sums:ident,
        $unary:ident, $binary:ident
    ) => {
        impl Vector<$N> for $V {
            const WIDTH: usize = $W;
            const BLOCK: usize = 4;

            by! {
                fn splat(x: $N) -> Self { $set1(x) }
                fn load(from: *const $N) -> Self { $load(from) }
                fn load_some(from: *const $N, len: usize) -> Self { $load_some(from, first(len * size_of::<$N>())) }
                fn add(self, b: Self) -> Self { $add(self, b) }
                fn sub(self, b: Self) -> Self { $sub(self, b) }
                fn mul(self, b: Self) -> Self { $mul(self, b) }
                fn div(self, b: Self) -> Self { $div(self, b) }
                fn mul_add(self, b: Self, c: Self) -> Self { $fmadd(self, b, c) }
                fn neg(self) -> Self { $xor(self, $set1(-0.0)) }
                fn abs(self) -> Self { $andnot($set1(-0.0), self) }
                fn sqrt(self) -> Self { $sqrt(self) }
                fn max(self, b: Self) -> Self { $blendv($max(self, b), self, $cmp::<_CMP_UNORD_Q>(b, b)) }
                fn min(self, b: Self) -> Self { $blendv($min(self, b), self, $cmp::<_CMP_UNORD_Q>(b, b)) }
                fn less(self, b: Self) -> Self { $and($cmp::<_CMP_LT_OQ>(self, b), $set1(1.0)) }
                fn less_equal(self, b: Self) -> Self { $and($cmp::<_CMP_LE_OQ>(self, b), $set1(1.0)) }
                fn equal(self, b: Self) -> Self { $and($cmp::<_CMP_EQ_OQ>(self, b), $set1(1.0)) }
                fn select(self, a: Self, b: Self) -> Self { $blendv(b, a, $cmp::<_CMP_NEQ_UQ>(self, $zero())) }
                fn unary(kernel: Kernel, to: &mut [$N], x: &[$N]) -> () { $unary(kernel, to, x) }
                fn binary(kernel: Kernel2, to: &mut [$N], a: &[$N], b: &[$N]) -> () { $binary(kernel, to, a, b) }
                fn sums(x: Octet<Self>) -> [$N; 8] { $sums(x) }
            }
            outlined!(4, "avx2,fma", $N);
            #[inline(always)]
            unsafe fn store(self, to: *mut $N) {
                // SAFETY: the caller answers for the processor and the pointer.
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            unsafe fn store_some(self, to: *mut $N, len: usize) {
                // SAFETY: the caller answers for the processor and the pointer.
                unsafe { $store_some(to, first(len * size_of::<$N>()), self) }
            }
        }
    };
}

avx2!(
    __m256d,
    f64,
    4,
    _mm256_set1_pd,
    _mm256_setzero_pd,
    _mm256_loadu_pd,
    _mm256_maskload_pd,
    _mm256_storeu_pd,
    _mm256_maskstore_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    _mm256_div_pd,
    _mm256_fmadd_pd,
    _mm256_xor_pd,
    _mm256_andnot_pd,
    _mm256_sqrt_pd,
    _mm256_max_pd,
    _mm256_min_pd,
    _mm256_cmp_pd,
    _mm256_and_pd,
    _mm256_blendv_pd,
    sums_256_pd,
    unary_avx2,
    binary_avx2
);
avx2!(
    __m256,
    f32,
    8,
    _mm256_set1_ps,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    _mm256_maskload_ps,
    _mm256_storeu_ps,
    _mm256_maskstore_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_div_ps,
    _mm256_fmadd_ps,
    _mm256_xor_ps,
    _mm256_andnot_ps,
    _mm256_sqrt_ps,
    _mm256_max_ps,
    _mm256_min_ps,
    _mm256_cmp_ps,
    _mm256_and_ps,
    _mm256_blendv_ps,
    sums_256_ps,
    unary_avx2_f32,
    binary_avx2_f32
);

/// Four sums of four lanes.
#[inline]
#[target_feature(enable = "avx2")]
fn sums_256_pd(x: Octet<__m256d>) -> [f64; 8] {
    let (low, high) = (_mm256_hadd_pd(x.v0, x.v1), _mm256_hadd_pd(x.v2, x.v3));
    let sums = _mm256_add_pd(_mm256_permute2f128_pd::<0x20>(low, high), _mm256_permute2f128_pd::<0x31>(low, high));
    // SAFETY: both are 32 bytes of any bits.
    let [a, b, c, d] = unsafe { std::mem::transmute::<__m256d, [f64; 4]>(sums) };
    [a, b, c, d, 0.0, 0.0, 0.0, 0.0]
}

/// Four sums of eight lanes.
#[inline]
#[target_feature(enable = "avx2")]
fn sums_256_ps(x: Octet<__m256>) -> [f32; 8] {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn half(a: __m256) -> __m128 {
        _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a))
    }
    let sums = _mm_hadd_ps(_mm_hadd_ps(half(x.v0), half(x.v1)), _mm_hadd_ps(half(x.v2), half(x.v3)));
    // SAFETY: both are 16 bytes of any bits.
    let [a, b, c, d] = unsafe { std::mem::transmute::<__m128, [f32; 4]>(sums) };
    [a, b, c, d, 0.0, 0.0, 0.0, 0.0]
}
