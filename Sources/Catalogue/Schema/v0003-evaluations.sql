-- What the held-out part said of a completed job's model. One record a job; a newer evaluation of the same job takes its place.
CREATE TABLE evaluations (
  job_id      TEXT    NOT NULL PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  created_at  INTEGER NOT NULL,
  loss        REAL,                          -- held-out, after the training: what lists are sorted by
  record      TEXT    NOT NULL               -- JSON, dropforge.evaluation/1
) STRICT;
