-- What is said of datasets for people, what was looked through behind the receipt, and what was deleted and may come back.

ALTER TABLE datasets ADD COLUMN tags TEXT;                      -- JSON, a list of strings
ALTER TABLE datasets ADD COLUMN licence TEXT;
-- 1: quality, preview and samples stand beside the rows
ALTER TABLE dataset_versions ADD COLUMN surveyed INTEGER NOT NULL DEFAULT 0 CHECK (surveyed IN (0, 1));
CREATE INDEX dataset_versions_unsurveyed ON dataset_versions (dataset) WHERE stored = 1 AND surveyed = 0;

-- Deleted datasets. Their files lie in trash/<id>/ until the time is over; the rows of the other tables are kept as they were.
CREATE TABLE trash (
  id          TEXT    NOT NULL PRIMARY KEY,
  dataset     TEXT    NOT NULL,
  last_number INTEGER NOT NULL,              -- of its versions: a later dataset of the name counts on from there
  contents    TEXT    NOT NULL,              -- JSON: the rows of datasets, dataset_versions, dataset_aliases and sidecars
  bytes       INTEGER NOT NULL,              -- of its files, as far as they are no longer used by others
  deleted_at  INTEGER NOT NULL,
  until       INTEGER NOT NULL               -- when it goes for good
) STRICT;
CREATE INDEX trash_dataset ON trash (dataset);
