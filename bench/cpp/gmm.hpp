// The log-likelihood of a Gaussian mixture with a Wishart prior.
#pragma once

#include "eval.hpp"
#include <cmath>

struct Gmm : Eval {
    int d, k, n;
    std::vector<double> alpha, mu, q, l, x;
    double m, gamma;
    std::vector<double> diagonals, sums, centred, y, beta;

    explicit Gmm(std::istream &in) : d(size(in)), k(size(in)), n(size(in)) {
        alpha = numbers(in, k);
        mu = numbers(in, k * d);
        q = numbers(in, k * d);
        l = numbers(in, k * d * (d - 1) / 2);
        x = numbers(in, n * d);
        m = number(in);
        gamma = number(in);
        diagonals.resize(k * d);
        sums.resize(k);
        centred.resize(d);
        y.resize(d);
        beta.resize(k);
        answer.resize(1);
    }

    // y = Q centred, where the strictly lower triangle of Q lies column by column in `below`.
    void multiply(const double *diagonal, const double *below) {
        for (int i = 0; i < d; i++) y[i] = diagonal[i] * centred[i];
        for (int j = 0; j < d; j++)
            for (int i = j + 1; i < d; i++) y[i] += *below++ * centred[j];
    }

    static double square_of(const double *xs, int n) {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += xs[i] * xs[i];
        return sum;
    }

    double prior() const {
        double freedom = d + m + 1, pi = std::acos(-1.0);
        double ln_gamma_d = d * (d - 1) / 4.0 * std::log(pi);
        for (int j = 0; j < d; j++) ln_gamma_d += std::lgamma(0.5 * (freedom - j));
        double sum = 0;
        int triangle = d * (d - 1) / 2;
        for (int i = 0; i < k; i++) {
            double frobenius = square_of(&diagonals[i * d], d) + square_of(&l[i * triangle], triangle);
            sum += 0.5 * gamma * gamma * frobenius - m * sums[i];
        }
        return sum - k * (freedom * d * std::log(gamma / std::sqrt(2.0)) - ln_gamma_d);
    }

    void run() override {
        int triangle = d * (d - 1) / 2;
        for (int i = 0; i < k; i++) {
            sums[i] = 0;
            for (int j = 0; j < d; j++) {
                sums[i] += q[i * d + j];
                diagonals[i * d + j] = std::exp(q[i * d + j]);
            }
        }
        double sum = 0;
        for (int row = 0; row < n; row++) {
            for (int i = 0; i < k; i++) {
                for (int j = 0; j < d; j++) centred[j] = x[row * d + j] - mu[i * d + j];
                multiply(&diagonals[i * d], l.data() + i * triangle);
                beta[i] = alpha[i] + sums[i] - 0.5 * square_of(y.data(), d);
            }
            sum += log_sum_exp(beta.data(), k);
        }
        double ln_2pi = std::log(2 * std::acos(-1.0));
        answer[0] = -n * d * 0.5 * ln_2pi + sum - n * log_sum_exp(alpha.data(), k) - prior();
    }
};
