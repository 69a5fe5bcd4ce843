//! Chains: elementwise instructions of a stream that hand their result to one other each, run as one, so that it stays in
//! registers of the processor.
//!
//! Before: `p3 = p0 + p1`, `p4 = 2 p2`, `p5 = p3 - p4`, of which p3 and p4 are read nowhere else. After: one chain, which
//! loads p0, adds p1, subtracts 2 p2 and stores p5. Exact, to the bit: each operation rounds as it did.

use super::code::{Block, Instr, Uniform};

/// The number of a place.
type Place = u32;

/// What a chain reads from memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Leaf {
    Place(Place),
    /// Times a uniform.
    Scaled(Place, Uniform),
    Square(Place),
}

/// What a chain does with its value `a`, and with the one other, `b`, that it can keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Link {
    /// `a = x`
    Load(Leaf),
    /// `a = 0`
    Zero,
    /// `a = a + x`
    Add(Leaf),
    /// `a = a - x`
    Sub(Leaf),
    /// `a = x - a`
    SubFrom(Leaf),
    /// `a = a x`
    Mul(Leaf),
    /// `a = a / x`
    Div(Place),
    AddU(Uniform),
    SubU(Uniform),
    /// `a = u - a`
    USub(Uniform),
    MulU(Uniform),
    Neg,
    Square,
    /// `a = x y + a`, as [`Instr::MulAdd`] rounds.
    Term(Place, Place),
    /// `a = x u + a`
    TermU(Place, Uniform),
    /// `a = a x + y`
    Onto(Place, Place),
    /// `a = a u + x`
    OntoU(Uniform, Place),
    /// `b = a`
    Keep,
    /// `a = b + a`
    AddKept,
    /// `a = b - a`
    SubKept,
    /// `a = b a`
    MulKept,
    /// `a = a x + b`
    OntoKept(Place),
    /// `a = a u + b`
    OntoKeptU(Uniform),
    Store(Place),
}

impl Link {
    /// The places that it reads.
    fn reads(&mut self) -> [Option<&mut Place>; 2] {
        match self {
            Link::Load(leaf) | Link::Add(leaf) | Link::Sub(leaf) | Link::SubFrom(leaf) | Link::Mul(leaf) => {
                let (Leaf::Place(place) | Leaf::Scaled(place, _) | Leaf::Square(place)) = leaf;
                [Some(place), None]
            }
            Link::Term(x, y) | Link::Onto(x, y) => [Some(x), Some(y)],
            Link::Div(x) | Link::TermU(x, _) | Link::OntoU(_, x) | Link::OntoKept(x) => [Some(x), None],
            _ => [None, None],
        }
    }
}

/// The code of a stream in which what can be is in chains. Places are written once each; those for which `temporary`
/// holds are read by nobody behind the code.
pub(super) fn chained(block: Block, temporary: impl Fn(Place) -> bool) -> (Block, Vec<Link>) {
    let mut values = Values::of(&block, &temporary);
    let (mut code, mut links, mut late) = (Vec::new(), Vec::new(), Vec::new());
    for (j, &instr) in block.code.iter().enumerate() {
        if values.instrs[j].inlined {
            continue;
        }
        match (values.instrs[j].links.take(), instr) {
            (Some(own), _) => {
                let start = links.len() as u32;
                links.extend(own);
                links.push(Link::Store(values.instrs[j].d));
                let more = links.len() as u32 - start;
                // Chains one after the other are one, so that what they share is read while it is near.
                match code.last_mut() {
                    Some(Instr::Chain { len, .. }) => *len += more,
                    _ => code.push(Instr::Chain { start, len: more, edges: false }),
                }
            }
            (None, Instr::Store { a, .. }) if !temporary(a) => late.push(instr),
            (None, _) => code.push(instr),
        }
    }
    code.extend(late);
    (Block { code, words: block.words }, links)
}

/// One instruction.
#[derive(Default)]
struct Own {
    /// What it writes, if that is one place.
    d: Place,
    /// How to find its value, if a chain can.
    links: Option<Vec<Link>>,
    /// Whether that needs `b`.
    keeps: bool,
    /// Whether it is part of its reader.
    inlined: bool,
}

struct Values<'a> {
    block: &'a Block,
    instrs: Vec<Own>,
    /// Of each place the instruction that writes it, if it is temporary and read once.
    once: Vec<Option<usize>>,
}

