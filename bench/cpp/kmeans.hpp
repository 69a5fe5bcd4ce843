// The squared distances of points to the nearest of some centroids.
#pragma once

#include "eval.hpp"
#include <algorithm>
#include <limits>

struct Kmeans : Eval {
    int n, k, d;
    std::vector<double> points, centroids;

    explicit Kmeans(std::istream &in) : n(size(in)), k(size(in)), d(size(in)) {
        points = numbers(in, n * d);
        centroids = numbers(in, k * d);
        answer.resize(1);
    }

    static double distance(const double *a, const double *b, int d) {
        double sum = 0;
        for (int i = 0; i < d; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
        return sum;
    }

    void run() override {
        double cost = 0;
        for (int i = 0; i < n; i++) {
            double least = std::numeric_limits<double>::infinity();
            for (int j = 0; j < k; j++) least = std::min(least, distance(&points[i * d], &centroids[j * d], d));
            cost += least;
        }
        answer[0] = cost;
    }
};
