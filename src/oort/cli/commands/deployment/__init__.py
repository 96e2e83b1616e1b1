"""Commands about deployments to AWS: `synth`, `deploy` and `destroy`."""
