//! The memory: the program's questions and commands, in its own words.
