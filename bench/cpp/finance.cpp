// Plain C++ prices of the options of examples/monte_carlo, as one writes them from the formulas: a server that times
// itself.
//
// Requests, one per line: `load MODEL PATHS STEPS FILE PARAMETERS` (the file holds the normal numbers of all paths),
// `price`, `time CALLS`, `random CALLS` (a call draws its normal numbers itself). An answer is `ok` and numbers, or an
// error.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using Numbers = std::vector<double>;

// Spot, rate, dividend yield, volatility, maturity, strike.
static double asian(const Numbers &p, const double *normals, long paths, long steps) {
    const double dt = p[4] / steps, drift = (p[1] - p[2] - 0.5 * p[3] * p[3]) * dt, deviation = p[3] * std::sqrt(dt);
    const double start = std::log(p[0]), strike = p[5];
    double total = 0;
    for (long i = 0; i < paths; i++) {
        double log = start, sum = 0;
        for (long t = 0; t < steps; t++) {
            log += drift + deviation * *normals++;
            sum += std::exp(log);
        }
        total += std::max(sum / steps - strike, 0.0);
    }
    return std::exp(-p[1] * p[4]) * total;
}

// Spot, rate, dividend yield, v0, kappa, theta, xi, correlation; maturity, strike.
static double heston(const Numbers &p, const double *normals, long paths, long steps) {
    const double dt = p[8] / steps, carry = p[1] - p[2], v0 = p[3], kappa = p[4], theta = p[5], xi = p[6], rho = p[7];
    const double start = std::log(p[0]), rest = std::sqrt(1 - rho * rho), strike = p[9];
    double total = 0;
    for (long i = 0; i < paths; i++) {
        double log = start, v = v0, sum = 0;
        for (long t = 0; t < steps; t++, normals += 2) {
            const double positive = std::max(v, 0.0), deviation = std::sqrt(positive * dt);
            log += (carry - 0.5 * positive) * dt + deviation * (rho * normals[0] + rest * normals[1]);
            v += kappa * (theta - positive) * dt + xi * deviation * normals[0];
            sum += std::exp(log);
        }
        total += std::max(sum / steps - strike, 0.0);
    }
    return std::exp(-p[1] * p[8]) * total;
}

// Spots, volatilities, correlations (lower triangle), rate; maturity, strike; for ten assets.
static double basket(const Numbers &p, const double *normals, long paths, long steps) {
    constexpr int n = 10;
    const double rate = p[2 * n + n * (n - 1) / 2], *rest = &p[2 * n + n * (n - 1) / 2 + 1];
    const double maturity = rest[0], strike = rest[1], dt = maturity / steps;
    double noise[n][n] = {}, drift[n], start[n];
    const double *correlation = &p[2 * n];
    for (int i = 0; i < n; i++) { // Cholesky
        double square = 0;
        for (int j = 0; j < i; j++) {
            double product = 0;
            for (int k = 0; k < j; k++) product += noise[i][k] * noise[j][k];
            noise[i][j] = (*correlation++ - product) / noise[j][j];
            square += noise[i][j] * noise[i][j];
        }
        noise[i][i] = std::sqrt(1 - square);
    }
    for (int i = 0; i < n; i++) {
        const double volatility = p[n + i];
        for (int j = 0; j <= i; j++) noise[i][j] *= volatility * std::sqrt(dt);
        drift[i] = (rate - 0.5 * volatility * volatility) * dt;
        start[i] = std::log(p[i]);
    }
    double total = 0;
    for (long i = 0; i < paths; i++) {
        double log[n], sum = 0;
        std::copy(start, start + n, log);
        for (long t = 0; t < steps; t++, normals += n) {
            for (int a = 0; a < n; a++) {
                double moved = drift[a];
                for (int b = 0; b <= a; b++) moved += noise[a][b] * normals[b];
                log[a] += moved;
                sum += std::exp(log[a]);
            }
        }
        total += std::max(sum / (steps * n) - strike, 0.0);
    }
    return std::exp(-rate * maturity) * total;
}

struct Loaded {
    double (*price)(const Numbers &, const double *, long, long);
    long paths, steps, width;
    Numbers parameters, normals;
    std::mt19937_64 source{1};

    explicit Loaded(std::istream &in) {
        std::string model, file;
        in >> model >> paths >> steps >> file;
        if (model == "asian") price = asian, width = 1;
        else if (model == "heston") price = heston, width = 2;
        else if (model == "basket") price = basket, width = 10;
        else throw std::runtime_error(model + " is not among the models of finance.cpp");
        for (double number; in >> number;) parameters.push_back(number);
        normals.resize(paths * steps * width);
        std::ifstream data(file, std::ios::binary);
        data.read(reinterpret_cast<char *>(normals.data()), normals.size() * sizeof(double));
        if (!data) throw std::runtime_error("cannot read the normal numbers");
    }

    double run() const { return price(parameters, normals.data(), paths, steps); }

    // Draws and prices a block of paths after the other.
    double random() {
        constexpr long block = 256;
        Numbers drawn(block * steps * width);
        std::normal_distribution<double> normal;
        double total = 0;
        for (long done = 0; done < paths; done += block) {
            const long count = std::min(block, paths - done);
            std::generate_n(drawn.begin(), count * steps * width, [&] { return normal(source); });
            total += price(parameters, drawn.data(), count, steps);
        }
        return total;
    }
};

template <class F> static double nanoseconds_per_call(long calls, F call) {
    auto start = std::chrono::steady_clock::now();
    for (long i = 0; i < calls; i++) {
        double answer = call();
        asm volatile("" : : "g"(&answer) : "memory");
    }
    std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    return elapsed.count() / calls;
}

int main() {
    std::cout.precision(17);
    std::unique_ptr<Loaded> loaded;
    std::cout << "ok" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        try {
            std::istringstream request(line);
            std::string verb;
            long calls = 0;
            request >> verb;
            if (verb == "load") {
                loaded = std::make_unique<Loaded>(request);
                std::cout << "ok" << std::endl;
                continue;
            }
            if (!loaded) throw std::runtime_error("nothing is loaded");
            request >> calls;
            if (verb == "price") std::cout << "ok " << loaded->run() << std::endl;
            else if (verb == "time") std::cout << "ok " << nanoseconds_per_call(calls, [&] { return loaded->run(); }) << std::endl;
            else if (verb == "random") std::cout << "ok " << nanoseconds_per_call(calls, [&] { return loaded->random(); }) << std::endl;
            else throw std::runtime_error("unknown request");
        } catch (const std::exception &error) {
            std::cout << "cannot: " << error.what() << std::endl;
        }
    }
}
