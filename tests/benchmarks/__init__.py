"""What the program reaches on this machine, beside what was promised.

``python -m tests.benchmarks`` from a checkout. Nothing here runs with the tests.
"""
