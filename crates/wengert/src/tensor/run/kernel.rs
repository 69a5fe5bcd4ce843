//! Runs a group over its space: in chunks that threads take, and in these by tiles that stay in cache.
//!
//! An input that does not stand place by place is gathered for each tile; so is what must be converted. Sums are taken in
//! double precision. Chunks depend on sizes alone, so that the bits are the same for any number of threads.

use super::fused::{Fused, Input, Origin, Output, Ready};
use super::lines::{Source, Way, element};
use super::pool::{Pool, owned};
use super::threads::{share, threads};
use super::walk::runs;
use crate::compile::{Elementwise, Plain};
use crate::tensor::array::{Array, Data};
use crate::tensor::dtype::{DType, Element, Number};
use std::borrow::Cow;
use std::ops::Range;
use std::slice::ChunksMut;

/// The places of a tile.
const TILE: usize = 2048;
/// The least places of a chunk, and the most chunks.
const CHUNK: usize = 32 * TILE;
const CHUNKS: usize = 64;
/// From so many lines times places on, other threads are worth being called.
const THREADED: usize = 1 << 20;

/// The numbers that lists are run on.
pub(super) trait Lane: Plain + Element {
    fn of(x: f64) -> Self;
    fn of_single(x: f32) -> Self;
    /// Rounded once.
    fn of_whole(x: i64) -> Self;
    fn wide(self) -> f64;
}

impl Lane for f32 {
    fn of(x: f64) -> f32 {
        x as f32
    }
    fn of_single(x: f32) -> f32 {
        x
    }
    fn of_whole(x: i64) -> f32 {
        x as f32
    }
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Lane for f64 {
    fn of(x: f64) -> f64 {
        x
    }
    fn of_single(x: f32) -> f64 {
        f64::from(x)
    }
    fn of_whole(x: i64) -> f64 {
        x as f64
    }
    fn wide(self) -> f64 {
        self
    }
}

/// Runs a group; `last` are the slots whose buffers nobody needs afterwards.
pub(super) fn run(fused: &Fused, values: &mut [Option<Array>], numbers: &[Number], last: &[u32], pool: &mut Pool) {
    match (&fused.ready, fused.lane) {
        (Some(Ready::F32(ready)), _) => run_lane::<f32>(fused, Some(ready), values, numbers, last, pool),
        (Some(Ready::F64(ready)), _) => run_lane::<f64>(fused, Some(ready), values, numbers, last, pool),
        (None, DType::F32) => run_lane::<f32>(fused, None, values, numbers, last, pool),
        (None, _) => run_lane::<f64>(fused, None, values, numbers, last, pool),
    }
}

fn run_lane<T: Lane>(
    fused: &Fused,
    ready: Option<&Elementwise<T>>,
    values: &mut [Option<Array>],
    numbers: &[Number],
    last: &[u32],
    pool: &mut Pool,
) {
    let mut results = Results::<T>::new(fused, values, last, pool);
    let mut totals = vec![Vec::new(); fused.writes.iter().map(|write| write.sums.len()).sum()];
    if fused.len > 0 {
        let sources: Vec<From<'_, T>> =
            fused.reads.iter().enumerate().map(|(i, read)| source(read, i, &results, values, numbers)).collect();
        let job = Job::new(fused, ready, sources, &results);
        totals = job.run(&mut results);
    }
    let mut totals = totals.into_iter();
    for (write, buffer) in fused.writes.iter().zip(results.buffers) {
        if let (Some(map), Some(buffer)) = (&write.map, buffer) {
            let shape = map.shape.clone();
            values[map.slot as usize] = Some(match buffer {
                Buffer::Real(x) | Buffer::Over(x, _) => Array::new(x, shape),
                Buffer::Mask(x) => Array::new(x, shape),
                Buffer::Bits(x) => {
                    let words = x.len().into();
                    Array::new(x, words)
                }
            });
        }
        for sum in &write.sums {
            let mut total = totals.next().expect("one for each sum");
            total.resize(sum.sum.len, 0.0);
            let total: Vec<T> = total.into_iter().map(T::of).collect();
            values[sum.slot as usize] = Some(Array::new(total, sum.shape.clone()));
        }
    }
}

/// The arrays that are written: one for each write that has one.
struct Results<T> {
    buffers: Vec<Option<Buffer<T>>>,
}

enum Buffer<T> {
    Real(Vec<T>),
    Mask(Vec<bool>),
    /// A mask of one bit for each place.
    Bits(Vec<i64>),
    /// That of an input, which it overwrites.
    Over(Vec<T>, usize),
}

impl<T: Lane> Results<T> {
    fn new(fused: &Fused, values: &mut [Option<Array>], last: &[u32], pool: &mut Pool) -> Results<T> {
        let mut buffer = |write: &Output| {
            let map = write.map.as_ref()?;
            if map.is_packed {
                return Some(Buffer::Bits(vec![0; fused.len.div_ceil(64)]));
            }
            if write.is_mask {
                return Some(Buffer::Mask(pool.take(fused.len)));
            }
            let over = map.over.and_then(|read| dying(fused, read as usize, values, last));
            Some(over.unwrap_or_else(|| Buffer::Real(pool.take(fused.len))))
        };
        Results { buffers: fused.writes.iter().map(&mut buffer).collect() }
    }

