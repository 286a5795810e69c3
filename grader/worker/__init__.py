"""The untrusted side: a clean host process and the workers it forks.

Nothing here is imported by the grader's own process; ``host`` runs in a process of
its own, which imports NumPy (and TensorFlow, if needed) once, executes no student
code, and forks one worker per question into a sandbox.
"""
