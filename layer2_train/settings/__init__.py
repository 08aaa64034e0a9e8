"""Parts of layer 2's configuration, one noun to a module; `layer2_train.config` puts them together.

Every default of this layer is here or there.
"""
