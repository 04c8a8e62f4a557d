"""Information governance: keys, definitions of the day, erasure, retention, evidence, papers, backup, replay."""
