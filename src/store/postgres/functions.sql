-- What the statements use of SQLite's functions.

-- PostgreSQL checks its pages itself (data checksums): what is stored as JSON is JSON.
CREATE FUNCTION json_valid(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';

-- The numbers of an array.
CREATE FUNCTION json_each(text) RETURNS TABLE (value bigint) LANGUAGE sql IMMUTABLE
    AS 'SELECT json_array_elements_text($1::json)::bigint';

-- A field at the path `$.NAME`, as text.
CREATE FUNCTION json_extract(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::json ->> substr($2, 3)';

CREATE FUNCTION instr(text, text) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT strpos($1, $2)::bigint';

-- The clock by which the daemons agree, in milliseconds since 1970.
CREATE FUNCTION clock_millis() RETURNS bigint LANGUAGE sql VOLATILE
    AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';

-- The number of the last commit of each process: whose connection is lost during a commit finds here whether it was done.
CREATE TABLE last_commit (daemon TEXT PRIMARY KEY, number BIGINT NOT NULL, at BIGINT NOT NULL);
