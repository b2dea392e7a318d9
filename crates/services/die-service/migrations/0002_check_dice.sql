-- What crates/dice asks of a specification: whoever adds a die by hand is told at once.
ALTER TABLE dice
    ADD CONSTRAINT identifier_is_plain CHECK (identifier ~ '^[a-z0-9-]{1,32}$' AND identifier <> 'unknown'),
    ADD CONSTRAINT faces_can_be_rolled CHECK (cardinality(faces) BETWEEN 1 AND 100 AND 0 <= ALL (faces) AND 8 >= ALL (faces)),
    ADD CONSTRAINT error_rate_is_a_share CHECK (error_rate BETWEEN 0 AND 1);