    /// The write that overwrites a read.
    fn over(&self, read: usize) -> Option<usize> {
        self.buffers.iter().position(|buffer| matches!(buffer, Some(Buffer::Over(_, over)) if *over == read))
    }
}

/// The buffer of an input, if nobody else needs it.
fn dying<T: Lane>(fused: &Fused, read: usize, values: &mut [Option<Array>], last: &[u32]) -> Option<Buffer<T>> {
    let Origin::Slot(slot) = fused.reads[read].from else { return None };
    if !last.contains(&slot) {
        return None;
    }
    let value = values[slot as usize].as_mut().filter(|value| value.shape.len() == fused.len)?;
    let elements = owned::<T>(&mut value.data)?;
    values[slot as usize] = None;
    Some(Buffer::Over(elements, read))
}

/// Where an input's elements come from.
enum From<'a, T> {
    Same([T; 1]),
    InOrder(&'a [T]),
    /// From the buffer that this write overwrites.
    Over(usize),
    /// In order or not, converted or not: to be gathered.
    Gathered(&'a Data, usize, &'a [isize]),
    /// Masks of one bit for each place, to be unpacked.
    Bits(&'a [i64]),
}

impl<T> From<'_, T> {
    /// Whether its elements are copied for each tile.
    fn is_gathered(&self) -> bool {
        matches!(self, From::Gathered(..) | From::Bits(_))
    }
}

fn source<'a, T: Lane>(
    read: &'a Input,
    number: usize,
    results: &Results<T>,
    values: &'a [Option<Array>],
    numbers: &[Number],
) -> From<'a, T> {
    if let Some(write) = results.over(number) {
        return From::Over(write);
    }
    let slot = match read.from {
        Origin::Number(number) => {
            return From::Same([match numbers[number as usize] {
                Number::I64(x) if read.dtype == DType::I64 => T::of_whole(x),
                value => T::of(element(value, read.dtype)),
            }]);
        }
        Origin::Slot(slot) => slot,
    };
    let data = &values[slot as usize].as_ref().expect("what is read was computed before").data;
    if let (true, Data::I64(words)) = (read.is_packed, data) {
        return From::Bits(words);
    }
    match (&read.way, T::unwrap(data)) {
        (Way::Same(at), _) => {
            let mut one = [T::default()];
            gather(data, *at, &[], &[], 0, &mut one);
            From::Same(one)
        }
        (Way::InOrder(offset), Some(elements)) => From::InOrder(&elements[*offset..]),
        (Way::InOrder(offset), None) => From::Gathered(data, *offset, &[]),
        (Way::Gathered(view), _) => From::Gathered(data, view.offset, &view.strides),
    }
}

