"""The bank: it answers calls, counts sales and closes its books by the clock."""
