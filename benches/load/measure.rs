//! CPU time, wall time and peak memory of a process, from /proc.

use std::process::Child;
use std::time::{Duration, Instant};

/// The unit of process times in /proc: 100 a second on every supported Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Resources that a process has used.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Cost {
    /// User and system time, in seconds.
    pub cpu: f64,
    /// In seconds.
    pub wall: f64,
    /// Peak resident memory in megabytes.
    pub peak_mb: f64,
}

/// Waits until a process exits. Its times are read last when it is a zombie and they are final.
pub fn until_exit(mut child: Child) -> std::io::Result<Cost> {
    let started = Instant::now();
    let mut peak = 0.0_f64;
    loop {
        let (cpu, exited) = cpu(child.id())?;
        peak = peak.max(peak_mb(child.id()));
        if exited {
            child.wait()?;
            return Ok(Cost { cpu, wall: started.elapsed().as_secs_f64(), peak_mb: peak });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a running process has used so far.
pub fn current(child: &Child, since: Instant) -> std::io::Result<Cost> {
    Ok(Cost { cpu: cpu(child.id())?.0, wall: since.elapsed().as_secs_f64(), peak_mb: peak_mb(child.id()) })
}

/// Resident memory now, in megabytes.
pub fn resident_mb(process: u32) -> f64 {
    memory(process, "VmRSS:")
}

/// CPU seconds, and whether the process has exited (proc_pid_stat(5)).
fn cpu(process: u32) -> std::io::Result<(f64, bool)> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    Ok(((ticks(11) + ticks(12)) / TICKS_PER_SECOND, fields.first() == Some(&"Z")))
}

fn peak_mb(process: u32) -> f64 {
    memory(process, "VmHWM:")
}

fn memory(process: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
