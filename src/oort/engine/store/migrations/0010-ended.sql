-- How often the platform ended while a message was leased: such a message may be the reason.
ALTER TABLE messages ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
