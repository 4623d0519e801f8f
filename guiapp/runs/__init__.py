"""The runs that were trained here, as a library: an index of a folder of run files, what can be searched and done."""
