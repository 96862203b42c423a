"""`gallery-sync probe`: what this shop really does where Shoptet's documentation says nothing (docs/shoptet.md, "Unknowns").

pictures    the small pictures that it sends
run         what it does at the shop, in one gallery that is empty, and how it leaves that as it found it
questions   what was seen, read: documented, found here, what follows. Pure
costs       what each call took of Shoptet's bucket, and how long
report      the table, and JSON for a bug report
store       where its pictures lie for Shoptet to download
command     all of that, built from the settings
"""
