"""The runtime library of Slipway: what its functions and jobs do, free of any infrastructure code."""
