CREATE TABLE dice (
    identifier text PRIMARY KEY,
    faces      smallint[] NOT NULL,
    error_rate double precision NOT NULL
);
