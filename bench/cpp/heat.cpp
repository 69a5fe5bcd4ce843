// The plain heat equation by explicit steps, as one writes it: a server that times itself.
//
// Requests, one per line: `load FILE CELLS STEPS RATE` (the file holds the field at the start, the conductivity and the
// field that was measured at the end), `loss`, `time CALLS`. An answer is `ok` and numbers, or an error.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using Numbers = std::vector<double>;

// A square of cells, and fields of 0 around it.
struct Heat {
    long cells, steps;
    double rate;
    Numbers start, conductivity, measured, now, next;

    explicit Heat(std::istream &request) {
        std::string file;
        request >> file >> cells >> steps >> rate;
        std::ifstream data(file, std::ios::binary);
        for (Numbers *field : {&start, &conductivity, &measured}) {
            field->resize(cells * cells);
            data.read(reinterpret_cast<char *>(field->data()), field->size() * sizeof(double));
        }
        if (!data) throw std::runtime_error("cannot read the fields");
        now.assign((cells + 2) * (cells + 2), 0.0);
        next = now;
    }

    void step() {
        const long width = cells + 2;
        for (long i = 0; i < cells; i++) {
            const double *__restrict u = &now[(i + 1) * width + 1], *__restrict k = &conductivity[i * cells];
            double *__restrict to = &next[(i + 1) * width + 1];
            for (long j = 0; j < cells; j++) {
                const double laplacian = u[j - width] + u[j + width] + u[j - 1] + u[j + 1] - 4 * u[j];
                to[j] = u[j] + rate * k[j] * laplacian;
            }
        }
        std::swap(now, next);
    }

    double loss() {
        for (long i = 0; i < cells; i++)
            for (long j = 0; j < cells; j++) now[(i + 1) * (cells + 2) + j + 1] = start[i * cells + j];
        for (long t = 0; t < steps; t++) step();
        double sum = 0;
        for (long i = 0; i < cells; i++)
            for (long j = 0; j < cells; j++) {
                const double apart = now[(i + 1) * (cells + 2) + j + 1] - measured[i * cells + j];
                sum += apart * apart;
            }
        return sum;
    }
};

int main() {
    std::cout.precision(17);
    std::unique_ptr<Heat> heat;
    std::cout << "ok" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        try {
            std::istringstream request(line);
            std::string verb;
            request >> verb;
            if (verb == "load") {
                heat = std::make_unique<Heat>(request);
                std::cout << "ok" << std::endl;
                continue;
            }
            if (!heat) throw std::runtime_error("nothing is loaded");
            if (verb == "loss") {
                std::cout << "ok " << heat->loss() << std::endl;
            } else if (verb == "time") {
                long calls = 0;
                request >> calls;
                auto wall = std::chrono::steady_clock::now();
                const std::clock_t processor = std::clock();
                for (long i = 0; i < calls; i++) {
                    double answer = heat->loss();
                    asm volatile("" : : "g"(&answer) : "memory");
                }
                const double ran = 1e9 * (std::clock() - processor) / CLOCKS_PER_SEC;
                std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - wall;
                std::cout << "ok " << std::min(elapsed.count(), ran) / calls << std::endl;
            } else {
                throw std::runtime_error("unknown request");
            }
        } catch (const std::exception &error) {
            std::cout << "cannot: " << error.what() << std::endl;
        }
    }
}
