"""Settings of layer 3: one module per verb."""
