//! The checksum is XXH64.

use super::super::checksum::xxh64;

/// Values of the reference implementation (`xxhash` 3.x for Python) for the empty text, short ones, and the bytes 0, 1, ..
/// 255, 0, 1, .. of lengths around a stripe's.
#[test]
fn agrees_with_the_reference() {
    for (text, seed, expected) in
        [("", 0, 0xef46_db37_51d8_e999), ("a", 0, 0xd24e_c4f1_a98c_6e5b), ("abc", 0, 0x44bc_2cf5_ad77_0999)]
    {
        assert_eq!(xxh64(text.as_bytes(), seed), expected, "{text:?} with seed {seed}");
    }
    let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
    for (length, seed, expected) in REFERENCE {
        assert_eq!(xxh64(&bytes[..length], seed), expected, "{length} bytes with seed {seed}");
    }
}

#[rustfmt::skip]
const REFERENCE: [(usize, u64, u64); 20] = [
    (0, 1, 0xd5af_ba13_36a3_be4b),
    (1, 0, 0xe934_a84a_db05_2768),
    (3, 0, 0xe5c7_bb45_33bc_65dd),
    (4, 0, 0xffce_d860_4453_cc1e),
    (7, 9, 0x3490_bf38_b48b_df96),
    (8, 0, 0x884a_1736_14b8_1b8d),
    (12, 0, 0x424a_f23f_1f08_dca5),
    (13, 5, 0xb4dc_6517_fd7a_e526),
    (31, 0, 0xc346_d2b5_9b4d_8ee1),
    (31, 0xffff_ffff_ffff_ffff, 0x208e_0384_ffff_db7a),
    (32, 0, 0xcbf5_9c51_16ff_32b4),
    (32, 1, 0xd74e_6766_ce9d_ba94),
    (33, 0, 0x0c53_5d1a_cafb_8ead),
    (39, 0, 0x00a3_96ef_1679_a859),
    (63, 0, 0xe26a_a9e2_a95f_8e4f),
    (64, 0, 0xf7c6_7301_db67_13f0),
    (64, 0x0123_4567_89ab_cdef, 0xa0a4_e3e6_97d6_1870),
    (100, 7, 0x8065_3e7e_9b88_7cdd),
    (511, 0, 0x8281_1869_5502_a203),
    (1000, 0xfedc_ba98_7654_3210, 0x13b8_4fd2_f846_1097),
];
