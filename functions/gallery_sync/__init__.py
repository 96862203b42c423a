"""gallery-sync: a Cloud Storage bucket that is the product galleries of a Shoptet e-shop."""
