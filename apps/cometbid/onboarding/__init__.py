"""Onboarding: everybody starts with a workspace."""
