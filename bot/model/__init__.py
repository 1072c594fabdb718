"""The words of nimdesk: one spelling per thing, frozen, without I/O.

Every room imports from here and this package imports from none of them.
"""
