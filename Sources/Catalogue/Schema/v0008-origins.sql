-- Where a downloaded dataset or model came from: source, commit, licence. Written before its files become a drop.
CREATE TABLE origins (
  drop_id     TEXT    NOT NULL PRIMARY KEY,  -- of the drop that its files become, which is noted when a worker reads it
  errand_id   TEXT    NOT NULL REFERENCES errands (id),
  body        TEXT    NOT NULL               -- JSON, DatasetOrigin
) STRICT;
