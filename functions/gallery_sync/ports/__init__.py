"""What the work needs from the world, as protocols, with the values and errors that cross them.

`core` knows none of it; `state`, `work` and `http` act through it; `cloud` and `shoptet` implement it.
"""
