"""What the command line shows people: progress, and jobs as trees."""
