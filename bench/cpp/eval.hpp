// What the evals have in common: an input read as numbers in a row, and answers that are filled anew by every run.
#pragma once

#include <istream>
#include <stdexcept>
#include <vector>

inline double number(std::istream &in) {
    double x;
    if (!(in >> x)) throw std::runtime_error("the input ends too early, or has what is no number");
    return x;
}

inline int size(std::istream &in) { return static_cast<int>(number(in)); }

inline std::vector<double> numbers(std::istream &in, std::size_t n) {
    std::vector<double> xs(n);
    for (double &x : xs) x = number(in);
    return xs;
}

// An objective at an input.
struct Eval {
    std::vector<double> answer;
    virtual void run() = 0;
    // What is compared with others.
    virtual std::vector<double> shown() const { return answer; }
    virtual ~Eval() = default;
};

// ln(e^x0 + e^x1 + ..), shifted by the greatest.
double log_sum_exp(const double *x, int n);
