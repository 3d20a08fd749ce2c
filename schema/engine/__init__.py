"""How any operation is taken, weighed, run and answered. It knows no noun of the desk."""
