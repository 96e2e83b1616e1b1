"""Analytics: how many people signed up, by day and country."""
