"""Names of all functions that headers declare, sorted, one a line: public_functions.py HEADER..."""
import re
import sys

names = set()
for path in sys.argv[1:]:
    with open(path) as file:
        text = file.read()
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"^[ \t]*#(.*\\\n)*.*$", " ", text, flags=re.M)
    while "{" in text:  # structs, and bodies of functions that are inline
        text = re.sub(r"\{[^{}]*\}", ";", text)
    for statement in text.split(";"):
        found = re.search(r"\b(lode_\w+)\s*\(", statement)
        if found and "static" not in statement and "typedef" not in statement:
            names.add(found.group(1))
print("\n".join(sorted(names)))
