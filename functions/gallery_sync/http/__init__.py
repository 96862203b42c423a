"""What other systems call: REST with an API key, and signed events. `openapi.yaml` beside this package describes it.

asked      a request as it came: raw path, query, headers, body within its bound
routes     which route a path means, decoded segment by segment
bodies     what a body may hold, field by field
fitted     what is wrong with a body's fields, in a person's words
sources    which hosts are nobody's on the internet
checks     what no field's type tells; from bodies to parts of an operation
parts      the parts that each route and type of event asks for
begin      an operation under the caller's own id, once
wait       carrying it out at once, while somebody waits for the answer
views      what answers show of galleries and operations
work       what each route does
limit      how many requests of one caller are under way
rest       API key, route, work, answer
signed     signature, event, operation, answer
answers    an answer, and the shape of every refusal
"""
