-- Work in the background that is no job: tokenizing, downloading, exporting, evaluating. Its state changes through one door,
-- Catalogue.transition(errand:), which compares and sets.
CREATE TABLE errands (
  id          TEXT    NOT NULL PRIMARY KEY,
  kind        TEXT    NOT NULL,
  about       TEXT    NOT NULL,              -- the name of what it is about: a dataset's, a model's, a job's
  number      INTEGER NOT NULL CHECK (number >= 1),
  likeness    TEXT    NOT NULL,              -- orders that mean the same have the same: no two of them are open at a time
  body        TEXT    NOT NULL,              -- JSON, read by its kind alone
  state       TEXT    NOT NULL CHECK (state IN ('pending', 'running', 'completed', 'error', 'cancelled')),
  reason      TEXT,                          -- why it waits, stopped or failed, for people
  problem     TEXT,                          -- JSON, where it failed
  result      TEXT,                          -- JSON, where it is completed
  is_unwanted INTEGER NOT NULL DEFAULT 0 CHECK (is_unwanted IN (0, 1)),  -- cancelled by a user, not carried out yet
  crashes     INTEGER NOT NULL DEFAULT 0,    -- workers that died of it: the third ends it
  created_at  INTEGER NOT NULL,
  started_at  INTEGER,
  finished_at INTEGER,
  UNIQUE (kind, about, number),
  CHECK ((state IN ('completed', 'error', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK ((state = 'completed') = (result IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX errands_alike ON errands (kind, likeness) WHERE finished_at IS NULL;
CREATE INDEX errands_about ON errands (about, created_at);
