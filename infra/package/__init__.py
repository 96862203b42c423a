"""What is deployed, as one archive: how it is made, tried, and accounted for. Nothing of this is deployed itself.

archive       the archive, the same bytes from the same tree
installed     the archive, unpacked and installed as the platform's build does
requirements  what functions/requirements.txt pins
licences      THIRD_PARTY.md: the licences of what it pins
sbom          the list of components beside the archive
audit         the known weaknesses of what it pins
"""
