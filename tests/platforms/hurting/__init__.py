"""A platform whose handlers hurt their own process: two services that are hurt, and a calm service beside them."""