/// Copies elements into a tile that begins at place `start`; no strides stand for all in order.
fn gather<T: Lane>(data: &Data, offset: usize, axes: &[usize], strides: &[isize], start: usize, tile: &mut [T]) {
    fn copy<S: Copy, T>(
        from: &[S],
        offset: usize,
        (axes, strides): (&[usize], &[isize]),
        start: usize,
        tile: &mut [T],
        convert: impl Fn(S) -> T,
    ) {
        let Some(&step) = strides.last() else {
            let from = &from[offset + start..];
            return tile.iter_mut().zip(from).for_each(|(to, &from)| *to = convert(from));
        };
        let (count, mut done) = (tile.len(), 0);
        runs(axes, strides, (start, count), |at, run| {
            let at = offset as isize + at;
            let tile = &mut tile[done..done + run];
            match step {
                0 => tile.iter_mut().for_each(|to| *to = convert(from[at as usize])),
                1 => tile.iter_mut().zip(&from[at as usize..]).for_each(|(to, &from)| *to = convert(from)),
                _ => tile.iter_mut().zip(0..).for_each(|(to, i)| *to = convert(from[(at + i * step) as usize])),
            }
            done += run;
        });
    }
    let space = (axes, strides);
    match data {
        Data::Bool(x) => copy(x, offset, space, start, tile, |x| T::of_single(f32::from(u8::from(x)))),
        Data::I64(x) => copy(x, offset, space, start, tile, T::of_whole),
        Data::F32(x) => copy(x, offset, space, start, tile, T::of_single),
        Data::F64(x) => copy(x, offset, space, start, tile, T::of),
    }
}

/// Writes a mask as bits, from the first bit of a word on.
fn pack<T: Lane>(mask: &[T], words: &mut [i64]) {
    for (word, mask) in words.iter_mut().zip(mask.chunks(64)) {
        *word = mask.iter().rev().fold(0, |word, x| word << 1 | i64::from(x.wide() != 0.0));
    }
}

/// Reads bits from place `start` on.
fn unpack<T: Lane>(words: &[i64], start: usize, mask: &mut [T]) {
    for (place, to) in (start..).zip(mask) {
        *to = T::of_single((words[place / 64] >> (place % 64) & 1) as f32);
    }
}

/// A run of a group.
struct Job<'a, T: Lane> {
    fused: &'a Fused,
    ready: Option<&'a Elementwise<T>>,
    sources: Vec<From<'a, T>>,
    /// For each output of the list: whether it goes straight into the buffer of this write.
    homes: Vec<Option<usize>>,
    /// The places of a tile and of a chunk.
    tile: usize,
    chunk: usize,
}

/// A part of the space, and its part of the buffers.
struct Chunk<'a, T> {
    range: Range<usize>,
    buffers: Vec<Part<'a, T>>,
    sums: &'a mut Vec<Partial>,
}

