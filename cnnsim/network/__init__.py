"""Networks: the kinds of layers, the graph they form, its shapes, costs and receptive fields."""
