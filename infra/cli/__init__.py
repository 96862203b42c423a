"""`gallery-sync`: the commands that set a deployment up and check it. Never deployed; run from a clone of this project.

app       the command line: options in, lines and exit status out
settings  what the commands read from the environment, and where the deployment is
connect   the clients, from the settings
secrets   Secret Manager, as these commands use it
webhooks  Shoptet's job:finished webhook: register, move, show, renew its key
checks    what `gallery-sync check` looks at
"""
