"""The empirical wing: every experiment of the paper on CIFAR-10, resumable, on a CPU or one GPU.

settings, files, devices   a run's recorded numbers; files written whole or not at all, texts from templates; the device's
              precision, random numbers by name
data          images as bytes on the device, whole-epoch augmentation, their patches' spectra and input plane
networks      the four- and five-layer networks, their low-precision copies, pruning by fan-out
attacks       how an attack moves (ascent) and the paper's attacks, a row each (table)
measures      what a judge counts on what attacks propose; correlations of nodes and distances of weights
training      what a student is shown and asked; the training step, as one CUDA graph where there is a device
runs          a run that survives kill -9; the queue of runs, in which one that diverges stops no other
experiments   the paper's tables and figures (paper.toml) and who is trained how (profiles.toml); the search of the schedule
report        the results, what they say of the claims (claims.toml), tables, figures, one page
kept          what a repository keeps of the results, and whether it belongs together
bench         how fast a training step is on this machine, in several ways; our attack beside AutoAttack's
commands      the command line
`python -m cifar list | run | report | keep | kept | bench | autoattack | search`
"""
