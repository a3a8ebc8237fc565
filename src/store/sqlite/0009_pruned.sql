-- The highest number of an entry that was forgotten: only up to there may one be gone that somebody has just read.
-- Who writes looks there instead of letting SQLite look each row's entry up, among the texts, once for each reference.
ALTER TABLE revision ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
UPDATE revision SET pruned = coalesce((SELECT max(number) FROM entry), 0);
