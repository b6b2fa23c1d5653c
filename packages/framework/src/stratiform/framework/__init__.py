"""The framework: durable jobs, data, configuration, contexts, agents. It knows nothing of clouds."""
