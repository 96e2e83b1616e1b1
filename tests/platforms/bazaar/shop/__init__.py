"""The shop: it takes orders, asks the bank and packs parcels."""
