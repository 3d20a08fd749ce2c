"""Deskline beside its limits, measured in one run: `./dev bench` lists the areas, README.md tells what was found."""
