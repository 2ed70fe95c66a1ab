-- The agent's state. One writer: the agent. Times are Unix nanoseconds, UTC. Never edited after a release: the next
-- change is a file of its own, v0002-….sql.

-- References to drops are checked at the end of a transaction: what a drop became and its verdict are written in one.

-- A drop, from its claim to its fate. The state goes claimed -> decided -> done and never back:
--   claimed: the drop lies in inbox/.claimed/<id>/; nothing has been made of it yet, or a worker is at it
--   decided: the verdict and the receipt stand here; files are being moved to where the receipt says
--   done:    every file is in its place and the receipt is published
CREATE TABLE drops (
  id          TEXT    NOT NULL PRIMARY KEY,
  name        TEXT    NOT NULL,              -- the file's name as dropped, made printable
  kind        TEXT    CHECK (kind IN ('dataset', 'config', 'job', 'model', 'request')),
  state       TEXT    NOT NULL CHECK (state IN ('claimed', 'decided', 'done')),
  verdict     TEXT    CHECK (verdict IN ('accepted', 'rejected', 'duplicate')),
  received_at INTEGER NOT NULL,
  size        INTEGER NOT NULL CHECK (size >= 0),  -- bytes
  attempts    INTEGER NOT NULL DEFAULT 0,    -- workers that were started on it and of whose end nothing is known
  crashes     INTEGER NOT NULL DEFAULT 0,    -- workers that died of it: three quarantine it
  receipt     TEXT,                          -- JSON, dropforge.receipt/1
  CHECK ((state = 'claimed') = (verdict IS NULL)),
  CHECK ((state = 'claimed') = (receipt IS NULL))
) STRICT;
CREATE INDEX drops_open ON drops (state) WHERE state <> 'done';

-- A dataset is a name; what it holds are its versions.
CREATE TABLE datasets (
  name        TEXT    NOT NULL PRIMARY KEY,
  description TEXT,
  created_at  INTEGER NOT NULL
) STRICT;

-- A version is the bytes of one drop read in one way: the same bytes read in the same way are no new version.
CREATE TABLE dataset_versions (
  dataset     TEXT    NOT NULL REFERENCES datasets (name) ON DELETE CASCADE,
  number      INTEGER NOT NULL CHECK (number >= 1),
  drop_id     TEXT    NOT NULL REFERENCES drops (id) DEFERRABLE INITIALLY DEFERRED,
  file_name   TEXT    NOT NULL,
  sha256      TEXT    NOT NULL,              -- of the dropped bytes
  reading     TEXT    NOT NULL,              -- hash of the sidecar that said how to read it; '' without one
  result      TEXT    NOT NULL,              -- JSON, dropforge.ingest/1
  created_at  INTEGER NOT NULL,
  stored      INTEGER NOT NULL DEFAULT 0 CHECK (stored IN (0, 1)),  -- 1: its folder stands whole; jobs may use it
  PRIMARY KEY (dataset, number)
) STRICT;
CREATE UNIQUE INDEX dataset_versions_content ON dataset_versions (sha256, reading);
CREATE INDEX dataset_versions_drop ON dataset_versions (drop_id);

-- Another name under which the bytes of a version were dropped. It means that version, whatever comes under the first name.
CREATE TABLE dataset_aliases (
  alias       TEXT    NOT NULL PRIMARY KEY,
  dataset     TEXT    NOT NULL,
  number      INTEGER NOT NULL,
  FOREIGN KEY (dataset, number) REFERENCES dataset_versions (dataset, number) ON DELETE CASCADE
) STRICT;
CREATE INDEX dataset_aliases_dataset ON dataset_aliases (dataset);

-- NAME.dataset.json: how drops of that name are to be read. The last one holds.
CREATE TABLE sidecars (
  dataset     TEXT    NOT NULL PRIMARY KEY,
  drop_id     TEXT    NOT NULL REFERENCES drops (id) DEFERRABLE INITIALLY DEFERRED,
  body        TEXT    NOT NULL               -- JSON, the sidecar's fields
) STRICT;

CREATE TABLE configs (
  name        TEXT    NOT NULL,
  number      INTEGER NOT NULL CHECK (number >= 1),
  drop_id     TEXT    NOT NULL REFERENCES drops (id) DEFERRABLE INITIALLY DEFERRED,
  sha256      TEXT    NOT NULL,              -- of the file's bytes
  body        TEXT    NOT NULL,              -- JSON as dropped
  findings    TEXT    NOT NULL,              -- JSON, what validation said
  created_at  INTEGER NOT NULL,
  times_used  INTEGER NOT NULL DEFAULT 0,
  used_at     INTEGER,
  PRIMARY KEY (name, number)
) STRICT;

-- Dropped base models. A finished job's model is found through its job.
CREATE TABLE models (
  name        TEXT    NOT NULL PRIMARY KEY,
  drop_id     TEXT    NOT NULL REFERENCES drops (id) DEFERRABLE INITIALLY DEFERRED,
  sha256      TEXT    NOT NULL,
  card        TEXT    NOT NULL,              -- JSON, dropforge.model/1
  created_at  INTEGER NOT NULL,
  stored      INTEGER NOT NULL DEFAULT 0 CHECK (stored IN (0, 1))
) STRICT;

-- A job. Its state changes through one door, Catalogue.transition, which compares and sets.
CREATE TABLE jobs (
  id          TEXT    NOT NULL PRIMARY KEY,
  name        TEXT    NOT NULL,
  number      INTEGER NOT NULL CHECK (number >= 1),
  drop_id     TEXT    NOT NULL REFERENCES drops (id) DEFERRABLE INITIALLY DEFERRED,
  file        TEXT    NOT NULL,              -- JSON as dropped
  state       TEXT    NOT NULL CHECK (state IN
    ('pending', 'preparing', 'training', 'evaluating', 'paused', 'completed', 'error', 'cancelled')),
  reason      TEXT,                          -- why it waits, stopped or failed, for people
  problem     TEXT,                          -- JSON, where it failed
  wanted      TEXT    CHECK (wanted IN ('cancel', 'pause')),  -- asked for by a user, not carried out yet
  priority    INTEGER NOT NULL DEFAULT 0,
  starts      INTEGER NOT NULL DEFAULT 0,    -- workers started on it
  pins        TEXT,                          -- JSON: the versions it was first started with; they hold for every later start
  created_at  INTEGER NOT NULL,
  started_at  INTEGER,
  finished_at INTEGER,
  UNIQUE (name, number),
  CHECK ((state IN ('completed', 'error', 'cancelled')) = (finished_at IS NOT NULL))
) STRICT;
CREATE INDEX jobs_open ON jobs (state) WHERE finished_at IS NULL;

-- What a job went through.
CREATE TABLE job_transitions (
  job_id      TEXT    NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  at          INTEGER NOT NULL,
  from_state  TEXT    NOT NULL,
  to_state    TEXT    NOT NULL,
  reason      TEXT
) STRICT;
CREATE INDEX job_transitions_job ON job_transitions (job_id, at);
