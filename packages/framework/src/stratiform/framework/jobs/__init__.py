"""The job engine: durable queues in stages, jobs in declared steps, lanes that serialise, and nobody who blocks."""
