"""Everything the core needs from outside, as Protocols in the desk's own words: one file for each neighbour.

Instants are aware and UTC. Whatever is read belongs to the organization named first; an id of another one is as
unknown as one that never was. A store that cannot answer raises `domain.errors.Unavailable`.
"""