enum Part<'a, T> {
    None,
    Real(&'a mut [T]),
    Mask(&'a mut [bool]),
    Bits(&'a mut [i64]),
    Over(&'a mut [T]),
}

/// A sum over a chunk, of the elements from `first` on.
struct Partial {
    first: usize,
    sums: Vec<f64>,
}

impl<'a, T: Lane> Job<'a, T> {
    fn new(
        fused: &'a Fused,
        ready: Option<&'a Elementwise<T>>,
        sources: Vec<From<'a, T>>,
        results: &Results<T>,
    ) -> Self {
        let home = |output: u32| {
            let mut writes =
                fused.writes.iter().enumerate().filter(|(_, write)| write.source == Source::Output(output));
            let (first, _) = writes.next()?;
            (writes.next().is_none() && matches!(results.buffers[first], Some(Buffer::Real(_)))).then_some(first)
        };
        let homes: Vec<Option<usize>> = (0..fused.list.outputs().len() as u32).map(home).collect();
        let chunk = chunk(fused);
        let is_direct = homes.iter().all(Option::is_some)
            && sources.iter().all(|source| matches!(source, From::Same(_) | From::InOrder(_)))
            && fused.writes.iter().all(|write| write.sums.is_empty());
        let tile = if is_direct { chunk } else { TILE.min(fused.len) };
        Job { fused, ready, sources, homes, tile, chunk }
    }

    /// Runs all chunks, and gives the sums.
    fn run(&self, results: &mut Results<T>) -> Vec<Vec<f64>> {
        let fused = self.fused;
        let chunks = fused.len.div_ceil(self.chunk);
        let mut partials: Vec<Vec<Partial>> = (0..chunks).map(|_| Vec::new()).collect();
        let mut buffers: Vec<_> = results.buffers.iter_mut().map(|buffer| Parts::of(buffer, self.chunk)).collect();
        let pieces = partials.iter_mut().enumerate().map(|(i, sums)| Chunk {
            range: i * self.chunk..((i + 1) * self.chunk).min(fused.len),
            buffers: buffers.iter_mut().map(Parts::next).collect(),
            sums,
        });
        let pieces: Vec<Chunk<'_, T>> = pieces.collect();
        let is_worth = fused.len.saturating_mul(fused.list.len().max(1)) >= THREADED;
        share(pieces, if is_worth { threads() } else { 1 }, |_, chunk| self.run_chunk(chunk));
        drop(buffers);
        self.total(partials)
    }

    fn total(&self, partials: Vec<Vec<Partial>>) -> Vec<Vec<f64>> {
        let mut totals: Vec<Vec<f64>> = Vec::new();
        for chunk in partials {
            for (i, Partial { first, sums }) in chunk.into_iter().enumerate() {
                match totals.get_mut(i) {
                    None => totals.push(sums),
                    Some(total) if total.len() <= first => total.extend(sums),
                    Some(total) => total[first..].iter_mut().zip(sums).for_each(|(total, sum)| *total += sum),
                }
            }
        }
        totals
    }

    fn run_chunk(&self, mut chunk: Chunk<'_, T>) {
        let room = |count: usize| vec![T::default(); count * self.tile];
        let gathered = self.sources.iter().filter(|source| source.is_gathered()).count();
        let (mut gathered, mut computed) =
            (room(gathered), room(self.homes.iter().filter(|home| home.is_none()).count()));
        *chunk.sums = self.partials(&chunk.range);
        for start in chunk.range.clone().step_by(self.tile) {
            let places = start..(start + self.tile).min(chunk.range.end);
            let own = start - chunk.range.start..places.end - chunk.range.start;
            self.gather(&places, &mut gathered);
            self.compute(&places, &own, &mut chunk.buffers, &gathered, &mut computed);
            self.write(&places, &own, &mut chunk, [&gathered, &computed]);
        }
    }

    /// Sums of nothing yet, for a chunk.
    fn partials(&self, range: &Range<usize>) -> Vec<Partial> {
        let sums = self.fused.writes.iter().flat_map(|write| &write.sums);
        let partial = |sum: &super::fused::Summed| {
            if self.chunk >= self.fused.len || !is_split(self.fused, &sum.sum.strides, sum.sum.len) {
                return Partial { first: 0, sums: vec![0.0; sum.sum.len] };
            }
            let (row, step) = (self.fused.len / self.fused.axes[0], sum.sum.strides[0] as usize);
            let (first, end) = (range.start / row * step, range.end.div_ceil(row) * step);
            Partial { first, sums: vec![0.0; end - first] }
        };
        sums.map(partial).collect()
    }

    fn gather(&self, places: &Range<usize>, gathered: &mut [T]) {
        let mut rooms = gathered.chunks_mut(self.tile.max(1));
        for source in self.sources.iter().filter(|source| source.is_gathered()) {
            let room = &mut rooms.next().expect("a room for each")[..places.len()];
            match source {
                From::Gathered(data, offset, strides) => {
                    gather(data, *offset, &self.fused.axes, strides, places.start, room);
                }
                From::Bits(words) => unpack(words, places.start, room),
                From::Same(_) | From::InOrder(_) | From::Over(_) => {}
            }
        }
    }

    /// The elements of each input.
    fn inputs<'b>(
        &'b self,
        places: &Range<usize>,
        own: &Range<usize>,
        buffers: &'b [&'b [T]],
        gathered: &'b [T],
    ) -> Vec<&'b [T]> {
        let mut rooms = gathered.chunks(self.tile.max(1));
        let input = |source: &'b From<'_, T>| match source {
            From::Same(one) => &one[..],
            From::InOrder(elements) => &elements[places.clone()],
            From::Over(write) => &buffers[*write][own.clone()],
            From::Gathered(..) | From::Bits(_) => &rooms.next().expect("a room for each")[..places.len()],
        };
        self.sources.iter().map(input).collect()
    }

    fn compute(
        &self,
        places: &Range<usize>,
        own: &Range<usize>,
        buffers: &mut [Part<'_, T>],
        gathered: &[T],
        computed: &mut [T],
    ) {
        let Some(ready) = self.ready else { return };
        let mut overwritten: Vec<&[T]> = Vec::new();
        let mut direct: Vec<Option<&mut [T]>> = Vec::new();
        for part in buffers {
            let (over, real) = match part {
                Part::Over(over) => (&over[..], None),
                Part::Real(real) => (&[][..], Some(&mut real[own.clone()])),
                Part::None | Part::Mask(_) | Part::Bits(_) => (&[][..], None),
            };
            overwritten.push(over);
            direct.push(real);
        }
        let inputs = self.inputs(places, own, &overwritten, gathered);
        let mut rooms = computed.chunks_mut(self.tile.max(1));
        let output = |home: &Option<usize>| match home {
            Some(write) => direct[*write].take().expect("a buffer for each"),
            None => &mut rooms.next().expect("a room for each")[..places.len()],
        };
        let mut outputs: Vec<&mut [T]> = self.homes.iter().map(output).collect();
        ready.run_range(0..places.len(), &inputs, &mut outputs);
    }

    /// Writes what was computed where it belongs: what reads inputs first, and then what overwrites them.
    fn write(&self, places: &Range<usize>, own: &Range<usize>, chunk: &mut Chunk<'_, T>, rooms: [&[T]; 2]) {
        let mut partials = chunk.sums.iter_mut();
        for write in self.fused.writes.iter().filter(|write| !write.sums.is_empty()) {
            let x = self.written(write, places, own, &chunk.buffers, rooms);
            for (sum, partial) in write.sums.iter().zip(&mut partials) {
                add(&x, &self.fused.axes, &sum.sum.strides, places.start, partial);
            }
        }
        let reads = |write: &Output| matches!(write.source, Source::Read(_));
        for first in [true, false] {
            for (i, write) in self.fused.writes.iter().enumerate().filter(|(_, write)| reads(write) == first) {
                if !self.homes.contains(&Some(i)) {
                    self.copy(i, write, (places, own), &mut chunk.buffers, rooms);
                }
            }
        }
    }

    fn copy(
        &self,
        i: usize,
        write: &Output,
        (places, own): (&Range<usize>, &Range<usize>),
        buffers: &mut [Part<'_, T>],
        rooms: [&[T]; 2],
    ) {
        let mut part = std::mem::replace(&mut buffers[i], Part::None);
        let x = || self.written(write, places, own, buffers, rooms);
        match &mut part {
            Part::None => {}
            Part::Real(to) | Part::Over(to) => to[own.clone()].copy_from_slice(&x()),
            Part::Mask(to) => to[own.clone()].iter_mut().zip(&*x()).for_each(|(to, x)| *to = x.wide() != 0.0),
            Part::Bits(to) => pack(&x(), &mut to[own.start / 64..]),
        }
        buffers[i] = part;
    }

    /// The elements of a write, in the places of a tile.
    fn written<'b>(
        &'b self,
        write: &Output,
        places: &Range<usize>,
        own: &Range<usize>,
        buffers: &'b [Part<'_, T>],
        [gathered, computed]: [&'b [T]; 2],
    ) -> Cow<'b, [T]> {
        let of_buffer = |write: usize| match &buffers[write] {
            Part::Real(x) | Part::Over(x) => Cow::Borrowed(&x[own.clone()]),
            Part::None | Part::Mask(_) | Part::Bits(_) => unreachable!("it is a buffer of numbers"),
        };
        let room = |rooms: &'b [T], number: usize| Cow::Borrowed(&rooms[number * self.tile..][..places.len()]);
        match write.source {
            Source::Output(output) => match self.homes[output as usize] {
                Some(write) => of_buffer(write),
                None => room(computed, self.homes[..output as usize].iter().filter(|home| home.is_none()).count()),
            },
            Source::Read(read) => match &self.sources[read as usize] {
                From::Same(one) => Cow::Owned(vec![one[0]; places.len()]),
                From::InOrder(elements) => Cow::Borrowed(&elements[places.clone()]),
                From::Over(write) => of_buffer(*write),
                From::Gathered(..) | From::Bits(_) => {
                    let before = self.sources[..read as usize].iter().filter(|from| from.is_gathered());
                    room(gathered, before.count())
                }
            },
        }
    }
}

