-- Which of a sweep's jobs is the best, once all are over: what its name means to a job that goes on with it.

ALTER TABLE sweeps ADD COLUMN is_over INTEGER NOT NULL DEFAULT 0 CHECK (is_over IN (0, 1));
-- NULL although it is over: none of its jobs was completed with the metric that the winner is chosen by.
ALTER TABLE sweeps ADD COLUMN winner TEXT;
