// Bundle adjustment: where cameras see points, and where they should.
#pragma once

#include "eval.hpp"
#include <cmath>

struct Ba : Eval {
    int n, m, p;
    std::vector<double> cams, points, weights, features;
    std::vector<int> camera, point;

    explicit Ba(std::istream &in) : n(size(in)), m(size(in)), p(size(in)) {
        cams = copies(numbers(in, 11), n);
        points = copies(numbers(in, 3), m);
        weights = copies(numbers(in, 1), p);
        features = copies(numbers(in, 2), p);
        for (int i = 0; i < p; i++) {
            camera.push_back(i % n);
            point.push_back(i % m);
        }
        answer.resize(3 * p);
    }

    static std::vector<double> copies(const std::vector<double> &of, int count) {
        std::vector<double> all;
        for (int i = 0; i < count; i++) all.insert(all.end(), of.begin(), of.end());
        return all;
    }

    // Rodrigues' formula; its first-order form where there is no rotation.
    static void rotate(const double *rot, const double *x, double *out) {
        double square = rot[0] * rot[0] + rot[1] * rot[1] + rot[2] * rot[2];
        if (square != 0) {
            double angle = std::sqrt(square), cosine = std::cos(angle), sine = std::sin(angle), inverse = 1 / angle;
            double w[3] = {rot[0] * inverse, rot[1] * inverse, rot[2] * inverse};
            double cross[3] = {w[1] * x[2] - w[2] * x[1], w[2] * x[0] - w[0] * x[2], w[0] * x[1] - w[1] * x[0]};
            double along = (w[0] * x[0] + w[1] * x[1] + w[2] * x[2]) * (1 - cosine);
            for (int i = 0; i < 3; i++) out[i] = x[i] * cosine + cross[i] * sine + w[i] * along;
        } else {
            double cross[3] = {rot[1] * x[2] - rot[2] * x[1], rot[2] * x[0] - rot[0] * x[2], rot[0] * x[1] - rot[1] * x[0]};
            for (int i = 0; i < 3; i++) out[i] = x[i] + cross[i];
        }
    }

    static void residual(const double *cam, const double *x, double w, const double *feature, double *out) {
        double moved[3] = {x[0] - cam[3], x[1] - cam[4], x[2] - cam[5]}, seen[3];
        rotate(cam, moved, seen);
        double u = seen[0] / seen[2], v = seen[1] / seen[2];
        double r2 = u * u + v * v, bent = 1 + cam[9] * r2 + cam[10] * r2 * r2;
        out[0] = w * (u * bent * cam[6] + cam[7] - feature[0]);
        out[1] = w * (v * bent * cam[6] + cam[8] - feature[1]);
    }

    // The first residuals, the first error of a weight, and how many copies of each there are.
    std::vector<double> shown() const override {
        double count = p;
        return {answer[0], answer[1], count, answer[2 * p], count};
    }

    void run() override {
        for (int i = 0; i < p; i++)
            residual(&cams[11 * camera[i]], &points[3 * point[i]], weights[i], &features[2 * i], &answer[2 * i]);
        for (int i = 0; i < p; i++) answer[2 * p + i] = 1 - weights[i] * weights[i];
    }
};
