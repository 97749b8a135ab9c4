"""The empirical wing: every experiment of the paper on CIFAR-10, resumable, on a CPU or one GPU.

data, augment        images as bytes on the device, whole-epoch augmentation
networks, pruning    the four- and five-layer networks, their padding, pruning by fan-out
modes, training      what a student is shown and asked; the training step and the epoch loop
state, runs          a run that survives kill -9; the queue of runs; packed state
experiments          the paper's tables and figures as data, in two profiles
`python -m cifar list | run | report | bench | pack | unpack`
"""
