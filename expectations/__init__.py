"""The agreed data-quality standards and what runs them. Great Expectations lives here and nowhere else."""
