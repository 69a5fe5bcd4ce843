// Plain C++ of the evals' functions, as one writes it from the formulas: a server that times itself.
//
// Requests, one per line: `program NAME NUMBERS`, `primal`, `time primal CALLS`. An answer is `ok` and numbers, or an
// error.
#include "ba.hpp"
#include "gmm.hpp"
#include "kmeans.hpp"
#include "lstm.hpp"
#include "small.hpp"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

double log_sum_exp(const double *x, int n) {
    double greatest = x[0];
    for (int i = 1; i < n; i++) greatest = std::max(greatest, x[i]);
    double sum = 0;
    for (int i = 0; i < n; i++) sum += std::exp(x[i] - greatest);
    return greatest + std::log(sum);
}

static std::unique_ptr<Eval> make(std::istream &in) {
    std::string name;
    in >> name;
    if (name == "gmm") return std::make_unique<Gmm>(in);
    if (name == "lstm") return std::make_unique<Lstm>(in);
    if (name == "ba") return std::make_unique<Ba>(in);
    if (name == "kmeans") return std::make_unique<Kmeans>(in);
    if (name == "lse") return std::make_unique<Lse>(in);
    if (name == "llsq") return std::make_unique<Llsq>(in);
    if (name == "ode") return std::make_unique<Ode>(in);
    throw std::runtime_error(name + " is not among the evals of primals.cpp");
}

static double nanoseconds_per_call(Eval &eval, long calls) {
    auto start = std::chrono::steady_clock::now();
    for (long i = 0; i < calls; i++) {
        eval.run();
        asm volatile("" : : "r"(eval.answer.data()) : "memory");
    }
    std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    return elapsed.count() / calls;
}

int main() {
    std::ios::sync_with_stdio(false);
    std::cout.precision(17);
    std::unique_ptr<Eval> eval;
    std::cout << "ok" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        try {
            std::istringstream request(line);
            std::string verb, function;
            long calls = 0;
            request >> verb;
            if (verb == "program") {
                eval = make(request);
                std::cout << "ok";
            } else if (verb == "primal" && eval) {
                eval->run();
                std::cout << "ok";
                for (double x : eval->shown()) std::cout << ' ' << x;
            } else if (verb == "time" && eval && request >> function >> calls && function == "primal" && calls > 0) {
                std::cout << "ok " << nanoseconds_per_call(*eval, calls);
            } else {
                std::cout << "error: unknown request `" << verb << "`: program, primal or time, in this order";
            }
        } catch (const std::exception &why) {
            std::cout << "error: " << why.what();
        }
        std::cout << std::endl;
    }
}
