"""A transactional outbox: an event is written with the change that it tells of, and numbered once durable."""
