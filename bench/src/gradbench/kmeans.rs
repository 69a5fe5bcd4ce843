//! kmeans: the squared distances of points to the nearest of some centroids, and Newton's direction.

use super::{Eval, Input, Job, lists, ready};
use wengert::{Derived, Function, Real, Rows};

/// Points, counted from their mean, and centroids, in `d` dimensions.
pub struct Kmeans {
    d: usize,
    mean: Vec<f64>,
    points: Vec<f64>,
    centroids: Vec<f64>,
}

impl Function for Kmeans {
    type Output<R: Real> = R;
    fn call<R: Real>(&self, centroids: &[R]) -> R {
        let rows = Rows::new(self.points.len() / self.d).data(&self.points, self.d);
        let centroids: Vec<R> = centroids.iter().zip(self.mean.iter().cycle()).map(|(&c, &mean)| c - mean).collect();
        let norms: Vec<R> = centroids.chunks(self.d).map(|c| R::dot(c, c)).collect();
        R::sum_rows(&rows, |x| {
            // |c - x|^2 = |c|^2 - 2 c.x + |x|^2, of which the last is the same for all centroids.
            let rest = |(c, &norm): (&[R], &R)| norm - R::dot(c, x) * 2.0;
            R::min_of(&centroids.chunks(self.d).zip(&norms).map(rest).collect::<Vec<R>>()) + R::dot(x, x)
        })
    }
}

impl Eval for Kmeans {
    const PRIMAL: &'static str = "cost";
    const DERIVATIVE: &'static str = "dir";

    fn read(input: &Input) -> Result<Self, String> {
        let centroids = input.table("centroids", 1)?;
        let points = input.table("points", 1)?;
        let (d, n) = (centroids.width, points.rows);
        let mut points = input.table_of("points", n, d, "as a centroid has")?;
        let mean: Vec<f64> = (0..d).map(|j| points.iter().skip(j).step_by(d).sum::<f64>() / n as f64).collect();
        points.iter_mut().zip(mean.iter().cycle()).for_each(|(x, mean)| *x -= mean);
        Ok(Kmeans { d, mean, points, centroids: centroids.numbers })
    }

    fn point(&self) -> Vec<f64> {
        self.centroids.clone()
    }

    /// The gradient over the diagonal of the Hessian, which is diagonal: its product with ones.
    fn derivative(self) -> Job {
        let (x, count) = (self.point(), self.centroids.len() / self.d);
        let f = ready(&self, x.len(), Derived::GradAndHvp);
        let [ones, gradient, diagonal] = [vec![1.0; x.len()], vec![0.0; x.len()], vec![0.0; x.len()]];
        let run = move |(g, h): &mut (Vec<f64>, Vec<f64>)| {
            f.grad_and_hvp_into(&x, &ones, g, h)?;
            g.iter_mut().zip(h).for_each(|(g, h)| *g /= *h);
            Ok(())
        };
        Job::new((gradient, diagonal), run, move |(direction, _)| lists(direction, count))
    }
}
