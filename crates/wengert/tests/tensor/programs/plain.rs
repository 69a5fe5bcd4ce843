//! Arrays by their definition: index arithmetic on vectors, over any real number.

use wengert::Real;

/// Sizes, and elements in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array<T> {
    pub(super) sizes: Vec<usize>,
    pub(super) elements: Vec<T>,
}

/// The value of a line of a program.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line<R> {
    Real(Array<R>),
    Whole(Array<i64>),
    Mask(Array<bool>),
}

/// All indices of some sizes, in order.
pub(super) fn indices(sizes: &[usize]) -> Vec<Vec<usize>> {
    sizes.iter().fold(vec![vec![]], |all, &size| {
        all.iter().flat_map(|index| (0..size).map(move |i| [&index[..], &[i]].concat())).collect()
    })
}

/// The place of an index among the elements.
pub(super) fn place(sizes: &[usize], index: &[usize]) -> usize {
    index.iter().zip(sizes).fold(0, |place, (&i, &size)| place * size + i)
}

/// The place that an index of a broadcast has in an array of these sizes.
pub(super) fn broadcast_place(sizes: &[usize], index: &[usize]) -> usize {
    let own = &index[index.len() - sizes.len()..];
    own.iter().zip(sizes).fold(0, |place, (&i, &size)| place * size + if size == 1 { 0 } else { i })
}

/// The sizes that both broadcast to.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size = |sizes: &[usize], axis: usize| (axis + sizes.len()).checked_sub(rank).map_or(1, |axis| sizes[axis]);
    (0..rank)
        .map(|axis| match (size(a, axis), size(b, axis)) {
            (m, n) if m == n => Some(m),
            (1, n) => Some(n),
            (m, 1) => Some(m),
            _ => None,
        })
        .collect()
}

impl<T: Clone> Array<T> {
    pub(super) fn new(sizes: &[usize], elements: Vec<T>) -> Array<T> {
        assert_eq!(sizes.iter().product::<usize>(), elements.len());
        Array { sizes: sizes.to_vec(), elements }
    }

    /// An element for each index.
    pub(super) fn by(sizes: &[usize], element: impl FnMut(&[usize]) -> T) -> Array<T> {
        let mut element = element;
        Array { sizes: sizes.to_vec(), elements: indices(sizes).iter().map(|index| element(index)).collect() }
    }

    pub(super) fn at(&self, index: &[usize]) -> T {
        self.elements[place(&self.sizes, index)].clone()
    }

    pub(super) fn spread(&self, index: &[usize]) -> T {
        self.elements[broadcast_place(&self.sizes, index)].clone()
    }
}

impl<R> Line<R> {
    pub(super) fn sizes(&self) -> &[usize] {
        match self {
            Line::Real(x) => &x.sizes,
            Line::Whole(x) => &x.sizes,
            Line::Mask(x) => &x.sizes,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.sizes().iter().product()
    }

    pub(super) fn rank(&self) -> usize {
        self.sizes().len()
    }

    pub(super) fn is_real(&self) -> bool {
        matches!(self, Line::Real(_))
    }

    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Line::Whole(_))
    }

    pub(super) fn is_mask(&self) -> bool {
        matches!(self, Line::Mask(_))
    }

    pub(super) fn whole(&self) -> &Array<i64> {
        match self {
            Line::Whole(x) => x,
            _ => panic!("it is of integers"),
        }
    }

    pub(super) fn mask(&self) -> &Array<bool> {
        match self {
            Line::Mask(x) => x,
            _ => panic!("it is of booleans"),
        }
    }
}

impl<R: Real> Line<R> {
    /// As real numbers, whatever it is of.
    pub(super) fn reals(&self) -> Array<R> {
        match self {
            Line::Real(x) => x.clone(),
            Line::Whole(x) => Array::new(&x.sizes, x.elements.iter().map(|&x| R::lit(x as f64)).collect()),
            Line::Mask(x) => Array::new(&x.sizes, x.elements.iter().map(|&x| R::lit(f64::from(u8::from(x)))).collect()),
        }
    }

    /// As integers: booleans are counted.
    pub(super) fn integers(&self) -> Array<i64> {
        match self {
            Line::Real(_) => panic!("it is of integers or booleans"),
            Line::Whole(x) => x.clone(),
            Line::Mask(x) => Array::new(&x.sizes, x.elements.iter().map(|&x| i64::from(x)).collect()),
        }
    }
}

/// Where the elements of a result come from: places of operands, which are added up; none stands for `fill`.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    pub(super) sizes: Vec<usize>,
    pub(super) from: Vec<Vec<(usize, usize)>>,
    pub(super) fill: f64,
}

impl Moved {
    /// For each index of the result the index in the one operand.
    pub(super) fn of(
        from: &[usize],
        sizes: &[usize],
        fill: f64,
        index: impl Fn(&[usize]) -> Option<Vec<usize>>,
    ) -> Moved {
        let one = |to: &Vec<usize>| index(to).map(|index| (0, place(from, &index))).into_iter().collect();
        Moved { sizes: sizes.to_vec(), from: indices(sizes).iter().map(one).collect(), fill }
    }

    pub(super) fn apply<R: Real>(&self, operands: &[&Line<R>]) -> Line<R> {
        let all = |line: &&Line<R>| line.is_mask();
        if operands.iter().any(|line| line.is_real()) {
            let reals: Vec<Array<R>> = operands.iter().map(|line| line.reals()).collect();
            let one = |from: &Vec<(usize, usize)>| {
                let terms = from.iter().map(|&(operand, place)| reals[operand].elements[place]);
                terms.reduce(|a, b| a + b).unwrap_or_else(|| R::lit(self.fill))
            };
            return Line::Real(Array::new(&self.sizes, self.from.iter().map(one).collect()));
        }
        if operands.iter().all(all) {
            let one = |from: &Vec<(usize, usize)>| match from[..] {
                [] => self.fill != 0.0,
                [(operand, place)] => operands[operand].mask().elements[place],
                _ => panic!("booleans are not added"),
            };
            return Line::Mask(Array::new(&self.sizes, self.from.iter().map(one).collect()));
        }
        let whole: Vec<Array<i64>> = operands.iter().map(|line| line.integers()).collect();
        let one = |from: &Vec<(usize, usize)>| {
            let terms = from.iter().map(|&(operand, place)| whole[operand].elements[place]);
            terms.reduce(|a, b| a + b).unwrap_or(self.fill as i64)
        };
        Line::Whole(Array::new(&self.sizes, self.from.iter().map(one).collect()))
    }
}
