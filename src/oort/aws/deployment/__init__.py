"""The account, the assets and the stacks of a deployment."""
