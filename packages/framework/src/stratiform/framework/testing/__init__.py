"""For the tests of every layer: a clock to turn by hand, a seeded world, databases, a statement counter."""