impl<'a> Values<'a> {
    fn of(block: &'a Block, temporary: &impl Fn(Place) -> bool) -> Values<'a> {
        let (mut reads, mut writer) = (Vec::new(), Vec::new());
        let mut words = block.words.clone();
        for (i, &instr) in block.code.iter().enumerate() {
            let mut instr = instr;
            instr.registers(&mut words, &mut |place, written| {
                let at = *place as usize;
                if reads.len() <= at {
                    reads.resize(at + 1, 0_u32);
                    writer.resize(at + 1, None);
                }
                if written { writer[at] = Some(i) } else { reads[at] += 1 }
            });
        }
        let once = |at: usize| writer[at].filter(|_| reads[at] == 1 && temporary(at as Place));
        let once = (0..reads.len()).map(once).collect();
        let mut values = Values { block, instrs: Vec::new(), once };
        for i in 0..block.code.len() {
            values.instrs.push(Own::default());
            values.find(i);
        }
        values
    }

    /// The instruction whose value stands in that place alone, if it can become a part of its reader.
    fn part(&self, place: Place) -> Option<usize> {
        self.once[place as usize].filter(|&i| self.instrs[i].links.is_some())
    }

    /// The same, of one that does not need `b`.
    fn simple(&self, place: Place) -> Option<usize> {
        self.part(place).filter(|&i| !self.instrs[i].keeps)
    }

    /// Takes the links of a part.
    fn take(&mut self, i: usize) -> Vec<Link> {
        self.instrs[i].inlined = true;
        self.instrs[i].links.take().expect("it has links")
    }

    /// What is read from memory for a place: more than itself, if a part is a leaf.
    fn leaf(&mut self, place: Place) -> Leaf {
        if let Some(i) = self.part(place) {
            let leaf = match self.instrs[i].links.as_deref() {
                Some(&[Link::Load(leaf @ (Leaf::Scaled(..) | Leaf::Square(_)))]) => Some(leaf),
                _ => None,
            };
            if let Some(leaf) = leaf {
                self.instrs[i].inlined = true;
                return leaf;
            }
        }
        Leaf::Place(place)
    }

    fn is_leaf(&self, place: Place) -> bool {
        let links = self.part(place).and_then(|i| self.instrs[i].links.as_deref());
        !matches!(links, Some(links) if !matches!(links, [Link::Load(_)]))
    }

    /// The links that leave a place's value in `a`, and whether they need `b`.
    fn load(&mut self, place: Place) -> (Vec<Link>, bool) {
        match self.part(place) {
            Some(i) => (self.take(i), self.instrs[i].keeps),
            None => (vec![Link::Load(Leaf::Place(place))], false),
        }
    }

    /// Finds the links of an instruction.
    fn find(&mut self, i: usize) {
        let block = self.block;
        let words = &block.words[..];
        let found = match self.block.code[i] {
            Instr::Add { d, a, b } => self.pair(d, [a, b], Link::Add, Link::Add, Link::AddKept),
            Instr::Sub { d, a, b } => self.pair(d, [a, b], Link::Sub, Link::SubFrom, Link::SubKept),
            Instr::Mul { d, a, b } | Instr::StrongMul { d, a, b } => {
                self.pair(d, [a, b], Link::Mul, Link::Mul, Link::MulKept)
            }
            Instr::Div { d, a, b } => self.then(d, a, Link::Div(b)),
            Instr::AddU { d, a, u } => self.then(d, a, Link::AddU(u)),
            Instr::SubU { d, a, u } => self.then(d, a, Link::SubU(u)),
            Instr::USub { d, u, a } => self.then(d, a, Link::USub(u)),
            Instr::MulU { d, a, u } | Instr::StrongMulU { d, a, u } if self.part(a).is_none() => {
                (d, vec![Link::Load(Leaf::Scaled(a, u))], false)
            }
            Instr::MulU { d, a, u } | Instr::StrongMulU { d, a, u } => self.then(d, a, Link::MulU(u)),
            Instr::Neg { d, a } => self.then(d, a, Link::Neg),
            Instr::Square { d, a } if self.part(a).is_none() => (d, vec![Link::Load(Leaf::Square(a))], false),
            Instr::Square { d, a } => self.then(d, a, Link::Square),
            Instr::MulAdd { d, a, b, c } if self.part(a).is_some() && self.part(c).is_none() => {
                self.then(d, a, Link::Onto(b, c))
            }
            Instr::MulAdd { d, a, b, c } => self.then(d, c, Link::Term(a, b)),
            Instr::MulAddU { d, a, u, c } if self.part(a).is_some() && self.part(c).is_none() => {
                self.then(d, a, Link::OntoU(u, c))
            }
            Instr::MulAddU { d, a, u, c } => self.then(d, c, Link::TermU(a, u)),
            Instr::Sum { d, start } if words[start as usize] > 0 => {
                let count = words[start as usize] as usize;
                self.sum(d, &words[start as usize + 1..][..count])
            }
            Instr::Dot { d, start, strong: _ } => {
                let count = 2 * words[start as usize] as usize;
                let pairs = &words[start as usize + 1..][..count];
                let terms = pairs.chunks_exact(2).map(|pair| (pair[0], Factor::Place(pair[1]))).collect();
                self.dot(d, terms)
            }
            Instr::Dots { start, strong: _ } if words[start as usize] == 1 => {
                let &[_, len, u, _, d, ref terms @ ..] = &words[start as usize..] else {
                    unreachable!("check: four words stand ahead")
                };
                let term = |(l, &x): (u32, &Place)| (x, Factor::Uniform(u + l));
                self.dot(d, (0..len).zip(terms).map(term).collect())
            }
            _ => return,
        };
        let (d, links, keeps) = found;
        self.instrs[i] = Own { d, links: Some(links), keeps, inlined: false };
    }

    /// A link behind the value of a place.
    fn then(&mut self, d: Place, a: Place, link: Link) -> (Place, Vec<Link>, bool) {
        let (mut links, keeps) = self.load(a);
        links.push(link);
        (d, links, keeps)
    }

    /// An operation of two places, given it for the first in `a`, for the second in `a`, and for the first in `b`.
    fn pair(
        &mut self,
        d: Place,
        [x, y]: [Place; 2],
        first: impl Fn(Leaf) -> Link,
        second: impl Fn(Leaf) -> Link,
        kept: Link,
    ) -> (Place, Vec<Link>, bool) {
        if self.is_leaf(y) {
            let leaf = self.leaf(y);
            return self.then(d, x, first(leaf));
        }
        if self.is_leaf(x) {
            let leaf = self.leaf(x);
            return self.then(d, y, second(leaf));
        }
        if let Some(last) = self.simple(y) {
            let (mut links, _) = self.load(x);
            links.push(Link::Keep);
            links.extend(self.take(last));
            links.push(kept);
            return (d, links, true);
        }
        self.then(d, x, first(Leaf::Place(y)))
    }

    fn sum(&mut self, d: Place, terms: &[Place]) -> (Place, Vec<Link>, bool) {
        let (mut links, mut keeps) = self.load(terms[0]);
        for &term in &terms[1..] {
            match self.simple(term).filter(|_| !self.is_leaf(term)) {
                Some(i) => {
                    links.push(Link::Keep);
                    links.extend(self.take(i));
                    links.push(Link::AddKept);
                    keeps = true;
                }
                None => links.push(Link::Add(self.leaf(term))),
            }
        }
        (d, links, keeps)
    }

    fn dot(&mut self, d: Place, terms: Vec<(Place, Factor)>) -> (Place, Vec<Link>, bool) {
        let (mut links, mut keeps) = (vec![Link::Zero], false);
        for (x, factor) in terms {
            match (self.simple(x), factor) {
                (Some(i), factor) => {
                    links.push(Link::Keep);
                    links.extend(self.take(i));
                    links.push(match factor {
                        Factor::Place(y) => Link::OntoKept(y),
                        Factor::Uniform(u) => Link::OntoKeptU(u),
                    });
                    keeps = true;
                }
                (None, Factor::Place(y)) => links.push(Link::Term(x, y)),
                (None, Factor::Uniform(u)) => links.push(Link::TermU(x, u)),
            }
        }
        (d, links, keeps)
    }
}

/// What a term of a sum of products is multiplied by.
#[derive(Clone, Copy)]
enum Factor {
    Place(Place),
    Uniform(Uniform),
}

/// Calls `f` with each place of the code and whether it is written, instruction after instruction, with the number of
/// the instruction.
pub(super) fn places(block: &mut Block, links: &mut [Link], f: &mut impl FnMut(usize, &mut Place, bool)) {
    for (i, instr) in block.code.iter_mut().enumerate() {
        let Instr::Chain { start, len, .. } = *instr else {
            instr.registers(&mut block.words, &mut |place, written| f(i, place, written));
            continue;
        };
        for link in &mut links[start as usize..][..len as usize] {
            link.reads().into_iter().flatten().for_each(|place| f(i, place, false));
            if let Link::Store(place) = link {
                f(i, place, true);
            }
        }
    }
}
