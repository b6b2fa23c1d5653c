"""Pods: parts of a zone that share a management subnet."""
