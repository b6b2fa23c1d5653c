"""Network elements: what stands behind a network service provider and is switched on before it."""
