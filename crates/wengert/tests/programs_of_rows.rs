//! Programs out of structured loops, over any number: every engine's loops are tried on exactly these.

use wengert::{Boundary, Function, Real, Rows, State};

/// What is done with each program.
pub(crate) trait Visit {
    /// A program and a point that suits it, of at most 8 numbers.
    fn visit<F: Function>(&mut self, name: &'static str, program: &F, x: &[f64]);
}

/// `programs! { Name(x) -> Output = body, at [point, ..]; }`: a [`Function`] each, and [`visit_all`].
macro_rules! programs {
    ($($(#[$doc:meta])+ $Name:ident($x:ident) -> $Output:ty = $body:block, at [$($point:expr),+ $(,)?];)*) => {
        $(
            $(#[$doc])+
            pub(crate) struct $Name;
            impl Function for $Name {
                type Output<R: Real> = $Output;
                fn call<R: Real>(&self, $x: &[R]) -> $Output $body
            }
        )*
        /// Shows every program at every point of its own.
        pub(crate) fn visit_all(visit: &mut impl Visit) {
            $($( visit.visit(stringify!($Name), &$Name, &$point); )+)*
        }
    };
}

/// Numbers without a pattern between -1 and 1.
const NOISE: [f64; 24] = [
    0.47, -0.83, 0.12, 0.95, -0.36, -0.71, 0.28, 0.64, -0.09, -0.58, 0.77, -0.22, 0.53, -0.94, 0.31, 0.06, -0.45, 0.88,
    -0.67, 0.19, 0.73, -0.15, -0.79, 0.41,
];

programs! {
    /// The log-likelihood of a mixture of two round Gaussians in the plane: weights, means, logarithms of precisions.
    Mixture(x) -> R = {
        let (weights, means, precisions) = (&x[..2], &x[2..6], &x[6..8]);
        let of_points = R::sum_rows(&Rows::new(7).data(&NOISE[..14], 2), |point| {
            let term = |k: usize| {
                let scale = precisions[k].exp();
                let off: [R; 2] = std::array::from_fn(|i| (point[i] - means[2 * k + i]) * scale);
                weights[k] + precisions[k] * 2.0 - R::dot(&off, &off) * 0.5
            };
            R::log_sum_exp(&[term(0), term(1)])
        });
        of_points - R::log_sum_exp(weights) * 7.0
    }, at [[0.3, -0.2, 0.5, -0.25, -0.75, 0.125, 0.25, -0.5]];

    /// Logistic regression: three features and a label in each row, with a penalty outside.
    Logistic(x) -> R = {
        let loss = R::sum_rows(&Rows::new(8).data(&NOISE, 3), |row| {
            let score = x[0] + x[1] * row[0] + x[2] * row[1];
            let sign = R::select(row[2].is_gt(R::lit(0.0)), R::lit(-1.0), R::lit(1.0));
            (score * sign).softplus()
        });
        loss + R::dot(x, x) * 0.1
    }, at [[0.25, -0.5, 1.5], [0.0, 0.0, 0.0]];

    /// Softmax regression: three classes, two features, the class as three numbers of which one is 1.
    SoftmaxRegression(x) -> R = {
        let data = [
            [0.5, -1.0, 1.0, 0.0, 0.0], [1.5, 0.25, 0.0, 1.0, 0.0], [-0.5, 0.75, 0.0, 0.0, 1.0],
            [0.75, 0.5, 0.0, 1.0, 0.0], [-1.25, -0.25, 1.0, 0.0, 0.0],
        ];
        R::sum_rows(&Rows::new(5).data(data.as_flattened(), 5), |row| {
            let scores: [R; 3] = std::array::from_fn(|k| R::dot(&x[2 * k..2 * k + 2], &row[..2]));
            R::log_sum_exp(&scores) - R::dot(&scores, &row[2..])
        }) / 5.0
    }, at [[0.25, -0.5, 0.75, 1.0, -0.125, 0.375]];

    /// A camera turns and shifts a point of the plane and divides by the depth; two residuals for each sight of one.
    Sights(x) -> [Vec<R>; 2] = {
        let (cameras, points) = (&x[..4], &x[4..8]);
        let rows = Rows::new(4).gather(cameras, 2, &[0, 1, 1, 0]).gather(points, 2, &[0, 0, 1, 1]).data(&NOISE[..8], 2);
        R::map_rows(&rows, |row| {
            let (sin, cos) = (row[0].sin(), row[0].cos());
            let (across, depth) = (row[2] * cos - row[3] * sin + row[1], row[2] * sin + row[3] * cos + 5.0);
            [across / depth - row[4], depth.ln() - row[5]]
        })
    }, at [[0.1, 0.3, -0.2, 0.5, 1.5, -0.75, 0.5, 1.25]];

    /// Half of the sum of squares of many sights of few points, all picked more than once, one of them never.
    Adjustment(x) -> R = {
        let picked = [0, 1, 0, 1, 1, 0];
        let rows = Rows::new(6).gather(x, 2, &[1, 1, 1, 2, 2, 1]).data(&NOISE[..6], 1).gather(&x[..2], 1, &picked);
        R::sum_rows(&rows, |row| ((row[0] * row[3]).sin() + row[1] * row[2] - row[3]).square() * 0.5)
    }, at [[0.5, -0.25, 1.0, 0.75, -1.5, 0.125, 2.0, 3.0]];

    /// The cost of three centres in the plane: the squared distance of each point to the nearest.
    Clusters(x) -> R = {
        R::sum_rows(&Rows::new(8).data(&NOISE[..16], 2), |point| {
            let distances: [R; 3] =
                std::array::from_fn(|k| (point[0] - x[2 * k]).square() + (point[1] - x[2 * k + 1]).square());
            R::min_of(&distances)
        })
    }, at [[0.5, -0.5, -0.25, 0.625, 0.75, 0.875]];

    /// Predator and prey (Lotka 1925) by steps of the midpoint rule: a tuple as state.
    Predation(x) -> Vec<R> = {
        let rate = |a: R, b: R| (a * (x[0] - x[1] * b), b * (x[2] * a - x[3]));
        let (a, b) = R::scan((x[4], x[5]), &Rows::new(6), |(a, b), _| {
            let (da, db) = rate(a, b);
            let (da, db) = rate(a + da * 0.05, b + db * 0.05);
            (a + da * 0.1, b + db * 0.1)
        });
        vec![a, b]
    }, at [[1.5, 1.0, 0.75, 2.0, 1.25, 0.5]];

    /// Two cells with four gates each, over five inputs: independent lanes within dependent steps.
    Cells(x) -> R = {
        let zero = || vec![R::lit(0.0); 2];
        let (hidden, _) = R::scan((zero(), zero()), &Rows::new(5).data(&NOISE[..5], 1), |(hidden, cell), input| {
            let rows = Rows::new(2).vary(x, 4).vary(&hidden, 1).vary(&cell, 1);
            let [hidden, cell] = R::map_rows(&rows, |row| {
                let gate = |i: usize| (row[i] * input[0] + row[4]).sigmoid();
                let cell = gate(0) * row[5] + gate(1) * (row[2] * input[0] + row[4]).tanh();
                [gate(3) * cell.tanh(), cell]
            });
            (hidden, cell)
        });
        R::dot(&hidden, &hidden)
    }, at [[0.5, -0.25, 1.5, 0.75, -1.0, 0.375, 2.0, 0.25]];

    /// An option on the mean of a path (price, volatility, rate, strike): dependent steps within independent rows.
    Asian(x) -> R = {
        let (drift, spread) = ((x[2] - x[1].square() * 0.5) * 0.25, x[1] * 0.5);
        let payoffs = R::sum_rows(&Rows::new(6).data(&NOISE, 4), |path| {
            let steps = Rows::new(4).vary(path, 1);
            let (_, sum) = R::scan((x[0], R::lit(0.0)), &steps, |(price, sum), normal| {
                let price = price * (drift + spread * normal[0]).exp();
                (price, sum + price)
            });
            (sum * 0.25 - x[3]).max(R::lit(0.0))
        });
        payoffs / 6.0 * (-x[2]).exp()
    }, at [[100.0, 0.3, 0.05, 95.0]];

    /// Heat along a bar with fixed ends: each cell takes its neighbours by an index.
    Heat(x) -> Vec<R> = {
        R::scan(x[..4].to_vec(), &Rows::new(5), |cells, _| {
            let rows = Rows::new(4).gather(&cells, 1, &[0, 0, 1, 2]).vary(&cells, 1).gather(&cells, 1, &[1, 2, 3, 3]);
            let [next] = R::map_rows(&rows, |row| [row[1] + (row[0] - row[1] * 2.0 + row[2]) * x[4]]);
            next
        })
    }, at [[1.0, 0.5, -0.25, 2.0, 0.125]];

    /// A planet by symplectic Euler steps: a struct as state, a step length for each step.
    Planet(x) -> R = {
        let start = Body { place: [x[0], x[1]], speed: [x[2], x[3]] };
        let end = R::scan(start, &Rows::new(4).vary(&x[4..8], 1), |body, step| {
            let pull = -(R::dot(&body.place, &body.place).powf(-1.5)) * step[0];
            let speed: [R; 2] = std::array::from_fn(|i| body.speed[i] + body.place[i] * pull);
            Body { place: std::array::from_fn(|i| body.place[i] + speed[i] * step[0]), speed }
        });
        end.place[0] * end.speed[1] - end.place[1] * end.speed[0] + R::norm(&end.place)
    }, at [[1.0, 0.25, -0.125, 0.875, 0.1, 0.15, 0.2, 0.05]];

    /// A body that ignores its row, whatever that holds.
    Ignoring(x) -> R = {
        R::sum_rows(&Rows::new(4), |_| x[0].sin() * x[1]) + R::sum_rows(&Rows::new(3).vary(x, 1), |_| x[1] * x[2])
    }, at [[0.5, 1.25, -0.75]];

    /// Bodies that compute nothing: a constant, a captured variable, one of the row, one of them for each output.
    Idle(x) -> R = {
        let rows = Rows::new(3).vary(x, 1).data(&NOISE[..3], 1);
        let sums = [
            R::sum_rows(&rows, |_| R::lit(2.5)),
            R::sum_rows(&rows, |_| x[1]),
            R::sum_rows(&rows, |row| row[0]),
            R::sum_rows(&rows, |row| row[1]),
        ];
        let [captured, own, datum, literal] = R::map_rows(&rows, |row| [x[2], row[0], row[1], R::lit(1.5)]);
        let mixed = R::dot(&captured, &own) + R::dot(&own, &datum) + R::dot(&datum, &literal);
        sums[0] * sums[1] * sums[2] * sums[3] + mixed
    }, at [[0.5, 1.25, -0.75]];

    /// No rows at all, in each of the loops.
    Empty(x) -> Vec<R> = {
        let none = Rows::new(0).data(&[], 2).vary(&[], 3).gather(x, 1, &[]);
        let [rows, _] = R::map_rows(&none, |row| [row[0] * x[0], row[9]]);
        let sum = R::sum_rows(&none, |row| row[7] * x[0]);
        let state = R::scan((x[0], [x[1]]), &none, |_, row| (row[5], [row[6]]));
        vec![sum + x[0] * x[1], R::sum_of(&rows) + x[1].exp(), state.0 * state.1[0]]
    }, at [[0.5, 1.25]];

    /// One row, of everything that a row may hold.
    Single(x) -> R = {
        let rows = Rows::new(1).vary(&x[..2], 2).data(&NOISE[..2], 2).gather(x, 1, &[2]);
        R::sum_rows(&rows, |row| (row[0] * row[2] + row[1]).exp() * row[4] - row[3] * x[0])
    }, at [[0.5, 1.25, -0.75]];

    /// Parts of no width beside others.
    Narrow(x) -> R = {
        let rows = Rows::new(3).vary(&[], 0).data(&NOISE[..3], 1).data(&[], 0).gather(&[], 0, &[5, 0, 7]).vary(x, 1);
        R::sum_rows(&rows, |row| row[0] * row[1] * x[0])
    }, at [[0.5, 1.25, -0.75]];

    /// A loop in a loop: the inner body takes the outer row, its own row, and what both capture.
    Nested(x) -> R = {
        let outer = Rows::new(3).vary(&x[..3], 1).data(&NOISE[..3], 1);
        R::sum_rows(&outer, |row| {
            let scale = row[0] * x[3];
            let inner = Rows::new(4).data(&NOISE[4..8], 1).gather(&x[..4], 1, &[3, 0, 0, 2]);
            let sum = R::sum_rows(&inner, |own| (own[0] * scale + row[1] * own[1]).sin() * x[0] + row[0] * own[1]);
            sum * row[0] + scale.square()
        })
    }, at [[0.5, 1.25, -0.75, 0.875]];

    /// Three deep, the innermost of several outputs and over numbers that the outer row holds or has made.
    Deep(x) -> R = {
        R::scan(x[0], &Rows::new(2).vary(&x[1..3], 1), |state, step| {
            let rows = Rows::new(3).vary(&x[..3], 1).data(&NOISE[..6], 2);
            R::sum_rows(&rows, |row| {
                let made = [row[0] * state, row[1] * x[3], step[0].cos() + row[2]];
                let [a, b] = R::map_rows(&Rows::new(3).vary(&made, 1).vary(row, 1), |own| {
                    [own[0] * own[1] + state, (own[0] * step[0]).tanh()]
                });
                R::dot(&a, &b) * 0.25
            })
        })
    }, at [[0.5, 1.25, -0.75, 0.875]];

    /// What one loop gave is what the next takes, by row and by an index.
    Chained(x) -> R = {
        let [first, second] = R::map_rows(&Rows::new(4).data(&NOISE[..4], 1), |row| {
            [(x[0] * row[0]).exp(), x[1] * row[0] + x[0]]
        });
        let rows = Rows::new(5).gather(&first, 1, &[3, 3, 0, 1, 3]).gather(&second, 2, &[0, 1, 1, 0, 1]).vary(x, 1);
        let [third] = R::map_rows(&rows, |row| [row[0] * row[1] - row[2] * row[3]]);
        R::sum_rows(&Rows::new(5).vary(&third, 1).gather(&third, 1, &[4, 3, 2, 1, 0]), |row| (row[0] * row[1]).tanh())
    }, at [[0.5, 1.25, -0.75, 0.875, -0.25]];

    /// Least squares of an exponential, the parameters transformed before the loop: derivatives outside go on.
    Decay(x) -> R = {
        let (height, rate) = (x[0].exp(), x[1].softplus());
        let rows = Rows::new(12).data(&NOISE, 2);
        R::sum_rows(&rows, |row| (height * (-(rate * (row[0] + 1.0))).exp() - row[1]).square()).sqrt() * x[0]
    }, at [[0.5, 1.25]];

    /// A wave in the plane: the field now and before, a speed for each cell, zero beyond the edges.
    Wave(x) -> Vec<R> = {
        let cross = [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]];
        let (u, _) = R::scan((x[..6].to_vec(), x[2..8].to_vec()), &Rows::new(3), |(u, before), _| {
            let rows = Rows::new(6).stencil(&u, &[2, 3], &cross, Boundary::ZERO).vary(&before, 1).vary(&x[1..7], 1);
            let [next] = R::map_rows(&rows, |row| {
                let laplacian = row[1] + row[2] + row[3] + row[4] - row[0] * 4.0;
                [row[0] * 2.0 - row[5] + row[6] * row[6] * laplacian * 0.1]
            });
            (next, u)
        });
        u
    }, at [[0.5, -0.25, 1.5, 0.75, -1.0, 0.375, 2.0, 0.25]];

    /// Neighbours beyond each kind of edge, further away than the grid is wide.
    Edges(x) -> R = {
        let boundaries =
            [Boundary::ZERO, Boundary::Constant(0.75), Boundary::Periodic, Boundary::Clamp, Boundary::Reflect];
        let sums = boundaries.map(|boundary| {
            let line = Rows::new(5).stencil(&x[..5], &[5], &[[-1], [2], [0], [7]], boundary).vary(&x[2..7], 1);
            let [on_line] = R::map_rows(&line, |row| [(row[0] * row[1] + row[2]).sin() * row[3] - row[4]]);
            let plane = Rows::new(6)
                .data(&NOISE[..6], 1)
                .stencil(&x[2..], &[3, 2], &[[-1, 1], [1, -1], [3, 0]], boundary)
                .gather(&on_line, 1, &[4, 0, 1, 2, 3, 4])
                .stencil(&x[..6], &[3, 2], &[[0, -2]], boundary);
            R::sum_rows(&plane, |row| row[0] * row[1] * row[2] + (row[3] * row[4]).tanh() * row[5])
        });
        R::dot(&sums, &x[..5])
    }, at [[0.5, -0.25, 1.5, 0.75, -1.0, 0.375, 2.0, 0.25]];

    /// Grids of three axes, of one cell along an axis, of one cell in all and of none.
    Grids(x) -> R = {
        let all = [[0, 0, 0], [1, 0, 0], [0, -1, 0], [0, 0, 1], [-1, 1, 1]];
        let boundaries = [Boundary::Constant(-0.5), Boundary::Periodic, Boundary::Clamp, Boundary::Reflect];
        let sums = boundaries.map(|boundary| {
            let sum = |cells: usize, shape: &[usize; 3]| {
                let rows = Rows::new(cells).stencil(&x[..cells], shape, &all, boundary);
                R::sum_rows(&rows, |row| R::dot(&row[..3], &row[2..5]).exp() * row[4])
            };
            sum(8, &[2, 2, 2]) + sum(6, &[1, 6, 1]) + sum(4, &[4, 1, 1]) * x[0] + sum(1, &[1, 1, 1]) + sum(0, &[2, 0, 3])
        });
        R::sum_of(&sums)
    }, at [[0.5, -0.25, 0.5, 0.75, -0.375, 0.125, 0.625, 0.25]];

    /// A stencil of what another stencil gave, within independent rows, and steps that see their neighbours.
    Diffusion(x) -> R = {
        let smoothed = |u: &[R], weight: R| {
            let rows = Rows::new(u.len()).stencil(u, &[u.len()], &[[-1], [0], [1]], Boundary::Clamp);
            let [next] = R::map_rows(&rows, |row| [row[1] + (row[0] - row[1] * 2.0 + row[2]) * weight]);
            next
        };
        let inside = R::sum_rows(&Rows::new(3).data(&NOISE[..6], 2), |row| {
            let u = smoothed(&smoothed(&x[..5], row[0] * x[5]), row[1]);
            R::dot(&u, &x[..5])
        });
        let steps = Rows::new(4).stencil(&x[..4], &[4], &[[-1], [1]], Boundary::Constant(0.5));
        inside + R::scan(x[6], &steps, |state, row| (state * row[0] + row[1]).sin())
    }, at [[0.5, -0.25, 1.5, 0.75, -1.0, 0.375, 2.0, 0.25]];

    /// Bodies with branches that are selected by the row and by a parameter, and operands that are not.
    Selecting(x) -> R = {
        R::sum_rows(&Rows::new(6).data(&NOISE[..6], 1), |row| {
            let off = x[0] * row[0] - x[1];
            let small = off.abs().is_le(R::lit(1.0));
            R::select(small, off.square() * 0.5, off.abs() - 0.5) + off.max(row[0]).clamp(R::lit(-0.5), x[1])
        })
    }, at [[2.0, 0.625], [-1.5, 0.25]];
}

/// A state of one's own.
#[derive(Clone)]
struct Body<R> {
    place: [R; 2],
    speed: [R; 2],
}

impl<R: Real> State<R> for Body<R> {
    fn write(&self, to: &mut Vec<R>) {
        self.place.write(to);
        self.speed.write(to);
    }
    fn read(&self, from: &mut impl Iterator<Item = R>) -> Self {
        Body { place: self.place.read(from), speed: self.speed.read(from) }
    }
}
