//! What the kernel says of processes that run.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

/// What a process took of the processors so far, with all its threads and what the kernel did for it. Counted in
/// clock ticks, mostly of 10 ms. `None` when it is gone.
pub(crate) fn cpu_time(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    time(cpu_ticks(&stat)?)
}

/// What all processes and the kernel itself took of all processors since the machine was started.
pub(crate) fn cpu_time_of_all() -> Option<Duration> {
    time(busy_ticks(&fs::read_to_string("/proc/stat").ok()?)?)
}

fn time(ticks: f64) -> Option<Duration> {
    let per_second = u32::try_from(rustix::param::clock_ticks_per_second()).ok()?;
    Some(Duration::from_secs_f64(ticks / f64::from(per_second)))
}

/// The most memory that was resident at any moment so far. `None` when the process is gone.
pub(crate) fn peak_rss_kib(pid: u32) -> Option<u32> {
    kib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM:")
}

/// The memory that is resident now. `None` when the process is gone.
pub(crate) fn rss_kib(pid: u32) -> Option<u32> {
    kib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

/// Children of this process, and theirs, that run the program of this name.
pub(crate) fn descendants(program: &str) -> Vec<u32> {
    let all = processes();
    let mut family = BTreeSet::from([std::process::id()]);
    loop {
        let before = family.len();
        family.extend(
            all.iter().filter(|one| family.contains(&one.parent)).map(|one| one.pid).collect::<Vec<_>>(),
        );
        if family.len() == before {
            break;
        }
    }
    all.into_iter()
        .filter(|one| one.program == program && family.contains(&one.pid))
        .map(|one| one.pid)
        .collect()
}

struct Running {
    pid: u32,
    parent: u32,
    program: String,
}

fn processes() -> Vec<Running> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries
        .filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (program, parent) = name_and_parent(&stat)?;
            Some(Running { pid, parent, program })
        })
        .collect()
}

/// The name, in parentheses, may hold anything.
fn name_and_parent(stat: &str) -> Option<(String, u32)> {
    let (head, tail) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    Some((name, tail.split_whitespace().nth(1)?.parse().ok()?))
}

/// User's and system's, fields 14 and 15.
fn cpu_ticks(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut field = || fields.next()?.parse::<u32>().ok();
    Some(f64::from(field()?) + f64::from(field()?))
}

/// All but idle, waiting for disks, stolen and, since they are in the first two already, guests.
fn busy_ticks(stat: &str) -> Option<f64> {
    let fields = stat.strip_prefix("cpu ")?.lines().next()?.split_whitespace();
    let ticks: Vec<f64> = fields.map(str::parse).collect::<Result<_, _>>().ok()?;
    let busy = [0, 1, 2, 5, 6];
    busy.into_iter().map(|place| ticks.get(place).copied()).sum()
}

fn kib(status: &str, key: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (odd) name) S 7 42 42 0 -1 4194560 900 0 0 0 250 31 5 6 20 0 9 0 123 456";

    #[test]
    fn a_name_may_hold_parentheses() {
        assert_eq!(name_and_parent(STAT), Some(("odd) name".to_owned(), 7)));
    }

    #[test]
    fn time_of_user_and_system_counts_and_that_of_children_does_not() {
        assert_eq!(cpu_ticks(STAT), Some(281.0));
    }

    #[test]
    fn a_machine_is_busy_with_processes_and_interrupts() {
        let stat = "cpu  100 20 3 7000 800 4 5 60 9 9\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        assert_eq!(busy_ticks(stat), Some(132.0));
        assert!(cpu_time_of_all() >= cpu_time(std::process::id()));
    }

    #[test]
    fn a_peak_is_in_kib() {
        assert_eq!(kib("VmPeak:\t  9 kB\nVmHWM:\t  4312 kB\nVmRSS:\t  1 kB\n", "VmHWM:"), Some(4_312));
        assert_eq!(kib("VmHWM:\t  9 kB\nVmRSS:\t  4312 kB\n", "VmRSS:"), Some(4_312));
        assert_eq!(kib("Name:\tx\n", "VmHWM:"), None);
        assert_eq!(kib("Name:\tx\n", "VmRSS:"), None);
    }

    #[test]
    fn this_process_has_a_peak_and_one_that_is_not_there_has_nothing() {
        assert!(peak_rss_kib(std::process::id()).unwrap() > 0);
        assert!(rss_kib(std::process::id()).unwrap() > 0);
        assert!(cpu_time(std::process::id()).is_some());
        assert_eq!((peak_rss_kib(u32::MAX), cpu_time(u32::MAX)), (None, None));
    }

    #[test]
    fn a_child_is_found_by_its_program() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        // Between fork and exec it still has our name.
        let begin = std::time::Instant::now();
        while !descendants("sleep").contains(&child.id()) {
            assert!(begin.elapsed() < Duration::from_secs(10), "not found");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!descendants("sleep").contains(&child.id()));
    }
}
