"""Strict YAML and JSON lines: files read into nodes with places, checked against tables of fields.

A table says once what fields an object has; reading, messages, JSON Schema and reference pages follow from it:

    class TestTable(Table):
        '''One test.'''
        title = "test"
        example = "{name: calm at first, expect: [...]}"
        name = Field(Text(longest=200), "What the test shows.", example="calm at first", required=True)

    report = Report()
    node = read_document(Path("emberwood.test.yaml"), report)
    record = Object(table=TestTable).read(node, report.scope()) if node is not None else None
    report.raise_problems()                   # DocumentError with every mistake and its place
    name = record.get(TestTable.name)         # typed by the field's kind

The package knows nothing of soundtracks: rule files and the settings of the service are both read with it.
"""
