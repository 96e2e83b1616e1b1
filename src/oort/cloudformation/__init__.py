"""CloudFormation templates of the model: pure functions from a service, a platform and a stage.

Equal input gives equal bytes. The command line writes the templates to files, and delivery ships
them. Nothing here reads a file, sends a request to AWS or knows the engine.
"""
