// The evals of few lines: log-sum-exp, linear least squares, an ordinary differential equation.
#pragma once

#include "eval.hpp"
#include <algorithm>

struct Lse : Eval {
    std::vector<double> x;

    explicit Lse(std::istream &in) : x(numbers(in, size(in))) { answer.resize(1); }

    void run() override { answer[0] = log_sum_exp(x.data(), x.size()); }
};

struct Llsq : Eval {
    int n, m;
    std::vector<double> x;

    explicit Llsq(std::istream &in) : n(size(in)), m(size(in)), x(numbers(in, m)) { answer.resize(1); }

    void run() override {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            double t = -1 + i * 2.0 / (n - 1.0);
            double rest = (t > 0) - (t < 0), power = 1;
            for (int j = 0; j < m; j++) {
                rest -= x[j] * power;
                power *= t;
            }
            sum += rest * rest;
        }
        answer[0] = sum / 2;
    }
};

struct Ode : Eval {
    int s, n;
    std::vector<double> x, y, k1, k2, k3, k4, at;

    explicit Ode(std::istream &in) : s(size(in)), n(size(in)), x(numbers(in, n)) {
        for (auto *v : {&y, &k1, &k2, &k3, &k4, &at, &answer}) v->resize(n);
    }

    void rates(const std::vector<double> &y, std::vector<double> &to) const {
        to[0] = x[0];
        for (int i = 1; i < n; i++) to[i] = x[i] * y[i - 1];
    }

    void step_to(double h, const std::vector<double> &k) {
        for (int i = 0; i < n; i++) at[i] = y[i] + h * k[i];
    }

    void run() override {
        double h = 2.0 / s;
        std::fill(y.begin(), y.end(), 0);
        for (int step = 0; step < s; step++) {
            rates(y, k1);
            step_to(h / 2, k1);
            rates(at, k2);
            step_to(h / 2, k2);
            rates(at, k3);
            step_to(h, k3);
            rates(at, k4);
            for (int i = 0; i < n; i++) y[i] += h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
        }
        answer = y;
    }
};
