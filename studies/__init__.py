"""Statistics and physics: a folder a study, with its run, its record and the page that the documentation includes."""
