"""The empirical wing: every experiment of the paper on CIFAR-10, resumable, on a CPU or one GPU.

data, augment        images as bytes on the device, whole-epoch augmentation
networks, pruning    the four- and five-layer networks, their padding, pruning by fan-out
modes, training      what a student is shown and asked; the training step
runs, state, queue   a run that survives kill -9; the queue of runs, in which one that diverges stops no other (failures)
turns, graphs        workers side by side, and alone while one captures a CUDA graph
packing, checkout    state in few files for the next piece of work; the commit of the code, for every result
attacks, evaluation  the paper's attacks, one core (ascent) in four balls; what a judge counts on what they propose
fused, engines       a whole attack as one CUDA kernel (fused.cu, fused_layout); made on a device (devices), checked (probe)
specialisation       correlations of nodes and distances of weights, by twolayer.metrics; patches: the input plane
experiments          the paper's tables and figures as data, in two profiles
report               tables, figures and claims from the results, one page
keep, kept           what a repository keeps of the results, and whether it belongs together
`python -m cifar list | run | report | keep | kept | bench | search | pack | unpack`
"""
