//! What a process costs: its CPU time, wall time and peak memory, as the kernel counts them.

use std::process::Child;
use std::time::{Duration, Instant};

/// The kernel's clock for process times: 100 ticks a second on every Linux that there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Cost {
    /// User and system time, in seconds.
    pub cpu: f64,
    /// In seconds.
    pub wall: f64,
    /// Peak resident memory in megabytes.
    pub peak_mb: f64,
}

/// Waits for a process to end by itself.
///
/// It is read once more as a zombie, when its times are final, before it is waited for.
pub fn to_the_end(mut child: Child) -> std::io::Result<Cost> {
    let started = Instant::now();
    let mut peak = 0.0_f64;
    loop {
        let (cpu, ended) = cpu(child.id())?;
        peak = peak.max(peak_mb(child.id()));
        if ended {
            child.wait()?;
            return Ok(Cost { cpu, wall: started.elapsed().as_secs_f64(), peak_mb: peak });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a running process has used.
pub fn so_far(child: &Child, since: Instant) -> std::io::Result<Cost> {
    Ok(Cost { cpu: cpu(child.id())?.0, wall: since.elapsed().as_secs_f64(), peak_mb: peak_mb(child.id()) })
}

/// Resident memory now, in megabytes.
pub fn resident_mb(process: u32) -> f64 {
    memory(process, "VmRSS:")
}

/// CPU seconds, and whether the process has ended (proc_pid_stat(5)).
fn cpu(process: u32) -> std::io::Result<(f64, bool)> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |place: usize| fields.get(place).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
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
