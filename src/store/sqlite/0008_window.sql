-- Addresses and article numbers of the last 90 days are looked up in memory, where the rest of what is compared is:
-- an index here, filled at random places, wrote a page for each new entry.
DROP INDEX likeness_address;
DROP INDEX likeness_article;
