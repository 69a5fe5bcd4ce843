//! Tests of the layout: what a reader needs of a picture, as numbers.

use super::layout::{Box, layout};
use super::{Edge, Graph, Node, Role, draw};
use proptest::prelude::*;

fn graph(nodes: usize, edges: &[(usize, usize)]) -> Graph {
    let node = |i: usize| Node { role: Role::Operation, lines: vec![format!("v{i}"), "value 1.5".into()] };
    let edge = |&(from, to): &(usize, usize)| Edge { from, to, label: "0.25".into() };
    Graph { title: "a < b".into(), nodes: (0..nodes).map(node).collect(), edges: edges.iter().map(edge).collect() }
}

fn overlap(a: &Box, b: &Box) -> bool {
    (a.x - b.x).abs() < (a.width + b.width) / 2.0 && (a.y - b.y).abs() < (a.height + b.height) / 2.0
}

#[test]
fn a_diamond_is_symmetric() {
    let layout = layout(&graph(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]));
    let [a, b, c, d] = layout.boxes[..] else { panic!("four boxes") };
    assert_eq!(a.y, d.y);
    assert!((b.y + c.y - 2.0 * a.y).abs() < 1e-9);
    assert_eq!(b.x, c.x);
    assert!(a.x < b.x && b.x < d.x);
}

#[test]
fn crossings_are_undone() {
    // 0 -> 5, 1 -> 4, 2 -> 3: with the layers in order of numbers all cross.
    let layout = layout(&graph(6, &[(0, 5), (1, 4), (2, 3)]));
    let y = |i: usize| layout.boxes[i].y;
    assert_eq!((y(0), y(1), y(2)), (y(5), y(4), y(3)));
}

#[test]
fn a_picture_of_nothing_and_one_of_a_single_box() {
    assert!(draw(&graph(0, &[])).ends_with("</svg>\n"));
    assert!(draw(&graph(1, &[])).contains("a &lt; b"));
}

proptest! {
    #[test]
    fn boxes_do_not_overlap_and_arrows_point_right(
        edges in prop::collection::vec((0..20usize, 0..20usize), 0..40),
    ) {
        let edges: Vec<_> = edges.into_iter().filter(|(from, to)| from < to).collect();
        let layout = layout(&graph(20, &edges));
        for (i, a) in layout.boxes.iter().enumerate() {
            for b in &layout.boxes[..i] {
                prop_assert!(!overlap(a, b), "{a:?} {b:?}");
            }
        }
        for arrow in &layout.arrows {
            prop_assert!(arrow.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }
}
