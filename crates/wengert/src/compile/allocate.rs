//! Registers: as few as serve at once, so that they stay in the nearest cache.

use crate::vm::code::{Block, Reg};

/// Renames the virtual registers of straight code, and gives how many there are then.
///
/// Before: `r1 = sin r0`, `r2 = cos r1`, with nobody else reading `r0` or `r1`. After: `r0 = sin r0`, `r0 = cos r0`.
pub(super) fn allocate(block: &mut Block) -> u32 {
    let Block { code, words } = block;
    let mut last: Vec<usize> = Vec::new(); // of each register the last that reads or writes it
    for (i, instr) in code.iter_mut().enumerate() {
        instr.registers(words, &mut |reg, _| {
            let reg = *reg as usize;
            last.resize(last.len().max(reg + 1), 0);
            last[reg] = i;
        });
    }
    let (mut free, mut count, mut names) = (Vec::new(), 0, vec![Reg::MAX; last.len()]);
    for (i, instr) in code.iter_mut().enumerate() {
        let mut ends: Vec<Reg> = Vec::new();
        let alone = instr.writes_apart();
        instr.registers(words, &mut |reg, written| {
            if !written {
                let old = *reg as usize;
                *reg = names[old];
                if last[old] == i && !ends.contains(reg) {
                    ends.push(*reg);
                }
            }
        });
        if !alone {
            free.append(&mut ends);
        }
        instr.registers(words, &mut |reg, written| {
            if written {
                let name = free.pop().unwrap_or_else(|| {
                    count += 1;
                    count - 1
                });
                names[*reg as usize] = name;
                if last[*reg as usize] == i {
                    ends.push(name); // nobody reads it
                }
                *reg = name;
            }
        });
        free.append(&mut ends);
    }
    count
}
