//! The life of the process: start, run, stop. Door: the clock, the tasks, the signals.
