-- Dataset versions as token ids: whole folders in datasets/<dataset>/tokenizations/<id>/, made by requests and by jobs. The id is a
-- hash of everything that they were made from.
CREATE TABLE tokenizations (
  dataset     TEXT    NOT NULL,
  id          TEXT    NOT NULL,
  version     INTEGER NOT NULL,
  card        TEXT    NOT NULL,              -- JSON, dropforge.tokenization/3
  created_at  INTEGER NOT NULL,
  times_used  INTEGER NOT NULL DEFAULT 0,    -- starts of jobs that trained on it
  used_at     INTEGER,
  PRIMARY KEY (dataset, id),
  FOREIGN KEY (dataset, version) REFERENCES dataset_versions (dataset, number) ON DELETE CASCADE
) STRICT;
CREATE INDEX tokenizations_version ON tokenizations (dataset, version);
