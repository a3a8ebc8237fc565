//! Counters and gauges, passed in; nothing global. Knows nobody.
