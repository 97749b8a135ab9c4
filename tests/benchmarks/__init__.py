"""Measurements that are no tests: this project beside the solvers that a user would otherwise pick. See NOTES.md."""
