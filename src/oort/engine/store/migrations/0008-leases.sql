-- The leased messages alone: few, however many wait. A start ends all leases, and operators count them.
CREATE INDEX messages_leased ON messages(queue, visible) WHERE leased = 1;
