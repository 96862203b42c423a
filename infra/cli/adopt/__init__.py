"""`gallery-sync adopt`: what a shop shows already is taken for what lies in the bucket, so that it is not inserted again.

likeness    whether two pictures are the same one, by small signatures. Pure
child       decodes a picture, in a process of its own
pixels      starts that process, with bounds
matching    which file of a product is which image of its gallery. Pure
run         product by product: what was found, and what the ledger is to say
report      a table, and a page with the pairs that a person has to look at
command     all of that, built from the settings
"""
