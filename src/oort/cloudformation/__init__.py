"""The model as CloudFormation: pure functions from a service, a platform and a stage to templates, the same to the byte each time.

The command line writes what they make and delivery ships it. Nothing here reads a file, asks AWS or knows of the engine.
"""
