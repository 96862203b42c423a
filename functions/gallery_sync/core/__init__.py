"""What decides: pure functions over frozen values. It imports nothing of the project but itself, and acts on nothing.

names, order, numbering      what files are called, in which order they stand, which numbers say so
files, events                what a bucket's listing and its events tell
ledger, operation            what is written down of a gallery, and of a caller's request
observe → see → plan         what is wanted, what is shown, and so the next step
match, lost_answer, settle   what a flight brought, whether it may be sent again, what its end does to the ledger
intents, progress            what a caller's request does to the ledger, and what became of it
schedule                     when things happen
shop_values, shop_times      what goes to Shoptet and comes back
"""
