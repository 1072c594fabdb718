"""Identity Manager's spellings: which fields are asked for, and how its rows become the product's words.

A module per noun holds the queries and the reading of their rows, side by side: nothing outside knows a field's name.
Sources: nim-api 2.3 (conventions), chapter 4 (fields), chapter 5 (numbers).
"""
