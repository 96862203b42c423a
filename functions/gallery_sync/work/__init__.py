"""What acts, through the ports: reconciles one gallery, runs callers' requests, polls jobs, sweeps, audits."""