/// The buffer of a write, in chunks.
enum Parts<'a, T> {
    None,
    Real(ChunksMut<'a, T>),
    Mask(ChunksMut<'a, bool>),
    Bits(ChunksMut<'a, i64>),
    Over(ChunksMut<'a, T>),
}

impl<'a, T> Parts<'a, T> {
    fn of(buffer: &'a mut Option<Buffer<T>>, chunk: usize) -> Self {
        match buffer {
            None => Parts::None,
            Some(Buffer::Real(x)) => Parts::Real(x.chunks_mut(chunk)),
            Some(Buffer::Mask(x)) => Parts::Mask(x.chunks_mut(chunk)),
            // A chunk is of whole words, or all there is.
            Some(Buffer::Bits(x)) => Parts::Bits(x.chunks_mut(chunk.div_ceil(64))),
            Some(Buffer::Over(x, _)) => Parts::Over(x.chunks_mut(chunk)),
        }
    }

    fn next(&mut self) -> Part<'a, T> {
        let part = match self {
            Parts::None => None,
            Parts::Real(x) => x.next().map(Part::Real),
            Parts::Mask(x) => x.next().map(Part::Mask),
            Parts::Bits(x) => x.next().map(Part::Bits),
            Parts::Over(x) => x.next().map(Part::Over),
        };
        part.unwrap_or(Part::None)
    }
}

/// The places of a chunk: they depend on sizes alone.
fn chunk(fused: &Fused) -> usize {
    let mut chunk = CHUNK.max(fused.len.div_ceil(CHUNKS)).next_multiple_of(TILE);
    let sums = || fused.writes.iter().flat_map(|write| &write.sums);
    for sum in sums().filter(|sum| !is_split(fused, &sum.sum.strides, sum.sum.len)) {
        chunk = chunk.max(8 * sum.sum.len);
    }
    if sums().any(|sum| is_split(fused, &sum.sum.strides, sum.sum.len)) {
        chunk = chunk.next_multiple_of(fused.len / fused.axes[0]);
    }
    chunk.min(fused.len)
}

/// Whether chunks have sums of their own: those that many are, and that the first axis tells apart.
fn is_split(fused: &Fused, strides: &[isize], sums: usize) -> bool {
    const FEW: usize = 1024;
    sums > FEW && fused.axes[0] > 1 && strides[0] != 0
}

/// Adds the elements of a tile to a sum over the space.
fn add<T: Lane>(x: &[T], axes: &[usize], strides: &[isize], start: usize, to: &mut Partial) {
    let Some(&step) = strides.last() else {
        to.sums[0] += x[0].wide();
        return;
    };
    let mut done = 0;
    runs(axes, strides, (start, x.len()), |at, run| {
        let (x, at) = (&x[done..done + run], at as usize - to.first);
        match step {
            0 => to.sums[at] += total(x),
            1 => to.sums[at..].iter_mut().zip(x).for_each(|(sum, x)| *sum += x.wide()),
            _ => x.iter().enumerate().for_each(|(i, x)| to.sums[at + i * step as usize] += x.wide()),
        }
        done += run;
    });
}

/// A sum in a fixed order: of eight that run side by side.
fn total<T: Lane>(x: &[T]) -> f64 {
    let mut sums = [0.0; 8];
    let chunks = x.chunks_exact(8);
    let rest = chunks.remainder().iter().fold(0.0, |sum, x| sum + x.wide());
    chunks.for_each(|chunk| sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x.wide()));
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7])) + rest
}
