"""`make bench`: what one message costs, as ratios to probes taken in the same run.

Absolute times differ from machine to machine and from minute to minute; the ratios carry over.
"""
