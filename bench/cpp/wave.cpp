// Plain C++ of a step of the acoustic wave equation in the plane, zero beyond the edges, and of its adjoint by hand: a
// server that times itself.
//
// Requests, one per line: `load HEIGHT WIDTH COURANT FILE` (the file holds u, the u before, the speeds c and the seeds w of
// all cells), `step`, `adjoint`, `time step CALLS`, `time adjoint CALLS`. An answer is `ok` and numbers, or an error.
#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using Field = std::vector<double>;

struct Wave {
    long height, width;
    double courant; // (dt / dx)^2
    Field u, before, c, seeds, next, scaled, ubar, beforebar, cbar;

    // u(y, x), and 0 beyond the edges.
    double at(const Field &field, long y, long x) const {
        return y < 0 || y >= height || x < 0 || x >= width ? 0.0 : field[y * width + x];
    }

    double laplacian_at_edge(const Field &f, long y, long x) const {
        return at(f, y - 1, x) + at(f, y + 1, x) + at(f, y, x - 1) + at(f, y, x + 1) - 4 * at(f, y, x);
    }

    // Calls edge(i, laplacian) or, without tests, inner(i, laplacian) for each cell.
    template <class F> void each_laplacian(const Field &field, F f) const {
        const double *u = field.data();
        for (long y = 0; y < height; y++) {
            const bool inner = y > 0 && y < height - 1 && width > 2;
            if (!inner) {
                for (long x = 0; x < width; x++) f(y * width + x, laplacian_at_edge(field, y, x));
                continue;
            }
            const long row = y * width;
            f(row, laplacian_at_edge(field, y, 0));
#pragma GCC ivdep
            for (long i = row + 1; i < row + width - 1; i++)
                f(i, u[i - width] + u[i + width] + u[i - 1] + u[i + 1] - 4 * u[i]);
            f(row + width - 1, laplacian_at_edge(field, y, width - 1));
        }
    }

    void step() {
        const double *u = this->u.data(), *before = this->before.data(), *c = this->c.data();
        double *next = this->next.data();
        const double courant = this->courant;
        each_laplacian(this->u, [=](long i, double laplacian) {
            next[i] = 2 * u[i] - before[i] + courant * c[i] * c[i] * laplacian;
        });
    }

    void adjoint() {
        const double *c = this->c.data(), *w = seeds.data();
        double *scaled = this->scaled.data(), *ubar = this->ubar.data(), *cbar = this->cbar.data();
        double *beforebar = this->beforebar.data();
        const double courant = this->courant;
        each_laplacian(u, [=](long i, double laplacian) {
            scaled[i] = courant * c[i] * c[i] * w[i];
            cbar[i] = 2 * courant * c[i] * w[i] * laplacian;
            beforebar[i] = -w[i];
        });
        each_laplacian(this->scaled, [=](long i, double laplacian) { ubar[i] = 2 * w[i] + laplacian; });
    }
};

static Wave load(std::istream &in) {
    Wave wave;
    std::string name;
    in >> wave.height >> wave.width >> wave.courant >> name;
    std::ifstream file(name, std::ios::binary);
    for (Field *field : {&wave.u, &wave.before, &wave.c, &wave.seeds}) {
        field->resize(wave.height * wave.width);
        file.read(reinterpret_cast<char *>(field->data()), field->size() * sizeof(double));
    }
    if (!file) throw std::runtime_error("cannot read " + name);
    for (Field *field : {&wave.next, &wave.scaled, &wave.ubar, &wave.beforebar, &wave.cbar})
        field->resize(wave.height * wave.width);
    return wave;
}

static double nanoseconds_per_call(Wave &wave, const std::string &what, long calls) {
    auto start = std::chrono::steady_clock::now();
    for (long i = 0; i < calls; i++) {
        if (what == "step") wave.step();
        else wave.adjoint();
        asm volatile("" : : "r"(wave.next.data()), "r"(wave.ubar.data()) : "memory");
    }
    std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    return elapsed.count() / calls;
}

static void print(const Field &field) {
    for (double x : field) std::cout << ' ' << x;
}

int main() {
    std::ios::sync_with_stdio(false);
    std::cout.precision(17);
    Wave wave;
    std::cout << "ok" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        try {
            std::istringstream request(line);
            std::string verb, what;
            request >> verb;
            if (verb == "load") {
                wave = load(request);
                std::cout << "ok";
            } else if (verb == "step") {
                wave.step();
                std::cout << "ok";
                print(wave.next);
            } else if (verb == "adjoint") {
                wave.adjoint();
                std::cout << "ok";
                for (const Field *field : {&wave.ubar, &wave.beforebar, &wave.cbar}) print(*field);
            } else if (verb == "time") {
                long calls = 0;
                request >> what >> calls;
                std::cout << "ok " << nanoseconds_per_call(wave, what, calls);
            } else {
                throw std::runtime_error("there is no request `" + verb + "`");
            }
            std::cout << std::endl;
        } catch (const std::exception &e) {
            std::cout << "error " << e.what() << std::endl;
        }
    }
}
