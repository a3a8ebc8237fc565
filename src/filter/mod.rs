//! The query language: text to tree, folding and word forms, one evaluator. Pure.
