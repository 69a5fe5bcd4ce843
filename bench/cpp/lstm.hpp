// A recurrent network with diagonal weights that predicts each character from those before it.
#pragma once

#include "eval.hpp"
#include <cmath>

struct Lstm : Eval {
    int b, layers, c;
    std::vector<double> main_params, extra, start, sequence, state, u;

    explicit Lstm(std::istream &in) : b(size(in)), layers(size(in)), c(size(in)) {
        main_params = numbers(in, layers * 8 * b);
        extra = numbers(in, 3 * b);
        start = numbers(in, layers * 2 * b);
        sequence = numbers(in, c * b);
        u.resize(b);
        answer.resize(1);
    }

    static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

    // One layer at one character: `u` is its input, and then its output.
    void layer(const double *w, double *hidden, double *cell) {
        const double *bias = w + 4 * b;
        for (int j = 0; j < b; j++) {
            double forget = sigmoid(u[j] * w[j] + bias[j]);
            double ingate = sigmoid(hidden[j] * w[b + j] + bias[b + j]);
            double outgate = sigmoid(u[j] * w[2 * b + j] + bias[2 * b + j]);
            double change = std::tanh(hidden[j] * w[3 * b + j] + bias[3 * b + j]);
            cell[j] = cell[j] * forget + ingate * change;
            hidden[j] = outgate * std::tanh(cell[j]);
            u[j] = hidden[j];
        }
    }

    void run() override {
        state = start;
        double total = 0;
        for (int t = 0; t + 1 < c; t++) {
            for (int j = 0; j < b; j++) u[j] = sequence[t * b + j] * extra[j];
            for (int i = 0; i < layers; i++) layer(&main_params[i * 8 * b], &state[i * 2 * b], &state[(2 * i + 1) * b]);
            double sum = 2;
            for (int j = 0; j < b; j++) {
                u[j] = u[j] * extra[b + j] + extra[2 * b + j];
                sum += std::exp(u[j]);
            }
            double ln_sum = std::log(sum);
            for (int j = 0; j < b; j++) total += sequence[(t + 1) * b + j] * (u[j] - ln_sum);
        }
        answer[0] = -total / ((c - 1) * b);
    }
};
