"""The scenario file that ``cnnsim new`` writes."""

TEMPLATE = """\
# A scenario for cnnsim. Check it with:  cnnsim validate {file}
# Step through it with:                  cnnsim {file}
# All keys, as a JSON Schema:            cnnsim schema

title = "A kernel slides over a picture"
about = "One sentence that says what this scenario shows. **Markdown** is fine."
# seed = 0                 # for everything that is drawn: weights, random inputs, masks
# mode = "evaluation"      # or "training": dropout drops, batch norm uses the batch

[input]
values = [
  [1, 6, 2],
  [5, 3, 1],
  [7, 0, 4],
]
# Instead of values, one of:
# ramp = [1, 5, 5]         # 1, 2, 3, …
# random = [3, 32, 32]     # uniform in 0..1
# digit = 7                # a real 8x8 digit
# image = "cat.png"        # with size = [h, w] and grey = true if you like

[[layers]]
type = "conv2d"
name = "conv1"             # every layer has a name of its own
kernel = [[1, 2], [-1, 0]] # or: filters = 8 and size = 3, drawn from the seed
padding = "valid"          # or a number, [h, w], [top, left, bottom, right], "same", "full"
stride = 1
bias = "none"              # or "tied" (one for each map), "untied" (one for each cell), values

[[layers]]
type = "relu"
name = "relu1"
# from = "conv1"           # the layer above is read anyway; name another to branch

# The tour: steps worth a stop, with what is true there. `cnnsim replay {file}` checks it.
[[tour]]
at = "conv1.forward[0,0,0,0] tap[0,0,0]"
say = "The first product: the kernel's corner times the picture's."
expect = {{ product = 1, before = 0, after = 1 }}

[[tour]]
at = "conv1.forward[0,0,0,0]"
say = "Without a tap, an address means the last one: here the sum is complete."
expect = {{ after = 8, tensors."conv1.y" = [[8, 7], [4, 5]] }}
"""
