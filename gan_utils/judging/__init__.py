"""The bundled classifiers, and the judge that scores samples with them."""
