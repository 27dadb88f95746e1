"""How well the recogniser does: metrics with intervals, tables, published results beside them."""
