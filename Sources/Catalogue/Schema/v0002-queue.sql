-- Sweeps, what is really queued, and the models that jobs make.

-- A job file that stands for several jobs. The jobs are like any other.
CREATE TABLE sweeps (
  id          TEXT    NOT NULL PRIMARY KEY,
  name        TEXT    NOT NULL,
  number      INTEGER NOT NULL CHECK (number >= 1),
  drop_id     TEXT    NOT NULL REFERENCES drops (id) DEFERRABLE INITIALLY DEFERRED,
  file        TEXT    NOT NULL,              -- JSON as dropped
  created_at  INTEGER NOT NULL,
  UNIQUE (name, number)
) STRICT;

ALTER TABLE jobs ADD COLUMN sweep_id TEXT REFERENCES sweeps (id);
-- 1: it waits for something that is to come, so nobody is queued behind it
ALTER TABLE jobs ADD COLUMN waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1));
CREATE INDEX jobs_sweep ON jobs (sweep_id) WHERE sweep_id IS NOT NULL;

-- What a completed job made: its name is the job's, its version the job's number.
CREATE TABLE trained_models (
  job_id      TEXT    NOT NULL PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  name        TEXT    NOT NULL,
  version     INTEGER NOT NULL CHECK (version >= 1),
  model_type  TEXT    NOT NULL CHECK (model_type IN ('base', 'fine_tuned')),
  base        TEXT,                          -- a model's name or a job's identifier
  base_sha256 TEXT,
  card        TEXT    NOT NULL,              -- JSON, dropforge.trained-model/1
  created_at  INTEGER NOT NULL,
  UNIQUE (name, version),
  CHECK ((model_type = 'fine_tuned') = (base IS NOT NULL))
) STRICT;
